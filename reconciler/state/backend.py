"""The state backend of one identity: read it, lock it, and record a run in it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state import edits, journal, lock, snapshots
from reconciler.state.codec import Keep, as_decoded
from reconciler.state.lock import Holder, Lease, Lock
from reconciler.state.model import AppliedPlan, Intent, NotWritten, Snapshot
from reconciler.state.store import (
    BackendConfig,
    ConflictError,
    ExistsError,
    Store,
    StoreError,
    is_batch,
    latest_documents,
    writes_groups,
)


@dataclass(frozen=True, slots=True)
class Backend:
    """The state of `identity`, kept in `store` under `state/<identity>/`. Calls block.

    snapshot = backend.read()
    with backend.lock(this_process(os.environ)) as lease:
        run = backend.begin(snapshot, intents, lease)
        ...
        run.record(Completed(address, applied))
        run.close("complete")
    """

    store: Store
    identity: Identity
    now: Callable[[], float] = time.time

    def read(self, keep: Keep = as_decoded) -> Snapshot:
        """Return the current state. Takes no lock and writes nothing. Of each entry, what `keep` returns for it is in
        the result.
        """
        return snapshots.read(self.store, self.identity, keep=keep)

    def read_latest(self) -> Snapshot:
        """Return the state as the store last saw it, if reading again is slow."""
        return snapshots.read(self.store, self.identity, latest=True)

    def read_entry(self, address: Address) -> Applied | None:
        """Return one entry without the others, if it can be read that way; see `snapshots.read_entry`."""
        return snapshots.read_entry(self.store, self.identity, address)

    @contextmanager
    def lock(self, holder: Holder, *, waits: bool = True) -> Iterator[Lease]:
        """Hold the lock; raises `LockedError`, see `lock.acquire`. The caller must renew the lease every
        `lock.DURATION / 3` seconds.
        """
        lease = lock.acquire(self.store, self.identity, holder, self.now, waits=waits)
        try:
            yield lease
        except BaseException:
            with suppress(StoreError):  # report the original error; a lock that cannot be released expires
                lease.release()
            raise
        lease.release()

    def begin(
        self,
        snapshot: Snapshot,
        intents: Iterable[Intent],
        lease: Lease,
        *,
        openai_project: str | None = None,
        plan: AppliedPlan | None = None,
        outlets: tuple[str, ...] | None = None,
        environments: tuple[str, ...] | None = None,
        holds: Mapping[Address, Mapping[str, str]] | None = None,
        destroys: bool = False,
        not_written: Mapping[Address, NotWritten] | None = None,
    ) -> journal.Journal:
        """Begin the journal of a run; see `journal.begin`."""
        return journal.begin(
            self.store,
            lease,
            snapshot,
            intents,
            openai_project=openai_project,
            plan=plan,
            outlets=outlets,
            environments=environments,
            holds=holds,
            destroys=destroys,
            not_written=not_written,
        )

    def rewrite(self, base: Snapshot, new: Snapshot, lease: Lease, note: str) -> Snapshot:
        """Replace the state with `new` and release the lock; see `edits.rewrite`."""
        return edits.rewrite(self.store, lease, base, new, note)

    def held(self) -> Lock | None:
        """Return the lock, even if it has expired; None if no lock is held."""
        return lock.read_lock(self.store, self.identity)

    def check_writable(self) -> None:
        """Raise StoreError if the state cannot be written, as far as that can be found out; see `Store`."""
        self.store.check_writable(f"state/{self.identity}/doctor")

    def wait_until_free(self) -> bool:
        """Return when no other run holds the lock, and whether one did; see `lock.wait_until_free`."""
        return lock.wait_until_free(self.store, self.identity, self.now)

    def unlock(self) -> Lock | None:
        """Release the lock of any holder and return it; for `state unlock`, after its run has died."""
        return lock.unlock(self.store, self.identity, self.now)


@dataclass(frozen=True, slots=True)
class StoreOutlet:
    """The built-in outlet: bundles in the same store as the state. The last write wins.

    In a `BatchStore`, bundles are written together with the next write of the state, which records them.
    """

    store: Store
    prefix: str = "bundles/"

    @property
    def is_quick(self) -> bool:
        return is_batch(self.store) or self.store.is_quick

    @property
    def writes_groups(self) -> bool:
        return is_batch(self.store) or writes_groups(self.store)

    def read(self, key: str) -> bytes | None:
        found = latest_documents(self.store).read(self.prefix + key)
        return found.data if found else None

    def write(self, key: str, data: bytes) -> None:
        self.put_all({key: data})

    def put_all(self, documents: Mapping[str, bytes]) -> None:
        if writes_groups(self.store):
            self.store.put_all({self.prefix + key: data for key, data in documents.items()})
            return
        for key, data in documents.items():
            self._put(key, data)

    def _put(self, key: str, data: bytes) -> None:
        """Write `data` under `key`, unless it is there already."""
        if is_batch(self.store):
            if self.read(key) != data:
                self.store.defer(self.prefix + key, data)
            return
        while True:  # each repetition follows a successful write of another process
            found = self.store.read(self.prefix + key)
            if found is not None and found.data == data:
                return
            try:
                if found is None:
                    self.store.create(self.prefix + key, data)
                else:
                    self.store.replace(self.prefix + key, data, found.version)
            except (ExistsError, ConflictError):
                continue
            return

    def list(self, prefix: str) -> list[str]:
        return [key.removeprefix(self.prefix) for key in latest_documents(self.store).list(self.prefix + prefix)]

    def delete(self, key: str) -> None:
        if is_batch(self.store):
            self.store.defer(self.prefix + key, None)
        else:
            self.store.delete([self.prefix + key])


def environments_in(store: Store, project: str) -> frozenset[str]:
    """Return the environments of a project that have a state in a store, from one list of its documents."""
    return frozenset(one.environment for one in identities_with_state(store, project) if one.environment)


def identities_with_state(store: Store, project: str | None = None) -> frozenset[Identity]:
    """Return the identities that have a state in a store, of one project or of all, from one list of documents."""
    keys = (key.split("/")[1:] for key in latest_documents(store).list(f"state/{project}/" if project else "state/"))
    found = {tuple(key[: -1 if key[-1] == "state.json" else -2]) for key in keys if _is_state(key)}
    return frozenset(Identity(*parts) for parts in found if len(parts) in (1, 2))


def _is_state(key: Sequence[str]) -> bool:
    """Return True for the document of a state, or of a run in its journal."""
    return key[-1] == "state.json" or key[-2:-1] == ["journal"]


def open_store(project: Path, configured: str | None, environ: Mapping[str, str], *, embedded: bool) -> Store:
    """Open the store named by `RECONCILER_STATE`, otherwise by `configured` (from `project.yaml`), otherwise `local`.

    Both are a backend name, or a URL with that name as its scheme; see `BackendConfig`. Writes nothing.
    """
    given = environ.get("RECONCILER_STATE")
    config = BackendConfig(given or configured or "local", project, environ, embedded, of_manifest=not given)
    if config.backend not in _BACKENDS:
        known = ", ".join(sorted(_BACKENDS))
        # Name only the scheme: the rest may contain a password.
        raise ReconcilerError(
            Problem("unknown-state", f"unknown state backend {config.backend!r}", hint=f"Valid backends: {known}.")
        )
    opener: Callable[[BackendConfig], Store] = import_module(f"reconciler.state.{_BACKENDS[config.backend]}").open_store
    return opener(config)


_BACKENDS: Final[Mapping[str, str]] = {
    "git": "git",
    "local": "local",
    "postgres": "postgres",
    "postgresql": "postgres",
    "s3": "s3",
}
"""The modules of backends, by name; each has a function `open_store`. A new backend is one module and a line here."""
