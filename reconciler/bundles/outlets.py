"""Where bundles are put for applications. Standard library only: applications import this."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Outlet(Protocol):
    """A store of small documents by key, such as `acme/production/chatbot/support.json`.

    Must show a reader either the old document or the new one, never a part; may be called from several threads.
    """

    def read(self, key: str) -> bytes | None:
        """The document, or None where there is none."""
        ...

    def write(self, key: str, data: bytes) -> None: ...

    def list(self, prefix: str) -> list[str]:
        """Every key that begins with `prefix`, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove the document; one that is gone already is done."""
        ...


@dataclass(frozen=True, slots=True)
class DirectoryOutlet:
    """A folder of the file system."""

    root: Path

    def read(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not `tempfile`: its files are for the owner alone, and applications run as somebody else.
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
        """Where `key` is kept: always inside the folder, whatever the key says and wherever links lead."""
        path = self.root.joinpath(*checked_key(key).split("/"))
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise ValueError(f"{key!r} leads out of {self.root}")
        return path


def checked_key(key: str) -> str:
    """`key`, if it is one and leads nowhere else. ValueError otherwise."""
    parts = key.split("/")
    if any(part.startswith(".") or not part or "\\" in part or "\0" in part for part in parts):
        raise ValueError(f"{key!r} is no key of an outlet")
    return key


def _files(folder: Path) -> Iterator[Path]:
    """Documents at any depth; what is being written is hidden."""
    for at, _, names in os.walk(folder, onerror=_unless_missing):
        yield from (path for name in names if not name.startswith(".") and (path := Path(at, name)).is_file())


def _unless_missing(error: OSError) -> None:
    """A folder that cannot be read is no empty one; a file in its place has nothing in it, and writing will tell."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
