"""The one thing a backend implements: a small store of byte documents with compare-and-swap.

State, lock, journal and the first outlet are all built on these five operations, so that a backend is one class and one
contract test (`tests/state/contract.py`) holds for all of them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

from reconciler.resources.problems import Problem, ReconcilerError

_KEY: Final = re.compile(r"[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*(/[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*)*")


class StoreError(ReconcilerError):
    """The store could not be read or written."""


class ExistsError(StoreError):
    """`create` found a document under the key."""


class ConflictError(StoreError):
    """`replace` found another version than the expected one, or none."""


def exists_error(location: str, key: str) -> ExistsError:
    return ExistsError(Problem("state-exists", f"{location}/{key} was written by somebody else at the same time"))


def conflict_error(location: str, key: str) -> ConflictError:
    return ConflictError(Problem("state-conflict", f"{location}/{key} was changed by somebody else since it was read"))


@dataclass(frozen=True, slots=True)
class Versioned:
    """A document and the version it has in its store."""

    data: bytes
    version: str


class Store(Protocol):
    """A versioned key-value store of byte documents. Calls block; asynchronous callers run them in a thread.

    A store must
    - apply each call atomically and durably: whoever reads, ever, sees a document whole or not at all, and what a call
      returned from survives a power cut;
    - let exactly one of several concurrent `create` of a key, or `replace` of one version, succeed, whether they come
      from threads, processes or machines;
    - answer `read` and `list` with everything that was done before the call began;
    - give every write a version of its own, also where it writes what stood there before (so no hash of the content);
    - raise `StoreError` for whatever goes wrong in it, and `ValueError` for a key that `check_key` refuses;
    - be usable from several threads.

    It may try a call again after an answer was lost, so that `create` and `replace` may fail although they were done:
    callers write documents that name their writer, and look.

    It must not write anything in `read` and `list`, not even when it is used for the first time.
    """

    location: str
    """Where it is, as people name it in messages: a folder, `s3://bucket/prefix`, …; never with credentials."""

    def read(self, key: str) -> Versioned | None:
        """The document, or None where there is none."""
        ...

    def create(self, key: str, data: bytes) -> str:
        """Write a document that must not exist yet, and give its version; `ExistsError` where it does."""
        ...

    def replace(self, key: str, data: bytes, version: str) -> str:
        """Write over exactly `version`, and give the new one; `ConflictError` where that is not the present one."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove documents; those that are not there are fine. Atomic for each, not for all together."""
        ...

    def list(self, prefix: str) -> list[str]:
        """The keys below `prefix`, which is empty or ends with a slash, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class Put:
    """Write a document: over exactly `version`, or where that is None one that must not exist yet."""

    key: str
    data: bytes
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove documents; those that are not there are fine."""

    keys: tuple[str, ...]


Change: TypeAlias = Put | Delete


class Documents(Protocol):
    """The documents of a store as they are to be read."""

    def read(self, key: str) -> Versioned | None: ...

    def list(self, prefix: str) -> list[str]: ...


@runtime_checkable
class BatchStore(Store, Protocol):
    """A store in which each call costs so much, a second say, that several are made as one."""

    def snapshot(self) -> Documents:
        """Everything as it is now, for the price of one call."""
        ...

    def write_all(self, changes: Sequence[Change], note: str) -> list[str]:
        """All of `changes` or none of them, for the price of one call; gives the version of each document put.

        What a change needs is looked for as it was before all of them. `note` is kept with the change: a line that
        tells people what was done, and lines of detail.
        """
        ...

    def latest(self) -> Documents:
        """Everything as it was when this store was last read or written, and what was deferred since."""
        ...

    def defer(self, key: str, data: bytes | None) -> None:
        """Write `data` under `key`, or remove it, together with the next write. It is lost where none follows."""
        ...


def snapshot(store: Store) -> Documents:
    """The documents of `store`: as of one moment, where that saves calls."""
    return store.snapshot() if isinstance(store, BatchStore) else store


def latest(store: Store) -> Documents:
    """The documents of `store`: as last seen, where looking again costs much."""
    return store.latest() if isinstance(store, BatchStore) else store


def write_all(store: Store, changes: Sequence[Change], note: str) -> list[str]:
    """Make `changes`, in this order, and give the version of each document put.

    Atomic in a `BatchStore`; in another one, those before the one that fails are done.
    """
    if isinstance(store, BatchStore):
        return store.write_all(changes, note)
    versions = []
    for change in changes:
        if isinstance(change, Delete):
            store.delete(change.keys)
        elif change.version is None:
            versions.append(store.create(change.key, change.data))
        else:
            versions.append(store.replace(change.key, change.data, change.version))
    return versions


def check_key(key: str) -> str:
    """`key`, if it is one: segments of `A-Z a-z 0-9 . _ @ + = -` joined by slashes, none of which starts with a dot.

    So every key is a safe relative path, branch entry and object name. ValueError otherwise.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a store")
    return key


def check_prefix(prefix: str) -> str:
    """`prefix`, if it is empty or a key with a slash behind it. ValueError otherwise."""
    if prefix and (not prefix.endswith("/") or not _KEY.fullmatch(prefix[:-1])):
        raise ValueError(f"{prefix!r} is no prefix of keys")
    return prefix


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """What a backend is opened from."""

    url: str
    """Its name, alone or as the scheme of a URL: `local`, `s3://bucket/prefix?region=eu-central-1`."""
    project: Path
    """The project folder."""
    environ: Mapping[str, str]
    embedded: bool = False
    """Whether the endpoint is the emulator of this process, of which the data is in the project folder."""

    @property
    def backend(self) -> str:
        return self.url.partition(":")[0]

    def options(self, *known: str) -> dict[str, str]:
        """The query of the URL; ReconcilerError for what is not among `known`, or stands there twice."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        options = dict(pairs)
        if len(options) == len(pairs) and options.keys() <= set(known):
            return options
        wrong = next(name for index, (name, _) in enumerate(pairs) if name not in known or name in dict(pairs[:index]))
        message = f"the state backend {self.backend!r} has no option {wrong!r}"
        if wrong in known:
            message = f"the state backend {self.backend!r} is given {wrong!r} twice"
        raise bad_state(message, f"There is: {', '.join(sorted(known))}.")


def bad_state(message: str, hint: str) -> ReconcilerError:
    """The error for a URL that names no store."""
    return ReconcilerError(Problem("bad-state", message, hint=hint))
