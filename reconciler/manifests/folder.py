"""The project folder: the search for it, the walk of its files, and reading that cannot leave it.

Pull requests choose the paths that are read. Paths outside the folder and hidden files are refused.
"""

import os
import re
import stat
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.resources.problems import Problem, ReconcilerError

PROJECT_FILE: Final = "project.yaml"
MAX_ENTRIES: Final = 200_000
MAX_MANIFEST: Final = 5 * 2**20
MAX_INCLUDED: Final = 4 * 2**20
UNNAMEABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that are not allowed in paths: control characters, and bytes that are not UTF-8."""
_LFS: Final = b"version https://git-lfs.github.com/spec/v1"


class UnreadableError(Exception):
    """The reason that a file cannot be read: a code, a message to follow the name of the file, and the next step."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class UnreadableEntry:
    """An entry of the folder that manifests cannot use, and the reason."""

    path: str
    code: str
    message: str
    hint: str = ""


@dataclass
class Tree:
    """Sorted paths relative to the project folder, without hidden files and without the contents of linked folders."""

    root: Path
    files: list[str] = field(default_factory=list)
    unreadable: list[UnreadableEntry] = field(default_factory=list)

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

    def manifests(self) -> list[str]:
        return [path for path in self.files if is_manifest_name(path)]


def is_manifest_name(path: str) -> bool:
    return path.endswith((".yaml", ".yml"))


def walk(root: Path) -> Tree:
    """Return every file of the folder that manifests may use."""
    tree = Tree(root)
    links: list[str] = []
    pending = [""]
    seen = 0
    while pending:
        for entry in _entries(tree, pending.pop()):
            seen += 1
            _sort_in(tree, entry, pending, links)
        if seen > MAX_ENTRIES:
            hint = "move manifests and knowledge files to a separate folder"
            tree.unreadable.append(UnreadableEntry("", "too-large", f"has more than {MAX_ENTRIES:,} entries", hint))
            break
    known = set(tree.files)
    for link in links:
        _add_link(tree, link, known)
    tree.files.sort()
    return tree


def _entries(tree: Tree, folder: str) -> list[tuple[str, "os.DirEntry[str]"]]:
    try:
        with os.scandir(tree.root / folder) as found:
            visible = [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        message = f"cannot be read: {(error.strerror or '').lower()}"
        tree.unreadable.append(UnreadableEntry(folder, "unreadable-file", message))
        return []
    return [(f"{folder}/{entry.name}" if folder else entry.name, entry) for entry in visible]


def _sort_in(tree: Tree, named: tuple[str, "os.DirEntry[str]"], pending: list[str], links: list[str]) -> None:
    path, entry = named
    if UNNAMEABLE.search(entry.name):
        safe = path.encode("unicode_escape", "replace").decode()
        message = "has a name with characters that are not allowed in a manifest"
        tree.unreadable.append(UnreadableEntry(safe, "bad-path", message, "rename it"))
    elif entry.is_symlink():
        links.append(path)
    elif not entry.is_dir(follow_symlinks=False):
        if entry.is_file(follow_symlinks=False):
            tree.files.append(path)
        elif is_manifest_name(path):
            tree.unreadable.append(UnreadableEntry(path, "not-a-file", "is not a regular file"))
    elif is_manifest_name(path):
        message = "is a folder, but has the name of a manifest"
        tree.unreadable.append(UnreadableEntry(path, "not-a-file", message, "rename it"))
    else:
        pending.append(path)


def _add_link(tree: Tree, path: str, known: set[str]) -> None:
    """Add a link to a file, unless it is a link to a manifest that is already in the tree. A link to a path outside
    the folder is an error.
    """
    try:
        real = locate(tree.root, path)
    except UnreadableError as error:
        message = f"is a link to a path that {error.message}"
        tree.unreadable.append(UnreadableEntry(path, error.code, message, "replace the link with the file"))
        return
    target = real.relative_to(os.path.realpath(tree.root)).as_posix()
    if real.is_file() and not (is_manifest_name(path) and target in known and is_manifest_name(target)):
        tree.files.append(path)
    elif is_manifest_name(path) and not real.is_file():
        tree.unreadable.append(UnreadableEntry(path, "missing-file", "is a link to a file that does not exist"))


def find_project(start: Path) -> Path:
    """Return the project folder for commands run in `start`; raises `ReconcilerError` if there is none."""
    found = project_around(start)
    if found is None:
        hint = "run `reconciler init` to create a project, or set the project folder with `-C DIR`"
        message = f"{PROJECT_FILE} was not found in {start.resolve()}, in a folder above it or in manifests/"
        raise ReconcilerError(Problem("no-project", message, None, hint))
    return found


def project_around(start: Path) -> Path | None:
    """Return the closest folder with a `project.yaml`, at or above `start` and within the Git repository; otherwise
    `start/manifests`, if that has one.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
        if (folder / ".git").exists():
            break
    inside = start / "manifests"
    return inside if (inside / PROJECT_FILE).is_file() else None


def repository_of(folder: Path) -> Path:
    """Return the closest folder with a `.git`, at or above `folder`; `folder` itself if there is none."""
    folder = folder.absolute()
    return next((at for at in (folder, *folder.parents) if (at / ".git").exists()), folder)


def locate(root: Path, path: str) -> Path:
    """Return the real path of `path`, which is relative to the project folder `root`.

    Raises `UnreadableError` if it is outside the folder or hidden after links are resolved: `.git` and `.env` contain
    secrets.
    """
    if not path or UNNAMEABLE.search(path) or PurePosixPath(path).is_absolute():
        raise UnreadableError("bad-path", "is not a path relative to the project folder")
    real, base = os.path.realpath(root / path), os.path.realpath(root)
    if os.path.commonpath([real, base]) != base:
        raise UnreadableError("outside-project", "is outside the project folder", "copy the file into the project")
    if any(part.startswith(".") for part in Path(real).relative_to(base).parts):
        raise UnreadableError("hidden-file", "is hidden; hidden files are not read")
    return Path(real)


def open_regular(path: Path) -> int:
    """Open a regular file and return its descriptor, which the caller closes. Pipes and devices are refused without
    blocking.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise UnreadableError("not-a-file", "is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        code = "missing-file" if isinstance(error, FileNotFoundError) else "unreadable-file"
        raise UnreadableError(code, f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def read_text(path: Path, limit: int) -> str:
    """Return the text of a file of at most `limit` bytes of UTF-8, without a byte order mark."""
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(limit + 1) if size <= limit else b""
    if size > limit or len(data) > limit:
        raise UnreadableError("too-large", f"is larger than {limit // 2**20} MiB")
    if is_lfs_pointer(data):
        raise UnreadableError("lfs-pointer", "is a Git LFS pointer, not the file itself", "run `git lfs pull`")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("not-utf-8", f"is not valid UTF-8 at byte {error.start + 1}") from error


def is_lfs_pointer(start: bytes) -> bool:
    """Return True if a file that starts with these bytes is a pointer to one that Git LFS has not fetched."""
    return start.startswith(_LFS)
