"""The folder in which a command prepares the files that it writes, with a record by which the next one undoes it.

The folder is `.reconciler/.writing-ID` of the project, or `.writing-ID` if that cannot be created. It exists while a
command writes, and after a kill until the next command: the command holds a lock on a file in it. Pull requests can
commit such a folder, so it counts only where it was made, which the inodes of the project and of a file in it prove.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from reconciler.files.drafts import lock, sweep, write_whole

_HOME: Final = ".reconciler"
_STAGE: Final = re.compile(r"\.writing-[0-9a-f]{16}")
_IGNORE, _OWNER, _RECORD = ".gitignore", "owner", "record.json"


@dataclass(frozen=True, slots=True)
class Step:
    """A file that is created, replaced or deleted."""

    target: str
    """Relative to the folder of the project."""
    new: str | None
    """The hash of the new content; None if the file is deleted."""
    is_replaced: bool
    """True if the file exists and gets a new content."""


@dataclass(frozen=True)
class Stage:
    """The prepared files of one command, each with its number in place of a name."""

    root: Path
    folder: Path

    def draft(self, number: int) -> Path:
        """Return the path of the new content."""
        return self.folder / f"{number}.new"

    def old(self, number: int) -> Path:
        """Return the path of the content before."""
        return self.folder / f"{number}.old"

    def record(self, steps: Sequence[Step], folders: Sequence[Path]) -> None:
        """Write the record by which `undo` restores the files; `folders` are about to be created."""
        made = [os.path.relpath(folder, self.root) for folder in folders]
        text = json.dumps({"folders": made, "steps": [asdict(step) for step in steps]})
        (self.folder / _RECORD).write_text(text, encoding="utf-8")

    def undo(self) -> int:
        """Restore the files as they were before, and return their number. A file that a person has changed since stays
        as it is.
        """
        steps, folders = self._recorded()
        undone = [self._undo(number, step) for number, step in reversed(list(enumerate(steps)))]
        for folder in {(self.root / step.target).parent for step in steps}:
            sweep(folder)
        for name in reversed(folders):
            with suppress(OSError):
                (self.root / name).rmdir()
        return sum(undone)

    def written(self) -> list[Path]:
        """Return the files that have their new content."""
        targets = ((self.root / step.target, step.new) for step in self._recorded()[0])
        return [target for target, new in targets if new is not None and _has(target, new)]

    def _recorded(self) -> tuple[list[Step], list[str]]:
        """Return the steps and the created folders; none before the record is complete, because nothing is changed."""
        try:
            found = json.loads((self.folder / _RECORD).read_bytes())
        except (FileNotFoundError, ValueError):
            return [], []
        return [Step(**step) for step in found["steps"]], found["folders"]

    def _undo(self, number: int, step: Step) -> bool:
        if not self._is_made(number, step):
            return False
        target = self.root / step.target
        if step.is_replaced or step.new is None:
            move(self.old(number), target)
        else:
            target.unlink()
        return True

    def _is_made(self, number: int, step: Step) -> bool:
        """Return True if the command changed the file, and no one else did since."""
        target, draft, old = self.root / step.target, self.draft(number), self.old(number)
        if step.new is None:
            return old.exists() and not os.path.lexists(target)
        if not _has(target, step.new):
            return False
        if step.is_replaced:
            return old.exists()
        return not draft.exists() or target.samefile(draft)  # otherwise it is a file of another process

    def complete(self) -> None:
        """Remove the record, after which the files cannot be restored."""
        (self.folder / _RECORD).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder; the files that prove its owner are last, so that the next command can go on."""
        self.complete()
        last = (_OWNER, _IGNORE)
        for file in sorted(self.folder.iterdir(), key=lambda file: file.name in last):
            file.unlink()
        self.folder.rmdir()
        with suppress(OSError):
            (self.root / _HOME).rmdir()


@contextmanager
def new_stage(root: Path) -> Iterator[Stage]:
    """Create the folder and hold its lock. The body removes the folder."""
    stage = Stage(root, _new_folder(root))
    try:
        (stage.folder / _IGNORE).write_text("*\n", encoding="utf-8")
        owner = (stage.folder / _OWNER).open("x", encoding="utf-8")
        lock(owner.fileno())
        owner.write(_proof(root, stage.folder))
        owner.flush()
    except BaseException:
        stage.remove()
        raise
    with owner:
        yield stage


def _new_folder(root: Path) -> Path:
    name = f".writing-{secrets.token_hex(8)}"
    try:
        (root / _HOME).mkdir(exist_ok=True)
        (root / _HOME / name).mkdir()
    except (FileExistsError, NotADirectoryError, PermissionError):  # a file, or a folder of another user
        (root / name).mkdir()
        return root / name
    return root / _HOME / name


def stages(root: Path) -> list[Path]:
    """Return the folders of the commands that write below `root`, and of those that were killed."""
    found: list[Path] = []
    for home in (root / _HOME, root):
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found += sorted(one for one in home.iterdir() if _STAGE.fullmatch(one.name) and _is_own(root, one))
    return found


@contextmanager
def abandoned(root: Path, folder: Path, *, is_alone: bool) -> Iterator[Stage | None]:
    """Hold the lock of a folder; yield None if its command is running. `is_alone` means that no other command writes
    below `root`.
    """
    owner = folder / _OWNER
    try:
        handle = os.open(owner, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        yield Stage(root, folder) if is_alone and folder.is_dir() else None
        return
    try:
        yield Stage(root, folder) if lock(handle) and owner.exists() else None
    finally:
        os.close(handle)


def move(source: Path, target: Path) -> None:
    """Rename a file over `target`, also from another file system."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_whole(target, source.read_bytes())
        source.unlink()


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _has(target: Path, hash_: str) -> bool:
    return target.is_file() and hash_of(target.read_bytes()) == hash_


def _is_own(root: Path, folder: Path) -> bool:
    """Return True if a process made the folder here, and not Git or a copy."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        return False
    if {file.name for file in folder.iterdir()} <= {_IGNORE, _OWNER}:
        return True
    try:
        return (folder / _OWNER).read_text(encoding="utf-8") == _proof(root, folder)
    except (OSError, UnicodeDecodeError):
        return False


def _proof(root: Path, folder: Path) -> str:
    made = (folder / _IGNORE).lstat()
    return f"{root.stat().st_ino} {made.st_ino} {made.st_mtime_ns}"
