"""Folders and files of a cache that only their owner can write: what another user could have written is not read.

Files are written by rename, so a killed process leaves a complete file or a draft, which a later run removes.
"""

import os
import secrets
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_DRAFT: Final = "draft-"
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_DAY: Final = 86_400


def user_cache(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the folder `name` in the cache folder of the user; None if `environ` does not show where that is."""
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = f"{home}/Library/Caches" if (home := environ.get("HOME")) else ""
    else:
        base = environ.get("XDG_CACHE_HOME", "")
        if not base.startswith("/"):  # as the specification demands
            base = f"{home}/.cache" if (home := environ.get("HOME")) else ""
    return Path(base, name) if base and Path(base).is_absolute() else None


def objection(folder: Path) -> str:
    """Return the reason why files in a folder may be those of another user; empty if they are not, and for a folder
    that does not exist.
    """
    try:
        about = folder.lstat()
    except OSError:
        return _objection_to_parents(folder)
    if not stat.S_ISDIR(about.st_mode):
        return "it is not a folder" if not stat.S_ISLNK(about.st_mode) else "it is a symbolic link"
    if not _is_own(about):
        return "it belongs to another user, or other users may write to it"
    return _objection_to_parents(folder)


def _objection_to_parents(folder: Path) -> str:
    """Return an objection if other users can replace the folder: in a folder like /tmp they cannot."""
    for parent in folder.parents:
        with suppress(OSError):
            mode = parent.stat().st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                return f"all users may write to {parent}"
    return ""


def _is_own(about: os.stat_result) -> bool:
    if sys.platform == "win32":  # the folder of the user has access rules that a mode does not show
        return True
    return about.st_uid == os.geteuid() and not about.st_mode & _WRITABLE_BY_OTHERS


def create(folder: Path) -> None:
    """Create a folder and the one above it for their owner only, with the folders above them; raises OSError."""
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    for one in (folder.parent, folder):
        with suppress(FileExistsError):
            one.mkdir(mode=0o700)


def open_own(path: Path) -> int | None:
    """Open a file and return its descriptor, which the caller closes; None unless it is a file of this user that no
    other user may write.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    about = os.fstat(handle)
    if stat.S_ISREG(about.st_mode) and _is_own(about):
        return handle
    os.close(handle)
    return None


def read_own(path: Path) -> bytes | None:
    """Return the content of a file of this user; None if it cannot be read, or other users may have written it."""
    handle = open_own(path)
    if handle is None:
        return None
    try:
        with os.fdopen(handle, "rb") as file:
            return file.read()
    except OSError:
        return None


def write_own(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file whole or not at all, readable by its owner only; raises OSError."""
    draft = path.with_name(f"{_DRAFT}{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.writelines(parts)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files. Errors are ignored: another process may have removed them, or have them open."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


def remove_old_drafts(folder: Path) -> None:
    """Remove what killed processes left."""
    limit = time.time() - _DAY
    remove_files(path for path in files_in(folder) if path.name.startswith(_DRAFT) and changed_at(path) < limit)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the entries of a folder; none if it cannot be read."""
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return


def changed_at(path: Path) -> float:
    """Return the modification time; that of a removed file is now."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return time.time()
