"""The files of a cache: segments with entries by key, and the bounds of their number, size and age.

A run that has new entries writes one segment: an index, and the bodies of its entries, which are read one by one when
they are needed. Segments never change, so processes share them without locks, and a removed one is only a slower run.
Every file is data in JSON with a checksum; what is damaged, or may be that of another user, is not there.
"""

import hashlib
import json
import mmap
import os
import re
import secrets
import time
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.files import private_folder
from reconciler.resources.values import JSON

FORMAT: Final = "reconciler/cache/v1"
MAX_SIZE: Final = 2**30
"""Bytes of all caches in the folder. The folders that were not used for the longest time are removed first."""
MAX_AGE: Final = 30 * 86_400
"""Seconds since its last use after which the cache of a project is removed."""
MAX_SEGMENTS: Final = 8
"""Number of segments of a project that are merged when another one is written."""
_SPARE: Final = 4
"""Unused entries that a merge keeps, such as those of other branches, as a multiple of the used ones."""
_INDEX: Final = ".index"
_BODIES: Final = ".bodies"
_OWN_FOLDER: Final = re.compile(r"[0-9a-f]{32}")
_OWN_FILE: Final = re.compile(r"([-0-9a-f]+(\.index|\.bodies)|files\.hashes|draft-[0-9a-f]{16})")
"""Names of what the cache writes. Nothing else is ever removed, whatever folder the cache was given."""
_DAY: Final = 86_400


class Bodies:
    """The bodies of a segment. The file is opened when the first one is read, and stays open: it may be removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data: mmap.mmap | bytes | None = None

    def read(self, offset: int, size: int) -> bytes:
        """Return a part of the file; less if it cannot be read."""
        if self._data is None:
            self._data = self._opened()
        return self._data[offset : offset + size]

    def _opened(self) -> mmap.mmap | bytes:
        handle = private_folder.open_own(self._path)
        if handle is None:
            return b""
        try:
            return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return b""
        finally:
            os.close(handle)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a segment: what every run needs of it, and where its body is."""

    head: JSON
    bodies: Bodies
    offset: int
    size: int
    checksum: int

    def body(self) -> bytes | None:
        """Return the text of the body; None if it cannot be read any longer."""
        found = self.bodies.read(self.offset, self.size)
        return found if len(found) == self.size and zlib.crc32(found) == self.checksum else None


@dataclass(frozen=True, slots=True)
class New:
    """An entry to write."""

    key: str
    head: JSON
    body: bytes


@dataclass
class Segments:
    """All segments in a folder, which need not exist."""

    folder: Path

    def read(self) -> dict[str, Entry]:
        """Return the entries by key; of several with one key, the last one that was written."""
        found: dict[str, Entry] = {}
        for path in self._indexes():
            found.update(_entries(path))
        return found

    def _indexes(self) -> list[Path]:
        if private_folder.objection(self.folder):
            return []
        return [path for path in private_folder.files_in(self.folder) if path.name.endswith(_INDEX)]

    def add(self, entries: Iterable[New], used: Collection[str]) -> None:
        """Write a segment, merged with the others if there are many. `used` are the keys that this run needed. Errors
        are ignored: the next run has no cache.
        """
        with suppress(OSError):
            private_folder.create(self.folder)
            if private_folder.objection(self.folder):
                return
            private_folder.remove_old_drafts(self.folder)
            merged = self._indexes()
            if len(merged) < MAX_SEGMENTS:
                self._write(entries)
            else:
                self._write(_merged(self.read(), entries, used))
                private_folder.remove_files(file for path in merged for file in (path, path.with_suffix(_BODIES)))
            trim(self.folder.parent, keep=self.folder)

    def _write(self, entries: Iterable[New]) -> None:
        name = f"{time.time_ns():016x}-{secrets.token_hex(4)}"
        index: dict[str, list[JSON]] = {}
        private_folder.write_own(self.folder / f"{name}{_BODIES}", _bodies(entries, index))
        text = json.dumps(index, separators=(",", ":")).encode()
        header = json.dumps({"format": FORMAT, "sha256": hashlib.sha256(text).hexdigest()}).encode()
        private_folder.write_own(self.folder / f"{name}{_INDEX}", (header, b"\n", text))


def _bodies(entries: Iterable[New], index: dict[str, list[JSON]]) -> Iterator[bytes]:
    """Yield the bodies, one on each line, and add their places to the index."""
    offset = 0
    for one in entries:
        index[one.key] = [one.head, offset, len(one.body), zlib.crc32(one.body)]
        yield one.body
        yield b"\n"
        offset += len(one.body) + 1


def _entries(path: Path) -> dict[str, Entry]:
    """Return the entries of a segment; none if it is damaged or has another format."""
    header, _, text = (private_folder.read_own(path) or b"").partition(b"\n")
    try:
        about = json.loads(header)
        if about["format"] != FORMAT or about["sha256"] != hashlib.sha256(text).hexdigest():
            return {}
        bodies = Bodies(path.with_suffix(_BODIES))
        return {
            key: Entry(head, bodies, offset, size, checksum)
            for key, (head, offset, size, checksum) in json.loads(text).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _merged(known: dict[str, Entry], entries: Iterable[New], used: Collection[str]) -> Iterator[New]:
    """Yield the new entries, the used ones, and a limited number of others, the last written first."""
    new = set[str]()
    for one in entries:
        new.add(one.key)
        yield one
    wanted = [key for key in known if key in used and key not in new]
    others = [key for key in reversed(known) if key not in used and key not in new]
    for key in (*wanted, *others[: _SPARE * len(used)]):
        body = known[key].body()
        if body is not None:
            yield New(key, known[key].head, body)


def touch(folder: Path) -> None:
    """Note that the folder of a cache is used, at most once a day."""
    if private_folder.changed_at(folder) < time.time() - _DAY:
        with suppress(OSError):
            os.utime(folder)


def trim(folder: Path, keep: Path | None = None) -> None:
    """Remove the caches that were not used for a long time, and the oldest ones if all together are too large."""
    found = [one for one in private_folder.files_in(folder) if _OWN_FOLDER.fullmatch(one.name) and not one.is_symlink()]
    total, limit = 0, time.time() - MAX_AGE
    for cache in sorted(found, key=lambda one: (one != keep, -private_folder.changed_at(one))):
        files = [one for one in private_folder.files_in(cache) if _OWN_FILE.fullmatch(one.name)]
        total += sum(file.lstat().st_size for file in files)
        if cache != keep and (total > MAX_SIZE or private_folder.changed_at(cache) < limit):
            private_folder.remove_files(files)
            with suppress(OSError):
                cache.rmdir()
