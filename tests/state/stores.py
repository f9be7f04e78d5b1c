"""Stores for tests: one in memory, and one that calls a function before each operation."""

import itertools
import threading
from collections.abc import Callable, Iterable

from reconciler.state.store import Store, Versioned, check_key, check_prefix, conflict_error, exists_error


class MemoryStore:
    location = "memory"
    is_quick = True

    def __init__(self) -> None:
        self.documents: dict[str, Versioned] = {}
        self._versions = itertools.count()
        self._turn = threading.Lock()

    def read(self, key: str) -> Versioned | None:
        return self.documents.get(check_key(key))

    def create(self, key: str, data: bytes) -> str:
        with self._turn:
            if check_key(key) in self.documents:
                raise exists_error(self.location, key)
            return self._write(key, data)

    def replace(self, key: str, data: bytes, version: str) -> str:
        with self._turn:
            found = self.documents.get(check_key(key))
            if found is None or found.version != version:
                raise conflict_error(self.location, key)
            return self._write(key, data)

    def delete(self, keys: Iterable[str]) -> None:
        for key in map(check_key, keys):
            self.documents.pop(key, None)

    def list(self, prefix: str) -> list[str]:
        below = check_prefix(prefix)
        return sorted(key for key in list(self.documents) if key.startswith(below))

    def check_writable(self, key: str) -> None:
        check_key(key)

    def _write(self, key: str, data: bytes) -> str:
        version = str(next(self._versions))
        self.documents[key] = Versioned(data, version)
        return version


class Crash(BaseException):
    """The end of the process. Must not be caught."""


class InterruptedStore:
    """A store that calls `before(n)` before the n-th operation, counted from 0. Each deleted key is one operation."""

    def __init__(self, inner: Store, before: Callable[[int], None]) -> None:
        self.location, self.is_quick = inner.location, inner.is_quick
        self.inner, self.operations, self._before = inner, 0, before
        self.written: list[tuple[str, int]] = []
        """Keys and lengths of the written documents."""

    def read(self, key: str) -> Versioned | None:
        self._step()
        return self.inner.read(key)

    def create(self, key: str, data: bytes) -> str:
        self._step()
        self.written.append((key, len(data)))
        return self.inner.create(key, data)

    def replace(self, key: str, data: bytes, version: str) -> str:
        self._step()
        self.written.append((key, len(data)))
        return self.inner.replace(key, data, version)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._step()
            self.inner.delete([key])

    def list(self, prefix: str) -> list[str]:
        self._step()
        return self.inner.list(prefix)

    def check_writable(self, key: str) -> None:
        self._step()
        self.inner.check_writable(key)

    def _step(self) -> None:
        number = self.operations
        self.operations += 1
        self._before(number)


def crash_at(number: int) -> Callable[[int], None]:
    """Return a function for `InterruptedStore` that ends the process before operation `number`."""

    def before(operation: int) -> None:
        if operation >= number:
            raise Crash

    return before


def never(_operation: int) -> None:
    """Do nothing; a function for `InterruptedStore`."""


class NotingStore(MemoryStore):
    """A store that keeps notes, latest first, as a Git branch does."""

    def __init__(self, *notes: str) -> None:
        super().__init__()
        self.notes = list(notes)

    def messages(self, having: str) -> list[str]:
        return [text for text in self.notes if any(line.startswith(having) for line in text.splitlines())]
