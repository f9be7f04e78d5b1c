"""Hashes of the files of a project, kept with what the file system shows of each file.

A file is not read again while its size, its times and its number in the file system are the same, and if it was last
changed some time before it was read. A file that changes within the resolution of the clock can look unchanged: it is
read again, as Git does with what it calls racy entries.
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.files import private_folder
from reconciler.manifests.cache.codec import MALFORMED, of_type
from reconciler.manifests.cache.segments import FORMAT, touch, trim
from reconciler.resources.values import JSON

_MARGIN: Final = 2_000_000_000
"""Nanoseconds: the coarsest resolution of the times of file systems."""
Status = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Hashed:
    """The content of a file, and the status with which it was read."""

    status: Status
    taken: int
    """Time at which the reading began, in nanoseconds."""
    sha256: str
    is_text: bool
    has_crlf: bool

    @property
    def is_settled(self) -> bool:
        """True if every later change of the file shows in its status."""
        return max(self.status[1], self.status[2]) + _MARGIN < self.taken


@dataclass
class FileHashes:
    """The hashes of the files below a folder, by path."""

    path: Path
    """The file that they are kept in."""
    known: Mapping[str, Hashed]
    seen: dict[str, Hashed] = field(default_factory=dict)
    """The files that this run has used."""

    @classmethod
    def below(cls, root: Path, cache: Path) -> "FileHashes":
        """Return the hashes of a folder that are kept in the folder of the cache; none if they are not valid."""
        name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
        path = cache / name / "files.hashes"
        known = {}
        if not private_folder.objection(path.parent) and (data := private_folder.read_own(path)):
            with suppress(*MALFORMED):
                known = _read(data)
            touch(path.parent)
        return cls(path, known)

    def find(self, path: str, place: str) -> Hashed | None:
        """Return the hash of a file, which is at `place`, if it is certain that the file has not changed."""
        found = self.known.get(path)
        if found is None:
            return None
        try:
            about = os.lstat(place)
        except OSError:
            return None
        if status_of(about) != found.status:
            return None
        self.seen[path] = found
        return found

    def add(self, path: str, hashed: Hashed) -> None:
        self.seen[path] = hashed

    def save(self) -> None:
        """Write the hashes if they are others than before. Errors are ignored: the files are read again."""
        settled = {path: one for path, one in self.seen.items() if one.is_settled}
        if settled == self.known or not settled:
            return
        rows = {path: [*one.status, one.taken, one.sha256, one.is_text, one.has_crlf] for path, one in settled.items()}
        text = json.dumps(rows, separators=(",", ":")).encode()
        header = json.dumps({"format": FORMAT, "sha256": hashlib.sha256(text).hexdigest()}).encode()
        with suppress(OSError):
            private_folder.create(self.path.parent)
            if not private_folder.objection(self.path.parent):
                private_folder.remove_old_drafts(self.path.parent)
                private_folder.write_own(self.path, (header, b"\n", text))
                trim(self.path.parent.parent, keep=self.path.parent)


def status_of(about: os.stat_result) -> Status:
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino, about.st_dev


def now() -> int:
    return time.time_ns()


def _read(data: bytes) -> dict[str, Hashed]:
    header, _, text = data.partition(b"\n")
    about = json.loads(header)
    if about["format"] != FORMAT or about["sha256"] != hashlib.sha256(text).hexdigest():
        return {}
    return dict(map(_row, json.loads(text).items()))


def _row(item: tuple[str, JSON]) -> tuple[str, Hashed]:
    path, (size, modified, changed, number, device, taken, digest, is_text, has_crlf) = item
    status = (of_type(size, int), of_type(modified, int), of_type(changed, int), of_type(number, int), device)
    hashed = Hashed(status, of_type(taken, int), of_type(digest, str), of_type(is_text, bool), of_type(has_crlf, bool))
    return path, hashed
