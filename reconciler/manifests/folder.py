"""The files of a project folder, found in one walk."""

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
"""What no path in a manifest or a message may have: control characters, and bytes that are not UTF-8."""
_LFS: Final = b"version https://git-lfs.github.com/spec/v1"


class UnreadableError(Exception):
    """Why a file cannot be read: a code, a message that starts after the file's name, and what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Fault:
    """What is wrong with an entry of the folder."""

    path: str
    code: str
    message: str
    hint: str = ""


@dataclass
class Tree:
    """Paths relative to the project folder, sorted. Nothing hidden; linked folders are not entered."""

    root: Path
    files: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def under(self, folder: str) -> Iterator[str]:
        """Files below `folder`; all for an empty one."""
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
    """Every file of the folder that manifests may use."""
    tree = Tree(root)
    links: list[str] = []
    pending = [""]
    seen = 0
    while pending:
        for entry in _entries(tree, pending.pop()):
            seen += 1
            _sort_in(tree, entry, pending, links)
        if seen > MAX_ENTRIES:
            hint = "keep manifests and knowledge in a folder of their own"
            tree.faults.append(
                Fault("", "too-large", f"the project folder has more than {MAX_ENTRIES:,} entries", hint)
            )
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
        tree.faults.append(Fault(folder, "unreadable-file", f"cannot be read: {(error.strerror or '').lower()}"))
        return []
    return [(f"{folder}/{entry.name}" if folder else entry.name, entry) for entry in visible]


def _sort_in(tree: Tree, named: tuple[str, "os.DirEntry[str]"], pending: list[str], links: list[str]) -> None:
    path, entry = named
    if UNNAMEABLE.search(entry.name):
        safe = path.encode("unicode_escape", "replace").decode()
        tree.faults.append(Fault(safe, "bad-path", "its name cannot be written in a manifest", "rename it"))
    elif entry.is_symlink():
        links.append(path)
    elif not entry.is_dir(follow_symlinks=False):
        if entry.is_file(follow_symlinks=False):
            tree.files.append(path)
        elif is_manifest_name(path):
            tree.faults.append(Fault(path, "not-a-file", "is no regular file"))
    elif is_manifest_name(path):
        tree.faults.append(Fault(path, "not-a-file", "is a folder; only manifests are called so"))
    else:
        pending.append(path)


def _add_link(tree: Tree, path: str, known: set[str]) -> None:
    """A link to a manifest that is found anyway adds nothing; a link that leads outside is never followed."""
    try:
        real = locate(tree.root, path)
    except UnreadableError as error:
        tree.faults.append(Fault(path, error.code, f"is a link that {error.message}", "replace the link by the file"))
        return
    target = real.relative_to(os.path.realpath(tree.root)).as_posix()
    if real.is_file() and not (is_manifest_name(path) and target in known and is_manifest_name(target)):
        tree.files.append(path)
    elif is_manifest_name(path) and not real.is_file():
        tree.faults.append(Fault(path, "missing-file", "is a link that leads to no file"))


def find_project(start: Path) -> Path:
    """The project folder for commands run in `start`; raises `ReconcilerError` where `project_around` finds none."""
    found = project_around(start)
    if found is None:
        hint = "run `reconciler init` to make one, or name the folder with -C"
        message = f"no {PROJECT_FILE} in {start.resolve()}, above it or in manifests/"
        raise ReconcilerError(Problem("no-project", message, None, hint))
    return found


def project_around(start: Path) -> Path | None:
    """The closest folder upwards that has a `project.yaml`, within the Git repository; or `start/manifests`."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
        if (folder / ".git").exists():
            break
    inside = start / "manifests"
    return inside if (inside / PROJECT_FILE).is_file() else None


def repository_of(folder: Path) -> Path:
    """The closest folder upwards that has a `.git`; `folder` itself where there is none."""
    folder = folder.absolute()
    return next((at for at in (folder, *folder.parents) if (at / ".git").exists()), folder)


def locate(root: Path, path: str) -> Path:
    """The real file behind `path`, which is relative to the project folder `root`.

    Raises `UnreadableError` for what lies outside the folder or is hidden, links resolved: `.git` and `.env` hold
    secrets.
    """
    if not path or UNNAMEABLE.search(path) or PurePosixPath(path).is_absolute():
        raise UnreadableError("bad-path", "is no path relative to the project folder")
    real, base = os.path.realpath(root / path), os.path.realpath(root)
    if os.path.commonpath([real, base]) != base:
        raise UnreadableError("outside-project", "lies outside the project folder", "copy it into the project")
    if any(part.startswith(".") for part in Path(real).relative_to(base).parts):
        raise UnreadableError("hidden-file", "is hidden; hidden files are never read")
    return Path(real)


def open_regular(path: Path) -> int:
    """A descriptor of a regular file; the caller closes it. Pipes and devices are refused without waiting for them."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise UnreadableError("not-a-file", f"is {what}")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        code = "missing-file" if isinstance(error, FileNotFoundError) else "unreadable-file"
        raise UnreadableError(code, f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def read_text(path: Path, limit: int) -> str:
    """The text of a file of at most `limit` bytes of UTF-8; a byte order mark is dropped."""
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
        raise UnreadableError("not-utf-8", f"is not UTF-8: byte {error.start + 1} is wrong") from error


def is_lfs_pointer(start: bytes) -> bool:
    """Whether a file that starts with these bytes stands for one that Git LFS has not fetched."""
    return start.startswith(_LFS)
