"""Outlets: stores from which applications load bundles. Applications import this: standard library only."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Outlet(Protocol):
    """A store of small documents by key, such as `acme/production/chatbot/support.json`.

    Writes must be atomic for readers. May be called from several threads.
    """

    def read(self, key: str) -> bytes | None:
        """Return the document; None if it does not exist."""
        ...

    def write(self, key: str, data: bytes) -> None: ...

    def list(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Delete the document; a missing one is ignored."""
        ...


@dataclass(frozen=True, slots=True)
class DirectoryOutlet:
    """An outlet in a folder of the file system."""

    root: Path

    def read(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not `tempfile`, whose files only the owner can read: applications may run as another user.
        new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with new.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def list(self, prefix: str) -> list[str]:
        folder = self._path(prefix.rpartition("/")[0]) if "/" in prefix else self.root
        keys = (path.relative_to(self.root).as_posix() for path in _files(folder))
        return sorted(key for key in keys if key.startswith(prefix))

    def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        """Return the path of `key`; ValueError if it is not valid, OSError if a link leads out of the folder."""
        path = self.root.joinpath(*checked_key(key).split("/"))
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise OSError(errno.EXDEV, "a link leads out of the outlet", str(path))
        return path


def checked_key(key: str) -> str:
    """Return `key` if it is a safe relative path; ValueError otherwise."""
    parts = key.split("/")
    if any(part.startswith(".") or not part or "\\" in part or "\0" in part for part in parts):
        raise ValueError(f"{key!r} is not a valid outlet key")
    return key


def _files(folder: Path) -> Iterator[Path]:
    """Yield the documents at any depth, without hidden drafts."""
    for at, _, names in os.walk(folder, onerror=_unless_missing):
        yield from (path for name in names if not name.startswith(".") and (path := Path(at, name)).is_file())


def _unless_missing(error: OSError) -> None:
    """Raise the error, unless the folder does not exist or is a file. Writes report the latter."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
