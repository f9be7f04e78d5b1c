"""Edits of project files, which are prepared in memory and written together at the end."""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests.folder import UnreadableError, locate
from reconciler.resources.problems import Problem, ReconcilerError

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Edit:
    """A new text for one file of the project."""

    path: str
    """Relative to the project folder."""
    before: str | None
    """None if the file does not exist yet."""
    after: str | None
    """None if the file is deleted."""


def write(root: Path, edits: Iterable[Edit]) -> None:
    """Write edited files, each atomically; modes, links and byte order marks are preserved.

    Raises ReconcilerError before anything is written if a new file already exists, or if a file was edited since it
    was read: a text that was not read is never overwritten.
    """
    targets = [(edit, _target(root, edit)) for edit in edits]
    for edit, target in targets:
        if edit.after is None:
            target.unlink()
        else:
            write_bytes(target, _mark(target) + edit.after.encode())


def write_bytes(target: Path, content: bytes) -> None:
    """Write `content` atomically; creates folders, and preserves the mode of a file that is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".edit-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), _mode(target))
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _target(root: Path, edit: Edit) -> Path:
    try:
        target = locate(root, edit.path)
    except UnreadableError as error:
        raise ReconcilerError(Problem(error.code, f"{edit.path} {error.message}", hint=error.hint)) from error
    if edit.before is None and target.exists():
        raise ReconcilerError(
            Problem("exists", f"{edit.path} already exists", hint="Move or delete the file, and run the command again.")
        )
    if edit.before is not None and _is_other(target, edit.before):
        message = f"{edit.path} was edited while the command was running; nothing was written"
        raise ReconcilerError(Problem("edited-meanwhile", message, hint="Run the command again."))
    return target


def _is_other(target: Path, text: str) -> bool:
    """Return True if a file no longer has this text."""
    return not target.is_file() or target.read_bytes().removeprefix(_MARK) != text.encode()


def _mark(target: Path) -> bytes:
    return _MARK if target.is_file() and target.read_bytes().startswith(_MARK) else b""


def _mode(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
