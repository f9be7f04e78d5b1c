"""Changes to several files of a project, which are all made or not at all.

New contents are prepared in a folder (`undo.py`), then renamed to their places. An error restores the files; after a
kill, the next command does so (`recover`) before it reads them. Renames are not synchronised with the disk: a power
failure may leave some of the files, as it does with Git.
"""

import errno
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.files.drafts import keep_access, lock, write_whole
from reconciler.files.undo import Stage, Step, abandoned, hash_of, move, new_stage, stages
from reconciler.resources.address import composed
from reconciler.resources.problems import Problem, ReconcilerError, reason

PATIENCE: Final = 30.0
"""Seconds to wait for another command that writes files of the project."""
_NO_LINKS: Final = frozenset({errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})
"""Errors of files and file systems that cannot be linked."""
_log: Final = logging.getLogger("reconciler.files")


@dataclass(frozen=True, slots=True)
class FileChange:
    """A new content for one file."""

    path: str
    """Relative to the folder that is written to. Links are followed."""
    before: bytes | None
    """The content that is replaced; None if the file does not exist yet."""
    after: bytes | Path | None
    """The new content, or a file that has it; None if the file is deleted."""


class Names:
    """The names in folders, which are read once. Names that differ only in case are the same, as on macOS."""

    def __init__(self) -> None:
        self._by_folder: dict[Path, dict[str, str]] = {}

    def taken(self, path: Path) -> Path | None:
        """Return the existing path that a file with this path would replace in some file systems."""
        found = self._in(path.parent).get(_folded(path.name))
        return None if found is None else path.with_name(found)

    def add(self, path: Path) -> None:
        self._in(path.parent)[_folded(path.name)] = path.name

    def _in(self, folder: Path) -> dict[str, str]:
        if folder not in self._by_folder:
            names = folder.iterdir() if folder.is_dir() else ()
            self._by_folder[folder] = {_folded(one.name): one.name for one in names}
        return self._by_folder[folder]


def _folded(name: str) -> str:
    return composed(name).casefold()


def write_files(root: Path, changes: Iterable[FileChange]) -> None:
    """Make the changes below `root`, in their order, and create missing folders; modes are kept.

    Raises ReconcilerError and leaves the files as they were if one cannot be written, is outside of `root`, exists
    although it is new, or has another content than `before`.
    """
    wanted = [change for change in changes if change.before != change.after]
    if not wanted:
        return
    missing = _missing([root.absolute()])
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _exclusive(root), _uninterrupted():
            _write(root, wanted)
    except OSError as error:
        hint = "Check the permissions and the free space, and run the command again."
        raise ReconcilerError(Problem("io", f"{reason(error)}; nothing was written", hint=hint)) from error
    finally:
        for folder in reversed(missing):  # empty only if nothing was written
            with suppress(OSError):
                folder.rmdir()


def recover(root: Path, is_accepted: Callable[[Sequence[Path]], bool]) -> bool:
    """Undo what a killed command has written below `root`, and return True if files were restored.

    `is_accepted` is called with the files that the command has written, and returns True if they are to stay.
    """
    if not stages(root):
        return False
    undone = 0
    with _exclusive(root) as is_alone:
        for folder in stages(root):
            with abandoned(root, folder, is_alone=is_alone) as stage:
                if stage:
                    written = stage.written()
                    undone += 0 if written and is_accepted(written) else stage.undo()
                    stage.remove()
    if undone:
        _log.warning("A command was interrupted while it wrote files. Its changes to %d of them were undone.", undone)
    return undone > 0


def _write(root: Path, changes: Sequence[FileChange]) -> None:
    targets = [_target(root, change) for change in changes]
    _check(changes, targets)
    with new_stage(root) as stage:
        try:
            _write_through(stage, changes, targets)
        except BaseException:
            _undo(stage)
            raise
        with suppress(OSError):  # the files are written; the next command removes the folder
            stage.remove()


def _write_through(stage: Stage, changes: Sequence[FileChange], targets: Sequence[Path]) -> None:
    for number, (change, target) in enumerate(zip(changes, targets, strict=True)):
        _prepare(stage, number, change, target)
    folders = _missing(dict.fromkeys(target.parent for target in targets))
    stage.record([_step(stage.root, *pair) for pair in zip(changes, targets, strict=True)], folders)
    for folder in folders:
        folder.mkdir()
    for number, (change, target) in enumerate(zip(changes, targets, strict=True)):
        _make(stage, number, change, target)
    stage.complete()


def _undo(stage: Stage) -> None:
    try:
        stage.undo()
    except OSError as error:
        hint = "The next command restores the others."
        raise ReconcilerError(Problem("io", f"{reason(error)}; not all files could be restored", hint=hint)) from error
    with suppress(OSError):
        stage.remove()


def _target(root: Path, change: FileChange) -> Path:
    """Return the real path; raises ReconcilerError if it is outside of `root`, also through links."""
    path = root / change.path
    real, base = Path(os.path.realpath(path.parent)) / path.name, Path(os.path.realpath(root))
    if change.before is not None:
        real = Path(os.path.realpath(path))
    if not real.is_relative_to(base) or ".git" in real.relative_to(base).parts:
        hint = "Replace the link that leads there with a folder. Nothing was written."
        raise ReconcilerError(Problem("outside-project", f"{change.path} is outside of {root}", hint=hint))
    return real


def _check(changes: Sequence[FileChange], targets: Sequence[Path]) -> None:
    names, problems = Names(), []
    for change, target in zip(changes, targets, strict=True):
        if change.before is None:
            other = names.taken(target)
            if other is not None:
                problems.append(_exists(change.path, "" if other.name == target.name else other.name))
            names.add(target)
        elif not _has(target, change.before):
            problems.append(_edited(change.path))
    if problems:
        raise ReconcilerError(*problems)


def _prepare(stage: Stage, number: int, change: FileChange, target: Path) -> None:
    if change.after is None:
        return
    with stage.draft(number).open("xb") as file:
        if isinstance(change.after, Path):
            with change.after.open("rb") as given:
                shutil.copyfileobj(given, file)
        else:
            file.write(change.after)
        keep_access(file.fileno(), target)
    if change.before is not None:
        try:
            os.link(target, stage.old(number))
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copy2(target, stage.old(number))


def _step(root: Path, change: FileChange, target: Path) -> Step:
    content = change.after.read_bytes() if isinstance(change.after, Path) else change.after
    new = None if content is None else hash_of(content)
    return Step(os.path.relpath(target, os.path.realpath(root)), new, change.before is not None and new is not None)


def _make(stage: Stage, number: int, change: FileChange, target: Path) -> None:
    """Change the file; raises ReconcilerError if it was changed since it was checked."""
    if change.before is None:
        _create(stage.draft(number), target, change.path)
        return
    if not _has(target, change.before):
        raise ReconcilerError(_edited(change.path))
    if change.after is None:
        move(target, stage.old(number))
    else:
        move(stage.draft(number), target)
    if not _has(stage.old(number), change.before):
        raise ReconcilerError(_edited(change.path))


def _create(draft: Path, target: Path, path: str) -> None:
    """Create a file; raises ReconcilerError if it exists."""
    try:
        os.link(draft, target)
    except FileExistsError as error:
        raise ReconcilerError(_exists(path)) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise ReconcilerError(_exists(path)) from error
        data = draft.read_bytes()
        draft.unlink()  # first, because a draft beside another file means that the file is not ours
        write_whole(target, data)


def _has(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _missing(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that do not exist, with those above them first."""
    found: dict[Path, None] = {}
    for folder in folders:
        above: list[Path] = []
        here = folder
        while here not in found and not here.is_dir():
            above.append(here)
            here = here.parent
        found.update(dict.fromkeys(reversed(above)))
    return list(found)


@contextmanager
def _exclusive(root: Path) -> Iterator[bool]:
    """Wait for other commands that write below `root`; yield False if the file system has no locks."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + PATIENCE
        while (held := lock(handle)) is False:
            if time.monotonic() > deadline:
                hint = "Wait until it ends, or end it, and run the command again."
                raise ReconcilerError(Problem("busy", f"another command writes files of {root}", hint=hint))
            time.sleep(0.01)
        yield held is True
    finally:
        os.close(handle)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore SIGINT, because a command that was interrupted after its files were written would report that it was
    aborted. SIGTERM ends the process, and the next command restores the files.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _exists(path: str, other: str = "") -> Problem:
    message = f"{path} differs from {other} in the same folder only in case" if other else f"{path} already exists"
    return Problem("exists", message, hint="Move or delete the file, and run the command again.")


def _edited(path: str) -> Problem:
    message = f"{path} was edited while the command was running; nothing was written"
    return Problem("edited-meanwhile", message, hint="Run the command again.")
