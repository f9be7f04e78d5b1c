"""Files written whole or not at all: a draft in the same folder replaces the file when it is complete.

A process holds a lock on its draft, so that the next one can remove the drafts that killed processes left, and no
others. Applications import this: standard library only.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.files.outputs import is_open_file

_PREFIX: Final = ".reconciler-draft-"
_DRAFT: Final = re.compile(rf"{re.escape(_PREFIX)}[0-9a-f]{{16}}")
_ONLY_IN_PLACE: Final = frozenset({errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS})
"""Errors of a file that can be written and not replaced, such as one that is mounted into a container."""
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL})
"""Errors of file systems without locks."""


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file whole or not at all; the mode of a file that is replaced is kept.

    With `durable`, the content is on disk when this returns, and it survives a power failure.
    """
    try:
        draft, handle = _new_draft(path.parent)
    except OSError as error:
        error.filename = str(path)
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            keep_access(file.fileno(), path)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def write_output(path: Path, data: bytes) -> None:
    """Write the output file of a command: whole or not at all, unless it is a pipe, a device or a mounted file.

    A link to a file is an error. Drafts that killed commands left in the folder are removed.
    """
    if is_open_file(path) or (path.exists() and not path.is_file()):
        _write_in_place(path, data, os.O_APPEND)  # what was written to an open file before stays
        return
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    sweep(path.parent)
    try:
        write_whole(path, data)
    except OSError as error:
        if error.errno not in _ONLY_IN_PLACE or not path.is_file():
            raise
        _write_in_place(path, data, os.O_TRUNC | os.O_NOFOLLOW)


def sweep(folder: Path) -> None:
    """Remove the drafts in a folder whose processes do not run any more. Errors are ignored."""
    with suppress(OSError):
        for file in folder.iterdir():
            if _DRAFT.fullmatch(file.name):
                with suppress(OSError):
                    _remove_abandoned(file)


def keep_access(handle: int, path: Path) -> None:
    """Give an open file the mode and, if permitted, the group of the file `path` that it will replace. A new file gets
    the group that its folder prescribes.
    """
    try:
        replaced = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        folder = next(one for one in path.parents if one.is_dir()).stat()
        if folder.st_mode & stat.S_ISGID:
            _set_group(handle, folder.st_gid)
    else:
        _set_group(handle, replaced.st_gid)
        os.fchmod(handle, replaced.st_mode & 0o7777)


def lock(handle: int) -> bool | None:
    """Take the lock of an open file or folder until it is closed. Return False if another process holds it, and None
    if the file system has no locks.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


def _new_draft(folder: Path) -> tuple[Path, int]:
    """Create a draft, and return its path and its open file, which holds the lock until it is closed."""
    while True:
        draft = folder / f"{_PREFIX}{secrets.token_hex(8)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            # Between its creation and its lock, another process may take the draft for an abandoned one.
            if lock(handle) is not False and os.path.samestat(os.fstat(handle), draft.stat()):
                return draft, handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _remove_abandoned(draft: Path) -> None:
    handle = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if lock(handle) and stat.S_ISREG(os.fstat(handle).st_mode):
            draft.unlink()
    finally:
        os.close(handle)


def _write_in_place(path: Path, data: bytes, how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CLOEXEC | how), "wb") as file:
        file.write(data)


def _set_group(handle: int, group: int) -> None:
    if os.fstat(handle).st_gid != group:
        with suppress(OSError):
            os.fchown(handle, -1, group)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
