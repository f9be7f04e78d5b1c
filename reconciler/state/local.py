"""The `local` backend: documents as files in one folder, for one machine."""

import errno
import fcntl
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from reconciler.files.drafts import sweep, write_whole
from reconciler.files.folders import leads_out, leads_through_links, visible_files
from reconciler.resources.problems import Problem, ReconcilerError, reason
from reconciler.state.store import (
    BackendConfig,
    Store,
    StoreError,
    Versioned,
    check_key,
    check_prefix,
    conflict_error,
    exists_error,
    runs_in_ci,
)

FOLDER: Final = ".reconciler"
"""The folder in the project folder for files that belong to this machine only."""

_READ: Final = os.O_RDONLY | os.O_CLOEXEC
_LOCK: Final = ".store.lock"
_DRAFT: Final = ".store.tmp"
_AT_ONCE: Final = 64
"""Maximum number of documents of a group that are open at once."""


class LocalStore:
    """A `Store` in `folder`. The first write creates the folder, with a `.gitignore` that excludes it from Git.

    Writers take turns with `flock` on one file. Readers need no lock, because documents are renamed into place.
    """

    is_quick: Final = True

    def __init__(self, folder: Path) -> None:
        self._inside: set[str] = set()
        """Folders below which a read looks for no links any more: there were none on the way to them."""
        self.location = str(folder)
        self._folder = folder
        self._draft = folder / _DRAFT
        self._renames = _Renames()
        self._is_swept = False

    def read(self, key: str) -> Versioned | None:
        try:
            handle = self._opened(key)
            try:
                status = os.fstat(handle)
                return Versioned(_all_of(handle, status.st_size), _version(status))
            finally:
                os.close(handle)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._error(error) from error

    def _opened(self, key: str) -> int:
        """Return the handle of a document that is open for reading. It may be a link to another one in the folder."""
        path, parent = f"{self.location}/{check_key(key)}", _parent(key)
        if parent in self._inside:
            try:
                return _not_through_links(path, _READ)
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
        handle = os.open(self._path(key), _READ)
        if not leads_through_links(self._folder, parent):
            self._inside.add(parent)
        return handle

    def is_at(self, key: str, version: str) -> bool:
        """Return True if the document has this version. It is not opened: that takes much longer."""
        with self._errors():
            try:
                return _version(os.stat(f"{self.location}/{check_key(key)}")) == version  # noqa: PTH116 - every write
            except (FileNotFoundError, NotADirectoryError):
                return False

    def create(self, key: str, data: bytes) -> str:
        path = self._path(key)
        with self._errors():
            with self._exclusive() as stamp:
                if path.exists():
                    raise exists_error(self.location, key)
                version = self._write(path, data, stamp)
            self._renames.sync(path.parent)
            return version

    def replace(self, key: str, data: bytes, version: str) -> str:
        path = self._path(key)
        with self._errors():
            with self._exclusive() as stamp:
                if not path.exists() or _version(path.stat()) != version:
                    raise conflict_error(self.location, key)
                version = self._write(path, data, stamp)
            self._renames.sync(path.parent)
            return version

    def put_all(self, documents: Mapping[str, bytes]) -> None:
        """See `GroupStore.put_all`. The lock is taken once, the contents become durable together, and then the renames,
        folder by folder.
        """
        with self._errors():
            for folder in dict.fromkeys(filter(None, map(_parent, documents))):
                self._path(folder)
            with self._exclusive() as stamp:
                self._remove_drafts()
                remaining = iter(documents.items())
                while group := list(islice(remaining, _AT_ONCE)):
                    self._write_group(group, stamp)

    def _write_group(self, documents: Iterable[tuple[str, bytes]], stamp: int) -> None:
        """Write the documents that differ. If one cannot be written, those before it are."""
        drafts: list[_Draft] = []
        try:
            for number, (key, data) in enumerate(documents):
                path = self._folder / check_key(key)
                if self._data(path, key) != data:
                    drafts.append(_written(f"{self._draft}-{number}", path, data, stamp))
        finally:
            _make_durable(drafts)
            for folder, renamed in groupby(drafts, key=lambda draft: draft.target.parent):
                try:
                    for draft in renamed:
                        _rename(draft.file, draft.target)
                finally:
                    if folder.is_dir():
                        self._renames.sync(folder)

    def _remove_drafts(self) -> None:
        """Remove the drafts that a crash left, once. The caller holds the write lock, so nothing writes them."""
        if not self._is_swept:
            self._is_swept = True
            for draft in self._folder.glob(f"{_DRAFT}-*"):
                draft.unlink(missing_ok=True)

    def _data(self, path: Path, key: str) -> bytes | None:
        """Return the content of a document in a folder that was checked; None if it does not exist."""
        try:
            with open(path, "rb", opener=_not_through_links) as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            found = self.read(key)
            return found.data if found else None

    def delete(self, keys: Iterable[str]) -> None:
        paths = [self._path(key) for key in keys]
        with self._errors(), self._exclusive():
            for path in paths:
                path.unlink(missing_ok=True)
            for folder in {path.parent for path in paths if path.parent.exists()}:
                _sync(folder)

    def list(self, prefix: str) -> list[str]:
        with self._errors():
            files = visible_files(self._folder / check_prefix(prefix), _unless_missing, hidden_folders=False)
            return sorted(prefix + path for path in files)

    def check_writable(self, key: str) -> None:
        with self._errors():
            present = next(folder for folder in self._path(key).parents if folder.exists())
            if not os.access(present, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(present))

    def _path(self, key: str) -> Path:
        path = self._folder / check_key(key)
        if leads_out(self._folder, key):
            raise StoreError(
                Problem(
                    "state-outside",
                    f"{path} is outside {self.location}",
                    hint="Remove the symbolic link that leads there.",
                )
            )
        return path

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> StoreError:
        message = f"cannot use the state in {self.location}: {reason(error)}"
        return StoreError(Problem("state-io", message, hint="Check the permissions and the free space of that folder."))

    @contextmanager
    def _exclusive(self) -> Iterator[int]:
        """Hold the write lock, and yield a timestamp in nanoseconds that is later than all previous ones.

        The timestamps become the modification times of documents, which are part of their versions. The latest one is
        kept as the modification time of the lock file, so that timestamps increase even if the clock steps back.
        """
        _make_folder(self._folder)
        ignore_in_git(self._folder)
        with (self._folder / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            latest = os.fstat(lock.fileno())
            stamp = max(time.time_ns(), latest.st_mtime_ns + 1)
            os.utime(lock.fileno(), ns=(stamp, stamp))
            yield stamp

    def _write(self, path: Path, data: bytes, stamp: int) -> str:
        """Write `data` to `path` atomically. The draft has a fixed name, so that crashes leave at most one.

        The caller makes the rename durable, without the write lock.
        """
        draft = _written(str(self._draft), path, data, stamp)
        version = _version(os.fstat(draft.handle))
        _make_durable([draft])
        _rename(draft.file, path)
        return version


@dataclass(frozen=True, slots=True)
class _Draft:
    """A complete document under another name, as an open file."""

    file: str
    handle: int
    target: Path


def _written(file: str, target: Path, data: bytes, stamp: int) -> _Draft:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        written = 0
        while written < len(data):
            written += os.write(handle, memoryview(data)[written:])
        os.utime(handle, ns=(stamp, stamp))
    except BaseException:
        os.close(handle)
        with suppress(OSError):
            os.unlink(file)  # noqa: PTH108
        raise
    return _Draft(file, handle, target)


def _make_durable(drafts: Sequence[_Draft]) -> None:
    """Make the contents of drafts durable, and close them.

    The system is asked to write all of them before it is waited for the first one, so that they become durable
    together: with one change of the file system instead of one for each.
    """
    try:
        if len(drafts) > 1 and hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                for draft in drafts:
                    os.posix_fadvise(draft.handle, 0, 0, os.POSIX_FADV_DONTNEED)
        for draft in drafts:
            os.fsync(draft.handle)
    finally:
        for draft in drafts:
            os.close(draft.handle)


def _rename(file: str, target: Path) -> None:
    try:
        os.replace(file, target)  # noqa: PTH105 - called for every document
    except FileNotFoundError:
        _make_folder(target.parent)
        os.replace(file, target)  # noqa: PTH105


class _Renames:
    """Makes the renames of several threads durable. One fsync of a folder serves all that were done when it began: of
    sixteen documents that are written at once, most wait for the same one.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._folders: dict[Path, _Folder] = defaultdict(_Folder)

    def sync(self, folder: Path) -> None:
        """Return when the renames in `folder` that were done before the call are durable."""
        with self._guard:
            found = self._folders[folder]
            found.asked += 1
            own = found.asked
        with found.turn:
            if found.durable >= own:
                return
            with self._guard:
                begun = found.asked
            _sync(folder)
            found.durable = begun


@dataclass
class _Folder:
    asked: int = 0
    """The number of renames."""
    durable: int = 0
    """The number of those that are durable."""
    turn: threading.Lock = field(default_factory=threading.Lock)


def _all_of(handle: int, size: int) -> bytes:
    """Return the content of an open file, which has `size` bytes. A plan reads thousands of documents: a file object
    for each would take twice the time.
    """
    data = os.read(handle, size + 1)
    while 0 < len(data) < size and (more := os.read(handle, size - len(data))):
        data += more
    return data


def _version(status: os.stat_result) -> str:
    # The inode distinguishes two writes on file systems with timestamps coarser than nanoseconds.
    return f"{status.st_mtime_ns:x}-{status.st_ino:x}"


def _parent(key: str) -> str:
    """Return the folder of a key; empty if there is none."""
    return key.rpartition("/")[0]


def _not_through_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Make changes to the entries of `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def ignore_in_git(folder: Path) -> None:
    """Exclude the contents of `folder` from Git."""
    file = folder / ".gitignore"
    if not file.exists():
        sweep(folder)
        write_whole(file, b"*\n")


def open_store(config: BackendConfig) -> Store:
    config.options()
    if runs_in_ci(config.environ) and not config.embedded:
        message = f"the state in {FOLDER}/ of this checkout would be lost when the CI job ends"
        hint = "Set RECONCILER_STATE to a shared backend, such as `git`. (CI is set in the environment.)"
        raise ReconcilerError(Problem("local-state-in-ci", message, hint=hint))
    return LocalStore(config.project / FOLDER)
