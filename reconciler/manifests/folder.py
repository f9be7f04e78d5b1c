"""The project folder: the search for it, and reading that cannot leave it.

Pull requests choose the paths that are read. Paths outside the folder and hidden files are refused.
"""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.files.changes import recover
from reconciler.files.search import LFS, PROJECT_FILE, project_around
from reconciler.git.worktree import worktree
from reconciler.resources.address import composed
from reconciler.resources.problems import Problem, ReconcilerError

NO_PROJECT: Final = "no-project"
"""Code of the problem that there is no project."""
MAX_MANIFEST: Final = 5 * 2**20
MAX_INCLUDED: Final = 4 * 2**20
UNNAMEABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that are not allowed in paths: control characters, and bytes that are not UTF-8."""
LFS_MESSAGE: Final = "is a Git LFS pointer, not the file itself"
LFS_HINT: Final = "run `git lfs pull`"


class UnreadableError(Exception):
    """The reason that a file cannot be read: a code, a message to follow the name of the file, and the next step."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def find_project(start: Path) -> Path:
    """Return the project folder for commands run in `start`; raises `ReconcilerError` if there is none.

    What a killed command has written to the folder is undone first.
    """
    found = project_around(start)
    if found is not None and undo_interrupted(found):
        found = project_around(start)
    if found is None:
        hint = "run `reconciler init` to create a project, or set the project folder with `-C DIR`"
        message = f"{PROJECT_FILE} was not found in {start.resolve()}, in a folder above it or in manifests/"
        raise ReconcilerError(Problem(NO_PROJECT, message, None, hint))
    return found


def undo_interrupted(root: Path) -> bool:
    """Undo what a killed command has written to a folder, and return True if files were restored.

    If one of the files was added to the index of Git since, a person has accepted them, and they stay.
    """

    def is_accepted(files: Iterable[Path]) -> bool:
        tree = worktree(root)
        return tree is not None and tree.has_staged(file.resolve() for file in files)

    return recover(root, is_accepted)


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
    real, base = os.path.realpath(root / on_disk(root, path)), os.path.realpath(root)
    if os.path.commonpath([real, base]) != base:
        raise UnreadableError("outside-project", "is outside the project folder", "copy the file into the project")
    if any(part.startswith(".") for part in Path(real).relative_to(base).parts):
        raise UnreadableError("hidden-file", "is hidden; hidden files are not read")
    return Path(real)


def joined(folder: str, name: str) -> str:
    """Return the path of `name` in a folder; the top folder is empty."""
    return f"{folder}/{name}" if folder else name


def on_disk(root: Path, path: str) -> str:
    """Return `path` in the Unicode form in which the file system has it; unchanged if it does not exist."""
    if path.isascii() or os.path.lexists(root / path):
        return path
    found = ""
    for part in PurePosixPath(path).parts:
        here = joined(found, part)
        if not part.isascii() and not os.path.lexists(root / here):
            try:
                names = [one.name for one in (root / found).iterdir()]
            except OSError:
                return path
            here = next((joined(found, name) for name in names if composed(name) == composed(part)), here)
        found = here
    return found


def open_regular(path: str | Path) -> int:
    """Open a regular file and return its descriptor, which the caller closes. Pipes and devices are refused without
    blocking.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - called for every file
        if not stat.S_ISREG(mode):
            raise UnreadableError("not-a-file", "is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        code = "missing-file" if isinstance(error, FileNotFoundError) else "unreadable-file"
        raise UnreadableError(code, f"cannot be read: {(error.strerror or str(error)).lower()}") from error


def read_text(path: str | Path, limit: int) -> str:
    """Return the text of a file of at most `limit` bytes of UTF-8, without a byte order mark."""
    opened = open_regular(path)
    try:
        size = os.fstat(opened).st_size
        data = b""
        while size <= limit and len(data) <= limit and (part := os.read(opened, size + 1)):
            data += part
    finally:
        os.close(opened)
    if size > limit or len(data) > limit:
        raise UnreadableError("too-large", f"is larger than {limit // 2**20} MiB")
    if is_lfs_pointer(data):
        raise UnreadableError("lfs-pointer", LFS_MESSAGE, LFS_HINT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("not-utf-8", f"is not valid UTF-8 at byte {error.start + 1}") from error


def is_lfs_pointer(start: bytes) -> bool:
    """Return True if a file that starts with these bytes is a pointer to one that Git LFS has not fetched."""
    return start.startswith(LFS)
