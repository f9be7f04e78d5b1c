"""The files of a server in the project: their places, which do not depend on the server, and their contents."""

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from reconciler.files.changes import Names
from reconciler.live import source_objects
from reconciler.live.adapters import gather
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError, reclassified
from reconciler.manifests.folder import is_lfs_pointer
from reconciler.migration.model import ServerFile, text_of
from reconciler.resources.address import composed
from reconciler.resources.base import LocalFile
from reconciler.resources.problems import Problem, ReconcilerError

FOLDER: Final = "files"
"""The folder of downloaded files, below the project folder."""
AT_ONCE: Final = 2
"""Downloads in memory: each may have 512 MB."""
UNANSWERED: Final = frozenset({"unreachable", "timeout", "unauthorized", "rate-limited", "quota", "too-large"})
"""Codes of errors that are not about one object: with them, the migration ends, and can be repeated."""
_UNSAFE: Final = re.compile(r"""[^\w .,()+@=&~'-]""")
_MANIFEST: Final = re.compile(r"\.ya?ml(\.txt)?\Z", re.IGNORECASE)
"""The end of a name that is that of a manifest, or looks like one."""
_YAML: Final = re.compile(r"\.(ya?ml)(?=\.|\Z)", re.IGNORECASE)
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(?=\.|\Z)", re.IGNORECASE)
"""Names that Windows reserves, with any extension."""
_PAGE: Final = re.compile(rb"\s*<(!doctype html|html)\b", re.IGNORECASE)
_PAGES: Final = (".html", ".htm", ".xhtml", ".md")
"""Extensions of files that may begin as web pages do."""
_NAME_BYTES: Final = 200


@dataclass(frozen=True)
class _Answer:
    """The response of the server about one file."""

    name: str
    content: Path | None
    sha256: str = ""
    bytes: int = 0
    why: str = ""


@dataclass
class Downloads:
    """Contents in a temporary folder, and their places in the project."""

    root: Path
    """The project folder."""
    folder: Path
    """The temporary folder."""
    contents: dict[str, Path] = field(default_factory=dict)
    """New files: their content, by path relative to the project folder."""
    _names: Names = field(default_factory=Names)
    _used: dict[str, Literal["file", "folder"]] = field(default_factory=dict)
    """Paths of this run, without case."""
    _hashes: dict[str, str] = field(default_factory=dict)
    """The content of each downloaded file, by path."""
    _memory: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def fetch(self, connection: Connection, ids: Iterable[str]) -> Mapping[str, ServerFile]:
        """Return the files by id. One that the server does not give has the reason in place of its content."""
        distinct = list(dict.fromkeys(ids))
        if distinct and _is_in_the_way(self.root / FOLDER):
            hint = "Move it, or choose another folder with `--into DIR`."
            raise ReconcilerError(Problem("exists", f"{self.root / FOLDER} is not a folder", hint=hint))
        answers = await gather(self._answer(connection, id_, number) for number, id_ in enumerate(distinct))
        return {id_: self._placed(id_, answer) for id_, answer in zip(distinct, answers, strict=True)}

    async def _answer(self, connection: Connection, id_: str, number: int) -> _Answer:
        """Return the content of a file in a temporary file."""
        name = id_
        try:
            body = await source_objects.file(connection, id_)
            if body is None:
                return _Answer(id_, None, why="the server does not have this file any more")
            name = text_of(body.get("filename")) or id_
            async with self._memory:
                content = await _content(connection, id_)
                listed = body.get("bytes")
                if listed and listed != len(content):
                    why = f"the server gave {len(content):,} bytes of a file that has {listed:,}"
                    return _Answer(name, None, why=why)
                return await asyncio.to_thread(self._kept, name, number, content)
        except LiveError as error:
            if any(problem.code in UNANSWERED for problem in error.problems):
                raise
            return _Answer(name, None, why=f"the server does not give its content: {reason_of(error)}")

    def _kept(self, name: str, number: int, content: bytes) -> _Answer:
        if not content:
            return _Answer(name, None, why="its content is empty, and OpenAI refuses empty files")
        if _PAGE.match(content) and not name.casefold().endswith(_PAGES):
            return _Answer(name, None, why="the server gave a web page in its place")
        if is_lfs_pointer(content):
            return _Answer(name, None, why="its content is a pointer of Git LFS, and not the file itself")
        path = self.folder / str(number)
        path.write_bytes(content)
        return _Answer(name, path, hashlib.sha256(content).hexdigest(), len(content))

    def _placed(self, id_: str, answer: _Answer) -> ServerFile:
        """Return the file at a free path, or at that of a file of the project with the same name and content.

        In place of a content that the server does not give, the file is used that a person has put at its path.
        """
        path = self._path(id_, safe_name(answer.name, "file"), answer)
        if answer.content is None:
            return ServerFile(id_, answer.name, path, _local(self.root, path), answer.why)
        if not (self.root / path).exists():
            self.contents[path] = answer.content
        return ServerFile(id_, answer.name, path, LocalFile(path, answer.sha256, answer.bytes))

    def _path(self, id_: str, name: str, answer: _Answer) -> str:
        """Return `files/NAME`, or `files/ID/NAME` if another content has this path: search results cite the name."""
        apart = safe_name(id_, "file")
        number = 1
        path = f"{FOLDER}/{name}"
        while not self._is_free(path, answer):
            path = f"{FOLDER}/{apart}{'' if number == 1 else f'-{number}'}/{name}"
            number += 1
        self._used[path.casefold()] = "file"
        if answer.sha256:
            self._hashes[path] = answer.sha256
        self._used.update(dict.fromkeys(_above(path.casefold()), "folder"))
        return path

    def _is_free(self, path: str, answer: _Answer) -> bool:
        folded = path.casefold()
        if answer.sha256 and self._hashes.get(path) == answer.sha256:
            return True
        if folded in self._used or any(self._used.get(above) == "file" for above in _above(folded)):
            return False
        if any(_is_in_the_way(self.root / above) for above in _above(path)):
            return False
        there = self._names.taken(self.root / path)
        if there is None:
            return True
        found = _local(self.root, path) if there == self.root / path else None
        return found is not None and answer.sha256 in ("", found.sha256)


async def _content(connection: Connection, id_: str) -> bytes:
    """Return the content of a file. If its transfer ends early and the server still answers, the error is about the
    file alone.
    """
    try:
        return await connection.content("files", id_, "content")
    except LiveError as error:
        if all(problem.code != "unreachable" for problem in error.problems):
            raise
        await source_objects.file(connection, id_)
        raise reclassified(error, LiveError, "incomplete", "") from error


def reason_of(error: LiveError) -> str:
    """Return what the server said, without the request."""
    return "; ".join(problem.message.removeprefix(f"{error.request}: ") for problem in error.problems)


def _above(path: str) -> list[str]:
    """Return the folders of a path, without the project folder."""
    return [str(folder) for folder in PurePosixPath(path).parents][:-1]


def _is_in_the_way(folder: Path) -> bool:
    return folder.is_symlink() or (folder.exists() and not folder.is_dir())


def _local(root: Path, path: str) -> LocalFile | None:
    """Return a file of the project with content; None if there is none, also for a link."""
    place = root / path
    if place.is_symlink() or not place.is_file():
        return None
    content = place.read_bytes()
    return LocalFile(path, hashlib.sha256(content).hexdigest(), len(content)) if content else None


def safe_name(name: str, fallback: str) -> str:
    """Return a file name for any `name` that a server returns: without folders, hidden files, patterns and characters
    that some file system refuses, and never that of a manifest.
    """
    last = re.split(r"[/\\]", composed(name))[-1]
    plain = _UNSAFE.sub("_", last).strip(" .").lstrip("-~")
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    if _MANIFEST.search(plain):
        plain = _YAML.sub(r"-\1", plain).removesuffix(".txt") + ".txt"
    return _shortened(plain) if re.search(r"\w", plain) else fallback


def _shortened(name: str) -> str:
    """Return `name` with at most `_NAME_BYTES` bytes; the extension stays."""
    if len(name.encode()) <= _NAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix[:20]
    room = _NAME_BYTES - len(suffix.encode())
    return name.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix
