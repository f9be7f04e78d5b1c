"""Stores for tests: one in memory, and one that does something between two operations."""

import itertools
import threading
from collections.abc import Callable, Iterable

from reconciler.state.store import Store, Versioned, check_key, check_prefix, conflict_error, exists_error


class MemoryStore:
    location = "memory"

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

    def _write(self, key: str, data: bytes) -> str:
        version = str(next(self._versions))
        self.documents[key] = Versioned(data, version)
        return version


class Crash(BaseException):
    """The process is dead: nothing may catch this."""


class InterruptedStore:
    """Calls `before(n)` before the n-th operation, counted from 0; each deletion of a key is one."""

    def __init__(self, inner: Store, before: Callable[[int], None]) -> None:
        self.location = inner.location
        self.inner, self.operations, self._before = inner, 0, before
        self.written: list[tuple[str, int]] = []
        """Key and length of every document written."""

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

    def _step(self) -> None:
        number = self.operations
        self.operations += 1
        self._before(number)


def crash_at(number: int) -> Callable[[int], None]:
    """For `InterruptedStore`: the process dies before its `number`-th operation, and does nothing any more."""

    def before(operation: int) -> None:
        if operation >= number:
            raise Crash

    return before


def never(_operation: int) -> None:
    """For `InterruptedStore`: nothing happens."""
