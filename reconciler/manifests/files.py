"""Files of the project folder that manifests name by path or pattern, with their hashes, and hints for wrong paths."""

import codecs
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from reconciler.manifests.cache.file_hashes import FileHashes, Hashed, now, status_of
from reconciler.manifests.folder import (
    LFS_HINT,
    LFS_MESSAGE,
    MAX_INCLUDED,
    UnreadableError,
    is_lfs_pointer,
    open_regular,
    read_text,
)
from reconciler.manifests.tree import Tree
from reconciler.resources.address import composed
from reconciler.resources.base import LocalFile
from reconciler.resources.name_lists import SUGGESTIONS, did_you_mean
from reconciler.resources.patterns import matches, may_match_below
from reconciler.resources.problems import Finding

_WILD = re.compile(r"[*?\[]")
_RELEASED = re.compile(r"releases/(files/[0-9a-f]{64}|[-a-z0-9]+/v[1-9][0-9]*\.ya?ml)")
"""Files that `release` writes. Patterns never match them."""
_MOST_ABSENT: Final = 3
"""Largest number of absent files that are reported for one pattern."""
_START: Final = 8000
"""Number of bytes in which Git looks for signs of a binary file."""
_CHUNK: Final = 1 << 18
_UNUSUAL: Final = frozenset({"", "."})
"""Parts that only an absolute path, or one that is not normalized, has."""
_MISPLACED: Final = frozenset({"missing-file", "outside-project", "bad-path"})


@dataclass
class PathHints:
    """Hints for the paths of one run. Their number is limited, because each is compared with every file."""

    tree: Tree
    _found: dict[str, str] = field(default_factory=dict)

    def __call__(self, path: str, error: UnreadableError) -> str:
        """Return the next step for a path that cannot be read."""
        absent = self.tree.absence(composed(path))
        if absent and error.code in _MISPLACED:
            return f"{absent.path} {absent.message}: {absent.hint}"
        if error.code not in _MISPLACED:
            return error.hint
        if path not in self._found and len(self._found) < SUGGESTIONS:
            self._found[path] = self._from_the_top(path) or self._alike(path)
        return self._found.get(path) or error.hint

    def _from_the_top(self, path: str) -> str:
        """Return a hint for a path relative to the manifest or the repository, or an absolute path."""
        parts = PurePosixPath(path).parts
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        found = next((tail for tail in tails if tail != path and self.tree.has(tail)), None)
        return f"paths are relative to the project folder: write `{found}`" if found else ""

    def _alike(self, path: str) -> str:
        name = PurePosixPath(path).name
        namesakes = [known for known in self.tree.files if PurePosixPath(known).name == name][:3] if name else []
        if namesakes:
            return f"did you mean {' or '.join(f'`{known}`' for known in namesakes)}?"
        return did_you_mean(path, self.tree.files)


@dataclass
class Files:
    """The files found by one walk of the folder. Hashes are cached by path, size and modification time."""

    tree: Tree
    hint: PathHints
    hashes: FileHashes | None = None
    """Hashes of earlier runs."""
    with_crlf: dict[str, Path] = field(default_factory=dict)
    """Text files with the line ends of Windows that were read, and their places, by path."""
    _matched: dict[str, list[str]] = field(default_factory=dict)
    _hashed: dict[tuple[str, int, int], LocalFile] = field(default_factory=dict)
    _unchanged: dict[str, LocalFile] = field(default_factory=dict)

    def glob(self, pattern: str) -> list[str]:
        """Return the matching paths, sorted. `*`, `?` and `[…]` match within a name, `**` across folders.

        Some absent files that match, or absent folders that may contain matching files, are returned too: reading them
        is an error.
        """
        if pattern in self._matched:
            return list(self._matched[pattern])
        parts = PurePosixPath(composed(pattern)).parts
        fixed = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
        if fixed == len(parts):
            path = "/".join(parts)
            return [path] if self.tree.has(path) or self.tree.absence(path) else []
        found = {path for path in self.tree.under("/".join(parts[:fixed])) if matches(path, parts)}
        found.update(islice(self._absent(parts), _MOST_ABSENT))
        self._matched[pattern] = sorted(path for path in found if not _RELEASED.fullmatch(path))
        return list(self._matched[pattern])

    def _absent(self, parts: tuple[str, ...]) -> Iterator[str]:
        for path, entry in self.tree.absent.items():
            if matches(path, parts) or (entry.folder and may_match_below(path, parts)):
                yield path

    def read(self, path: str) -> LocalFile | Finding:
        """Return the size and hash of a file, or a finding with an empty path, which the caller fills in."""
        path = composed(path)
        if path in self._unchanged:
            return self._unchanged[path]
        absent = self.tree.absence(path)
        if absent:
            return Finding((), absent.code, f"{absent.path} {absent.message}", absent.hint)
        try:
            return self._hash(_plain(path))
        except UnreadableError as error:
            return Finding((), error.code, f"{path} {error.message}", self.hint(path, error))

    def text(self, path: str) -> str | Finding:
        """Return the text of a file, or a finding with an empty path, which the caller fills in."""
        path = composed(path)
        try:
            return read_text(self.tree.locate(_plain(path)), MAX_INCLUDED)
        except UnreadableError as error:
            return Finding((), error.code, f"{path} {error.message}", self.hint(path, error))

    def _known(self, path: str) -> LocalFile | None:
        """Return a file that has not changed since an earlier run. It is not a link, and has its name on disk."""
        if self.hashes is None or path not in self.hashes.known or not path.isascii() or path in self.tree.links:
            return None
        real = self.tree.locate(path)
        found = self.hashes.find(path, real)
        if found is None:
            return None
        if found.has_crlf:
            self.with_crlf[path] = Path(real)
        return LocalFile(path, found.sha256, found.status[0], is_text=found.is_text)

    def _hash(self, path: str) -> LocalFile:
        known = self._known(path)
        if known is None:
            return self._read_hash(path)
        self._unchanged[path] = known
        return known

    def _read_hash(self, path: str) -> LocalFile:
        real, taken = self.tree.locate(path), now()
        with os.fdopen(open_regular(real), "rb") as file:
            status = os.fstat(file.fileno())
            key = path, status.st_size, status.st_mtime_ns
            if key not in self._hashed:
                start = file.read(_START)
                if is_lfs_pointer(start):
                    raise UnreadableError("lfs-pointer", LFS_MESSAGE, LFS_HINT)
                if b"\r\n" in start and b"\0" not in start:
                    self.with_crlf[path] = Path(real)
                file.seek(0)
                sha256, is_text = _examined(file)
                on_disk, target = self._on_disk(path, real), self._target(path, real)
                self._hashed[key] = LocalFile(path, sha256, status.st_size, "", on_disk, is_text, target)
                if self.hashes is not None and not on_disk and not target:
                    self.hashes.add(path, Hashed(status_of(status), taken, sha256, is_text, path in self.with_crlf))
            return self._hashed[key]

    def _target(self, path: str, real: str) -> str:
        """Return the path of the file that a link leads to; nothing for a file that is not a link."""
        if path not in self.tree.links:
            return ""
        return composed(self.tree.relative(real))

    def _on_disk(self, path: str, real: str) -> str:
        """Return the place of a file whose name has another Unicode form in the file system; otherwise nothing."""
        if path.isascii() or (self.tree.root / path).exists():
            return ""
        return self.tree.relative(real)


def _examined(file: BinaryIO) -> tuple[str, bool]:
    """Return the SHA-256 of a file in hex, and True if its content is UTF-8, or UTF-16 with a byte order mark."""
    digest, is_text = hashlib.sha256(), True
    decoder: codecs.IncrementalDecoder | None = None
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        if decoder is None:
            wide = chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")()
        is_text = is_text and _decodes(decoder, chunk)
    return digest.hexdigest(), is_text and (decoder is None or _decodes(decoder, b"", final=True))


def _decodes(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError:
        return False
    return True


def _plain(path: str) -> str:
    """Return `path` if it is normalized. Otherwise one file would have several addresses."""
    parts = path.split("/")
    if ".." in parts or (not _UNUSUAL.isdisjoint(parts) and str(PurePosixPath(path)) != path):
        hint = "write it without `.`, `..` and doubled slashes"
        raise UnreadableError("bad-path", "is not a normalized path", hint)
    return path
