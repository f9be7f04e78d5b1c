"""The bytes of uploads: in the project folder, in Git, or kept by `release --vendor`."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from reconciler.git.command import GitError
from reconciler.git.worktree import worktree
from reconciler.live.errors import LiveError
from reconciler.resources.base import Desired, LocalFile
from reconciler.resources.problems import Problem

VENDORED: Final = "releases/files"
"""The folder of the project that contains files by their sha256."""


def planned_bytes(root: Path, part: LocalFile, desired: Desired) -> bytes:
    """Return the bytes of a part to send. Raises `LiveError` where they are not the planned bytes."""
    if desired.whole:
        kept = kept_bytes(root, part)
        if kept is None:
            raise _changed(desired, part, "was not found")
        return kept
    try:
        content = (root / part.place).read_bytes()
    except OSError as error:
        raise _changed(desired, part, f"cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise _changed(desired, part, "was changed after the plan was made")
    return content


def _changed(desired: Desired, part: LocalFile, what: str) -> LiveError:
    of = str(desired.address) if len(desired.parts) == 1 else f"{desired.address}: {part.path}"
    return LiveError(Problem("file-changed", f"{of} {what}", place=desired.place, hint="Plan again."))


def kept_bytes(root: Path, local: LocalFile) -> bytes | None:
    """Return the bytes of a file that a release keeps, from any source; None if no source has them."""
    found = (content for read in _sources(root, local) if (content := read()) is not None)
    return next((content for content in found if hashlib.sha256(content).hexdigest() == local.sha256), None)


def _sources(root: Path, local: LocalFile) -> Iterator[Callable[[], bytes | None]]:
    yield partial(_read, root / local.place)
    yield partial(_read, root / VENDORED / local.sha256)
    if local.blob:
        yield partial(_blob, root, local.blob)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # missing, a folder, or not readable: the next source may have it
        return None


def _blob(root: Path, id_: str) -> bytes | None:
    """Return a Git blob; None if the repository does not have it, as in a shallow clone, or if there is no
    repository.
    """
    found = worktree(root)
    try:
        return found.blob(id_) if found else None
    except GitError:  # the caller reports bytes that no source has
        return None
