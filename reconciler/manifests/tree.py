"""The entries of the project folder: the files that manifests may use, and the others with the reasons."""

import os
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from reconciler.files.search import MARKDOWN, YAML, has_fields, start_of
from reconciler.manifests.folder import (
    LFS_HINT,
    LFS_MESSAGE,
    UNNAMEABLE,
    UnreadableError,
    is_lfs_pointer,
    joined,
    locate,
    on_disk,
)
from reconciler.resources.address import composed
from reconciler.resources.front_matter import split

MAX_ENTRIES: Final = 200_000
ODD_EXTENSION: Final = "odd-extension"
HIDDEN: Final = "hidden-manifest"
_ALMOST_MANIFEST: Final = re.compile(r"\.ya?ml(\.txt)?[. ]*\Z", re.IGNORECASE)
"""The end of a name that was probably meant to be that of a manifest."""
_NO_EXTENSION: Final = re.compile(r"\Z")
_ALMOST_MARKDOWN: Final = re.compile(r"\.(?:md|mdx|mdown|markdown)(\.txt)?[. ]*\Z", re.IGNORECASE)


@dataclass(frozen=True)
class UnreadableEntry:
    """An entry of the folder that manifests cannot use, and the reason."""

    path: str
    code: str
    message: str
    hint: str = ""
    folder: bool = False
    """True if it is, or may be, a folder with further files."""


@dataclass
class Tree:
    """Sorted paths relative to the project folder, without hidden files and without the contents of linked folders.

    Paths are in the Unicode normalization form C, so that they are equal on all file systems.
    """

    root: Path
    files: list[str] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    hidden: list[tuple[str, bool]] = field(default_factory=list)
    """Hidden files and folders in folders that are not hidden, as on disk; True for a folder."""
    unreadable: list[UnreadableEntry] = field(default_factory=list)
    skipped: list[UnreadableEntry] = field(default_factory=list)
    """Entries that are not read although they may be meant to be, which is a warning."""
    absent: dict[str, UnreadableEntry] = field(default_factory=dict)
    """Entries by path that the project has and the working tree does not. They are not deleted: using them is an
    error."""
    unknown: list[UnreadableEntry] = field(default_factory=list)
    """Markdown files that may be manifests, because their contents are not available."""

    def under(self, folder: str) -> Iterator[str]:
        """Yield the files below `folder`; all files if it is empty."""
        prefix = f"{folder}/" if folder else ""
        for index in range(bisect_left(self.files, prefix), len(self.files)):
            if not self.files[index].startswith(prefix):
                return
            yield self.files[index]

    def has(self, path: str) -> bool:
        index = bisect_left(self.files, path)
        return index < len(self.files) and self.files[index] == path

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root)

    def locate(self, path: str) -> str:
        """Return the real path of `path`, which is relative to the project folder; see `folder.locate`.

        Links are not resolved for a file below folders that the walk went into: it does not follow links and leaves
        out what is hidden, so that the path is real below the real project folder.
        """
        real = f"{self._real_root}/{path}"
        is_found = path.isascii() and path not in self.links and self.has(path)
        is_real = is_found and not os.path.islink(real)  # noqa: PTH114 - called for every file
        return real if is_real else str(locate(self.root, path))

    def relative(self, real: str) -> str:
        """Return the path of a real path relative to the project folder."""
        return Path(real).relative_to(self._real_root).as_posix()

    def add_absent(self, entry: UnreadableEntry) -> None:
        """Add an absent entry. An absent manifest is always an error."""
        self.absent[entry.path] = entry
        if is_manifest_name(entry.path):
            self.unreadable.append(entry)

    def absence(self, path: str) -> UnreadableEntry | None:
        """Return the absent entry at `path`, or the absent folder around it."""
        if not self.absent:
            return None
        parts = path.split("/")
        above = (self.absent.get("/".join(parts[:length])) for length in range(1, len(parts)))
        return self.absent.get(path) or next((entry for entry in above if entry and entry.folder), None)

    def manifests(self) -> list[str]:
        """Return the YAML files, and the Markdown files that may be manifests by their front matter."""
        starts = {path: start for path in self.files if path.endswith(MARKDOWN) and (start := self.start_of(path))}
        for path, start in starts.items():
            if is_lfs_pointer(start):
                self.unknown.append(UnreadableEntry(path, "lfs-pointer", LFS_MESSAGE, LFS_HINT))
        found = {path for path, start in starts.items() if has_fields(start) and not self._leads_to_manifest(path)}
        return [path for path in self.files if is_manifest_name(path) or path in found]

    def is_manifest(self, path: str) -> bool:
        """Return True for a YAML file, and for a Markdown file that declares a manifest, even a wrong one."""
        return is_manifest_name(path) or (path.endswith(MARKDOWN) and declares_manifest(self.start_of(path)))

    def start_of(self, path: str) -> bytes:
        """Return the start of a Markdown file, with its front matter; empty if it has nothing of a manifest."""
        return start_of(f"{self.root}/{on_disk(self.root, path)}")

    def _leads_to_manifest(self, path: str) -> bool:
        """Return True for a link to a file of the tree that is read itself."""
        if path not in self.links:
            return False
        target = composed(self.relative(self.locate(path)))
        return target.endswith((MARKDOWN, *YAML)) and self.has(target)


def is_manifest_name(path: str) -> bool:
    return path.endswith(YAML)


def declares_manifest(start: bytes) -> bool:
    """Return True if the front matter at the start of a file declares a manifest, even in the wrong place or form."""
    text = start.decode("utf-8", "replace")
    parts = split(text)
    if parts is not None and parts.declares_manifest:
        return True
    from reconciler.manifests.lookalike import lookalike

    almost = lookalike(text)
    return almost is not None and almost.declared


def walk(root: Path) -> Tree:
    """Return every file of the folder that manifests may use."""
    tree = Tree(root)
    pending = [("", "")]
    seen = 0
    while pending:
        for entry in _entries(tree, *pending.pop()):
            seen += 1
            _sort_in(tree, entry, pending)
        if seen > MAX_ENTRIES:
            hint = "move manifests and knowledge files to a separate folder"
            tree.unreadable.append(UnreadableEntry("", "too-large", f"has more than {MAX_ENTRIES:,} entries", hint))
            break
    known = set(tree.files)
    for link in sorted(tree.links):
        _add_link(tree, link, known)
    tree.files.sort()
    return tree


class _Found(NamedTuple):
    """An entry of a folder."""

    path: str
    on_disk: str
    """The path as the file system has it."""
    entry: "os.DirEntry[str]"


def _entries(tree: Tree, folder: str, on_disk: str) -> list[_Found]:
    try:
        with os.scandir(tree.root / on_disk) as found:
            entries = list(found)
    except OSError as error:
        message = f"cannot be read: {(error.strerror or '').lower()}"
        tree.unreadable.append(UnreadableEntry(folder, "unreadable-file", message))
        return []
    for one in entries:
        if one.name.startswith(".") and not one.is_symlink():
            tree.hidden.append((joined(on_disk, one.name), one.is_dir(follow_symlinks=False)))
    visible = (one for one in entries if not one.name.startswith("."))
    made = [_Found(joined(folder, composed(one.name)), joined(on_disk, one.name), one) for one in visible]
    twice = {path for path, number in Counter(one.path for one in made).items() if number > 1}
    tree.unreadable += (_same_name(one) for one in made if one.path in twice and one.path != one.on_disk)
    return [one for one in made if one.path not in twice or one.path == one.on_disk]


def _same_name(found: _Found) -> UnreadableEntry:
    safe = found.on_disk.encode("unicode_escape", "replace").decode()
    other = found.path.encode("unicode_escape", "replace").decode()
    message = (
        f"looks the same as {other} and differs only in its Unicode form; other file systems have only one of both"
    )
    return UnreadableEntry(safe, "bad-path", message, "rename one of the two")


def _sort_in(tree: Tree, found: _Found, pending: list[tuple[str, str]]) -> None:
    path, on_disk, entry = found
    if UNNAMEABLE.search(entry.name):
        safe = path.encode("unicode_escape", "replace").decode()
        message = "has a name with characters that are not allowed in a manifest"
        tree.unreadable.append(UnreadableEntry(safe, "bad-path", message, "rename it"))
    elif entry.is_symlink():
        tree.links.add(path)
    elif not entry.is_dir(follow_symlinks=False):
        if entry.is_file(follow_symlinks=False):
            tree.files.append(path)
            _check_extension(tree, path)
        elif is_manifest_name(path):
            tree.unreadable.append(UnreadableEntry(path, "not-a-file", "is not a regular file"))
    elif is_manifest_name(path):
        message = "is a folder, but has the name of a manifest"
        tree.unreadable.append(UnreadableEntry(path, "not-a-file", message, "rename it"))
    else:
        pending.append((path, on_disk))


def _check_extension(tree: Tree, path: str) -> None:
    if path.endswith((MARKDOWN, *YAML)):
        return
    end, names, suffix = _ALMOST_MANIFEST.search(path), "`.yaml` or `.yml`", YAML[0]
    if end is None and (in_markdown := _ALMOST_MARKDOWN.search(path)):
        is_manifest = declares_manifest(tree.start_of(path))
        end, names, suffix = in_markdown if is_manifest else None, f"`{MARKDOWN}`", MARKDOWN
    if end is None and "." not in path.rpartition("/")[2] and declares_manifest(start := tree.start_of(path)):
        end, names = _NO_EXTENSION.search(path), f"`.yaml`, `.yml` or `{MARKDOWN}`"
        suffix = MARKDOWN if split(start.decode("utf-8", "replace")) else YAML[0]
    if end:
        message = f"is not read as a manifest, because its name does not end with {names}"
        hint = f"rename it to `{path[: end.start()]}{suffix}`, or move it out of the project folder"
        tree.skipped.append(UnreadableEntry(path, ODD_EXTENSION, message, hint))


def _add_link(tree: Tree, path: str, known: set[str]) -> None:
    """Add a link to a file, unless it is a link to a manifest that is already in the tree. A link to a path outside
    the folder is an error; a link to a folder is a warning.
    """
    try:
        real = locate(tree.root, path)
    except UnreadableError as error:
        message = f"is a link to a path that {error.message}"
        tree.unreadable.append(UnreadableEntry(path, error.code, message, "replace the link with the file"))
        return
    target = composed(real.relative_to(os.path.realpath(tree.root)).as_posix())
    if real.is_dir():
        message = f"is a link to the folder {target}, and linked folders are not read"
        hint = f"use the paths below `{target}`, or replace the link with a copy of the folder"
        tree.skipped.append(UnreadableEntry(path, "linked-folder", message, hint, folder=True))
    elif real.is_file():
        if not (is_manifest_name(path) and target in known and is_manifest_name(target)):
            tree.files.append(path)
            _check_extension(tree, path)
    elif not real.exists():
        message = f"is a link to {target}, which does not exist"
        hint = "restore the target, or remove the link"
        tree.add_absent(UnreadableEntry(path, "missing-file", message, hint, folder=not is_manifest_name(path)))
    elif is_manifest_name(path):
        tree.unreadable.append(UnreadableEntry(path, "not-a-file", "is not a regular file"))
