"""Reading files of a project folder, and no others: what a pull request names must not reach beyond it."""

import os
import re
import stat
from pathlib import Path, PurePosixPath
from typing import Final

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
