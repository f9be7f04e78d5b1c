"""Files of the project with another text: made in memory, checked, and written at the end."""

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
    """One file of the project with another text."""

    path: str
    """Relative to the project folder."""
    before: str | None
    """None where there is no such file yet."""
    after: str | None
    """None where the file goes."""


def write(root: Path, edits: Iterable[Edit]) -> None:
    """Write edited files, each at once or not at all; modes, links and byte order marks stay.

    ReconcilerError for a new file that is there already: nothing is ever overwritten that was not read.
    """
    for edit in edits:
        target = _target(root, edit)
        if edit.after is None:
            target.unlink()
        else:
            write_bytes(target, _mark(target) + edit.after.encode())


def write_bytes(target: Path, content: bytes) -> None:
    """Put `content` there in one step; folders are made, and the mode of a file that is replaced stays."""
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
        raise ReconcilerError(Problem("exists", f"{edit.path} is there already", hint="Move it away."))
    return target


def _mark(target: Path) -> bytes:
    return _MARK if target.is_file() and target.read_bytes().startswith(_MARK) else b""


def _mode(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
