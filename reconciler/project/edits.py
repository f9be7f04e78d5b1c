"""Edits of project files, which are prepared in memory and written together at the end."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.files.changes import FileChange, write_files
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


def write(root: Path, edits: Iterable[Edit], added: Iterable[FileChange] = ()) -> None:
    """Write the edits and, before them, the files that they use: all or none. Modes, links and byte order marks are
    preserved.

    Raises ReconcilerError before anything is written if a new file already exists, or if a file was edited since it
    was read: a text that was not read is never overwritten.
    """
    write_files(root, [*added, *(_change(root, edit) for edit in edits)])


def _change(root: Path, edit: Edit) -> FileChange:
    try:
        target = locate(root, edit.path)
    except UnreadableError as error:
        raise ReconcilerError(Problem(error.code, f"{edit.path} {error.message}", hint=error.hint)) from error
    mark = _MARK if target.is_file() and target.read_bytes().startswith(_MARK) else b""
    before, after = (None if text is None else mark + text.encode() for text in (edit.before, edit.after))
    return FileChange(os.path.relpath(target, os.path.realpath(root)), before, after)
