"""Entries that a project has in Git and that the checkout left out of the working tree.

They are not deleted: without them, a plan would remove what they define. A file that Git tracks, and that is missing
for no such reason, was deleted by the user.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from reconciler.files.search import MARKDOWN
from reconciler.git.worktree import LINK, SUBMODULE, Entry
from reconciler.manifests.folder import UNNAMEABLE, is_lfs_pointer
from reconciler.manifests.tree import Tree, UnreadableEntry, declares_manifest
from reconciler.resources.address import composed

NOT_CHECKED_OUT: Final = "not-checked-out"
LARGEST_TEXT: Final = 16 * 2**20
"""Largest size of a file, in bytes, whose line ends are compared."""
_LONGEST_TARGET: Final = 4096
"""Largest length of the target of a link, in bytes."""


def add_absent(tree: Tree, index: Iterable[Entry]) -> None:
    """Add to `tree` the entries of the index that the checkout left out."""
    known = {*tree.files, *tree.links}
    missing: list[str] = []
    for entry in index:
        path = composed(entry.path)
        if UNNAMEABLE.search(path) or any(part.startswith(".") for part in path.split("/")):
            continue
        if path not in known and entry.skipped:
            tree.add_absent(_sparse(path, folder=entry.mode == SUBMODULE))
        elif entry.mode == SUBMODULE and _is_empty(tree.root / entry.path):
            tree.add_absent(_submodule(path))
        elif entry.mode == LINK and path in known and path not in tree.links and _is_target(tree.root, entry):
            tree.add_absent(_written_as_text(path))
        elif path not in known and entry.mode != SUBMODULE:
            missing.append(path)
    for one in _of_other_case(tree, missing) if missing else ():
        tree.add_absent(one)


def add_absent_markdown(
    tree: Tree, index: Iterable[Entry], contents: Callable[[Sequence[str]], Mapping[str, bytes]]
) -> None:
    """Add to `tree` the absent Markdown files that are manifests in Git, as errors, and those that may be manifests.

    `contents` returns the contents of blobs that the repository has, by id.
    """
    absent = {path: entry for path, entry in tree.absent.items() if path.endswith(MARKDOWN) and not entry.folder}
    blobs = {composed(entry.path): entry.blob for entry in index} if absent else {}
    found = contents([blobs[path] for path in absent]) if absent else {}
    for path, entry in absent.items():
        content = found.get(blobs[path])
        if content is None or is_lfs_pointer(content):
            tree.unknown.append(entry)
        elif declares_manifest(content):
            tree.unreadable.append(entry)


def _sparse(path: str, *, folder: bool) -> UnreadableEntry:
    hint = f"run `git sparse-checkout add {os.path.dirname(path) or path}`, or `git sparse-checkout disable`"  # noqa: PTH120
    return UnreadableEntry(path, NOT_CHECKED_OUT, "was left out by the sparse checkout", hint, folder)


def _submodule(path: str) -> UnreadableEntry:
    hint = f"run `git submodule update --init {path}`"
    return UnreadableEntry(path, NOT_CHECKED_OUT, "is a submodule that is not initialized", hint, folder=True)


def _is_empty(folder: Path) -> bool:
    """Return True for an existing folder without entries. A folder that does not exist was deleted by the user."""
    try:
        return not any(folder.iterdir())
    except OSError:
        return False


def _written_as_text(path: str) -> UnreadableEntry:
    message = "is a link in Git, but the checkout has a text file with the target of the link"
    hint = "run `git config core.symlinks true`, and check the file out again"
    return UnreadableEntry(path, NOT_CHECKED_OUT, message, hint)


def _is_target(root: Path, entry: Entry) -> bool:
    """Return True if the file consists of the target of the link, as Git writes it with `core.symlinks=false`."""
    try:
        with (root / entry.path).open("rb") as file:
            data = file.read(_LONGEST_TARGET + 1)
    except OSError:
        return False
    return len(data) <= _LONGEST_TARGET and blob_id(data, like=entry.blob) == entry.blob


def blob_id(data: bytes, *, like: str) -> str:
    """Return the id of a Git blob, by the hash function of the id `like`."""
    made = hashlib.sha1(usedforsecurity=False) if len(like) == 40 else hashlib.sha256()
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()


def converted(files: Mapping[str, Path], index: Iterable[Entry]) -> Iterator[str]:
    """Yield those of the files whose content Git has with line feeds as line ends, given the place of each by path."""
    for entry in index:
        place = files.get(composed(entry.path))
        if place and place.stat().st_size <= LARGEST_TEXT:
            content = place.read_bytes()
            if blob_id(content.replace(b"\r\n", b"\n"), like=entry.blob) == entry.blob:
                yield composed(entry.path)


def _of_other_case(tree: Tree, missing: Iterable[str]) -> Iterator[UnreadableEntry]:
    """Yield the missing paths that the file system takes for a path that differs only in case, and that it has."""
    present = {path.casefold(): path for path in (*tree.files, *tree.links)}
    for path in missing:
        other = present.get(path.casefold())
        if other and os.path.lexists(tree.root / path):
            message = f"differs from {other} only in case, and this file system has only one of both"
            yield UnreadableEntry(path, NOT_CHECKED_OUT, message, "rename one of the two in Git with `git mv`")
