"""Outlets: stores from which applications load bundles. Applications import this: standard library only."""

import contextlib
import errno
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Protocol

from reconciler.files.drafts import sweep, write_whole
from reconciler.files.folders import leads_out, visible_files

_EARLIER: Final = re.compile(r"\..+\.json\.[0-9a-f]{16}")
"""Names of drafts of versions up to 0.1, which held no lock."""
_ABANDONED: Final = 3600.0
"""Age in seconds from which such a draft is not being written any more."""


class Outlet(Protocol):
    """A store of small documents by key, such as `acme/production/chatbot/support.json`.

    Writes must be atomic for readers. May be called from several threads.
    """

    @property
    def is_quick(self) -> bool:
        """True if reading one document after the other is not slower than reading several at once."""
        ...

    @property
    def writes_groups(self) -> bool:
        """True if several documents are written together with less work than by several threads."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return the document; None if it does not exist."""
        ...

    def write(self, key: str, data: bytes) -> None: ...

    def put_all(self, documents: Mapping[str, bytes]) -> None:
        """Write the documents by key, unless they have these bytes already. All are there when this returns, and those
        in one folder before any of those in the next folder.
        """
        ...

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
    is_quick: ClassVar[bool] = True
    writes_groups: ClassVar[bool] = False
    _swept: set[Path] = field(default_factory=set, repr=False, compare=False)
    """Folders without drafts of killed processes."""

    def read(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sweep(path.parent)
        write_whole(path, data, durable=True)

    def put_all(self, documents: Mapping[str, bytes]) -> None:
        for key, data in documents.items():
            if self.read(key) != data:
                self.write(key, data)

    def list(self, prefix: str) -> list[str]:
        above = prefix.rpartition("/")[0]
        folder = self._path(above) if "/" in prefix else self.root
        found = visible_files(folder, _unless_missing, hidden_folders=True)
        keys = (f"{above}/{path}" if above else path for path in found if (folder / path).is_file())
        return sorted(key for key in keys if key.startswith(prefix))

    def delete(self, key: str) -> None:
        path = self._path(key)
        self._sweep(path.parent)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()

    def sweep(self, prefix: str) -> None:
        """Remove the drafts of killed processes from the folder `prefix` and those below it. Errors are ignored."""
        for folder, _, _ in os.walk(self._path(prefix)):
            self._sweep(Path(folder))

    def _sweep(self, folder: Path) -> None:
        """Remove the drafts of killed processes, once for each folder, because folders of blobs are large."""
        if folder not in self._swept:
            self._swept.add(folder)
            sweep(folder)
            _sweep_earlier(folder)

    def _path(self, key: str) -> Path:
        """Return the path of `key`; ValueError if it is not valid, OSError if a link leads out of the folder."""
        path = self.root / checked_key(key)
        if leads_out(self.root, key):
            raise OSError(errno.EXDEV, "a link leads out of the outlet", str(path))
        return path


def checked_key(key: str) -> str:
    """Return `key` if it is a safe relative path; ValueError otherwise."""
    parts = key.split("/")
    if any(part.startswith(".") or not part or "\\" in part or "\0" in part for part in parts):
        raise ValueError(f"{key!r} is not a valid outlet key")
    return key


def _unless_missing(error: OSError) -> None:
    """Raise the error, unless the folder does not exist or is a file. Writes report the latter."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _sweep_earlier(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if _EARLIER.fullmatch(file.name) and time.time() - file.lstat().st_mtime > _ABANDONED:
                file.unlink()
