"""The contract of a state backend: a small store of byte documents with compare-and-swap.

State, lock, journal and the built-in outlet use only these five operations. A backend is therefore one class, and one
contract test (`tests/state/contract.py`) covers all of them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeGuard
from urllib.parse import parse_qsl, urlsplit

from reconciler.resources.problems import Problem, ReconcilerError

_KEY: Final = re.compile(r"[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*(/[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*)*")


class StoreError(ReconcilerError):
    """The store could not be read or written."""


class ExistsError(StoreError):
    """`create` was called for a key that already has a document."""


class ConflictError(StoreError):
    """`replace` was called with a version that is not the current one."""


def exists_error(location: str, key: str) -> ExistsError:
    return ExistsError(Problem("state-exists", f"{location}/{key} was written by another process at the same time"))


def conflict_error(location: str, key: str) -> ConflictError:
    return ConflictError(
        Problem("state-conflict", f"{location}/{key} was changed by another process after it was read")
    )


@dataclass(frozen=True, slots=True)
class Versioned:
    """A document and its version in the store."""

    data: bytes
    version: str


class Store(Protocol):
    """A versioned key-value store of byte documents. Calls block; asynchronous callers run them in a thread.

    A store must
    - apply each call atomically and durably: a reader sees either the whole document or none, and a completed call
      survives a power failure;
    - let exactly one of several concurrent `create` calls for a key, or `replace` calls for a version, succeed, across
      threads, processes and machines;
    - include in `read` and `list` every write that completed before the call began;
    - give every write a new version, even if the content is unchanged (so the version is not a content hash);
    - raise `StoreError` for its failures, and `ValueError` for a key that `check_key` rejects;
    - be usable from several threads.

    It may repeat a call whose answer was lost, so `create` and `replace` may fail although they took effect. Callers
    write documents that identify their writer, and read them back.

    `read` and `list` must not write anything, not even on first use.
    """

    location: str
    """The location for messages, without credentials: a folder, `s3://bucket/prefix`, …"""

    @property
    def is_quick(self) -> bool:
        """True if a read takes a few milliseconds at most."""
        ...

    def read(self, key: str) -> Versioned | None:
        """Return the document, or None if it does not exist."""
        ...

    def create(self, key: str, data: bytes) -> str:
        """Write a new document and return its version; `ExistsError` if the key already has one."""
        ...

    def replace(self, key: str, data: bytes, version: str) -> str:
        """Overwrite `version` and return the new version; `ConflictError` if it is not the current one."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Delete documents; missing ones are ignored. Atomic for each document, not for all together."""
        ...

    def list(self, prefix: str) -> list[str]:
        """Return the keys below `prefix`, sorted. `prefix` is empty or ends with a slash."""
        ...

    def check_writable(self, key: str) -> None:
        """Raise `StoreError` if a write would fail, as far as that can be found out without a write. `key` names a
        document that does not exist.
        """
        ...


@dataclass(frozen=True, slots=True)
class Put:
    """A write of one document: over `version`, or, if that is None, of a new document."""

    key: str
    data: bytes
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """A deletion of documents; missing ones are ignored."""

    keys: tuple[str, ...]


Change: TypeAlias = Put | Delete


class Documents(Protocol):
    """A readable view of the documents in a store."""

    def read(self, key: str) -> Versioned | None: ...

    def list(self, prefix: str) -> list[str]: ...


class BatchStore(Store, Protocol):
    """A store whose calls are slow (about a second), so that several changes are made in one call."""

    def snapshot(self) -> Documents:
        """Return all documents as of now, in one call."""
        ...

    def write_all(self, changes: Sequence[Change], note: str) -> list[str]:
        """Make all of `changes` or none of them in one call; return the version of each document put.

        Versions are checked against the documents before all of the changes. `note` is kept with the write: a subject
        line, and lines of detail.
        """
        ...

    def latest(self) -> Documents:
        """Return all documents as of the last read or write of this store, with the deferred writes."""
        ...

    def defer(self, key: str, data: bytes | None) -> None:
        """Write `data` under `key`, or delete it (None), together with the next write. Lost if no write follows."""
        ...


def is_batch(store: Store) -> TypeGuard[BatchStore]:
    """Return True if several changes are made in one call. A check of the whole protocol takes as long as a read."""
    return hasattr(store, "write_all")


class GroupStore(Store, Protocol):
    """A store that writes several documents together with less work than one after the other."""

    def put_all(self, documents: Mapping[str, bytes]) -> None:
        """Write the documents by key, in this order, unless they have these bytes already: the last write wins. Each is
        written whole or not at all, and all are durable when this returns. Those in one folder are durable before a
        reader sees any of those in the next folder.
        """
        ...


def writes_groups(store: Store) -> TypeGuard[GroupStore]:
    """Return True if several documents are written together."""
    return hasattr(store, "put_all")


def current_documents(store: Store) -> Documents:
    """Return a view of `store`: of one point in time if that saves calls."""
    return store.snapshot() if is_batch(store) else store


def latest_documents(store: Store) -> Documents:
    """Return a view of `store`: as last seen if reading again is slow."""
    return store.latest() if is_batch(store) else store


def write_all(store: Store, changes: Sequence[Change], note: str) -> list[str]:
    """Make `changes` in order and return the version of each document put.

    Atomic in a `BatchStore`. In other stores, the changes before a failed one remain.
    """
    if is_batch(store):
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
    """Return `key` if it is valid: segments of `A-Z a-z 0-9 . _ @ + = -` joined by slashes, without leading dots.

    Every valid key is a safe relative path, branch entry and object name. ValueError otherwise.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a valid store key")
    return key


def check_prefix(prefix: str) -> str:
    """Return `prefix` if it is empty or a valid key followed by a slash; ValueError otherwise."""
    if prefix and (not prefix.endswith("/") or not _KEY.fullmatch(prefix[:-1])):
        raise ValueError(f"{prefix!r} is not a valid key prefix")
    return prefix


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """The configuration of a state backend."""

    url: str
    """The backend name, alone or as the scheme of a URL: `local`, `s3://bucket/prefix?region=eu-central-1`."""
    project: Path
    """The project folder."""
    environ: Mapping[str, str]
    embedded: bool = False
    """True if the endpoint is the emulator in this process, whose data is in the project folder."""
    of_manifest: bool = False
    """True if `project.yaml` names the backend, which a pull request can edit."""

    @property
    def backend(self) -> str:
        return self.url.partition(":")[0]

    def options(self, *known: str) -> dict[str, str]:
        """Return the query of the URL; ReconcilerError for unknown and repeated options."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        options = dict(pairs)
        if len(options) == len(pairs) and options.keys() <= set(known):
            return options
        wrong = next(name for index, (name, _) in enumerate(pairs) if name not in known or name in dict(pairs[:index]))
        message = f"the state backend {self.backend!r} has no option {wrong!r}"
        if wrong in known:
            message = f"the state backend {self.backend!r} has the option {wrong!r} twice"
        raise bad_state(message, f"Valid options: {', '.join(sorted(known)) or 'none'}.")


def runs_in_ci(environ: Mapping[str, str]) -> bool:
    """Return True in a CI job, whose checkout is temporary and may be that of a pull request: `CI` is set."""
    return environ.get("CI", "").lower() not in ("", "0", "false")


def bad_state(message: str, hint: str) -> ReconcilerError:
    """Return the error for an invalid backend URL."""
    return ReconcilerError(Problem("bad-state", message, hint=hint))
