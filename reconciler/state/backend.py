"""The state of one identity, for the layers above: read it, lock it, record a run in it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.resources.address import Identity
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state import edits, journal, lock, snapshots
from reconciler.state.git import open_git
from reconciler.state.local import LocalStore
from reconciler.state.lock import Holder, Lease, Lock
from reconciler.state.model import AppliedPlan, Intent, Snapshot
from reconciler.state.postgres import open_postgres
from reconciler.state.s3 import open_s3
from reconciler.state.store import BackendConfig, BatchStore, ConflictError, ExistsError, Store, StoreError, latest

FOLDER: Final = ".reconciler"
"""In the project folder; everything of ours that is for this machine only."""


@dataclass(frozen=True, slots=True)
class Backend:
    """What was applied under `identity`, kept in `store` as `state/<identity>/`. Calls block.

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

    def read(self) -> Snapshot:
        """State as it is now. Takes no lock and writes nothing."""
        return snapshots.read(self.store, self.identity)

    @contextmanager
    def lock(self, holder: Holder) -> Iterator[Lease]:
        """Hold the lock; raises `LockedError`. The caller renews the lease every `lock.DURATION / 3` seconds."""
        lease = lock.acquire(self.store, self.identity, holder, self.now)
        try:
            yield lease
        except BaseException:
            with suppress(StoreError):  # what went wrong is the news; a lock that cannot be freed runs out by itself
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
    ) -> journal.Journal:
        """Open the record of a run that changes something; see `journal.begin`."""
        return journal.begin(self.store, lease, snapshot, intents, openai_project=openai_project, plan=plan)

    def rewrite(self, base: Snapshot, new: Snapshot, lease: Lease, note: str) -> Snapshot:
        """Make `new` what the state says, and free the lock; see `edits.rewrite`."""
        return edits.rewrite(self.store, lease, base, new, note)

    def held(self) -> Lock | None:
        """The lock as it is, whether or not it has expired; None where nobody holds it."""
        return lock.read_lock(self.store, self.identity)

    def unlock(self) -> Lock | None:
        """Free the lock whoever holds it, and give it; for a person who knows that run to be dead."""
        return lock.unlock(self.store, self.identity, self.now)


@dataclass(frozen=True, slots=True)
class StoreOutlet:
    """Bundles beside the state in the same store: the first outlet, always there. The last write wins.

    Where a write costs much, bundles go with the next one of the state, which is the one that records them.
    """

    store: Store
    prefix: str = "bundles/"

    def read(self, key: str) -> bytes | None:
        found = latest(self.store).read(self.prefix + key)
        return found.data if found else None

    def write(self, key: str, data: bytes) -> None:
        """Put `data` under `key`; what is there already is not written again."""
        if isinstance(self.store, BatchStore):
            if self.read(key) != data:
                self.store.defer(self.prefix + key, data)
            return
        while True:  # each further turn follows another writer's success
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
        return [key.removeprefix(self.prefix) for key in latest(self.store).list(self.prefix + prefix)]

    def delete(self, key: str) -> None:
        if isinstance(self.store, BatchStore):
            self.store.defer(self.prefix + key, None)
        else:
            self.store.delete([self.prefix + key])


def open_store(project: Path, configured: str | None, environ: Mapping[str, str], *, embedded: bool) -> Store:
    """The store that `RECONCILER_STATE` names, else `configured` (from `project.yaml`), else `local`. Writes nothing.

    Both are the name of a backend, or a URL with that as its scheme; for the rest see `BackendConfig`.
    """
    config = BackendConfig(environ.get("RECONCILER_STATE") or configured or "local", project, environ, embedded)
    opener = _BACKENDS.get(config.backend)
    if opener is None:
        known = ", ".join(sorted(_BACKENDS))
        # Only the scheme: the rest may hold a password.
        raise ReconcilerError(
            Problem("unknown-state", f"there is no state backend {config.backend!r}", hint=f"There is: {known}.")
        )
    return opener(config)


def _open_local(config: BackendConfig) -> Store:
    config.options()
    if config.environ.get("CI", "").lower() not in ("", "0", "false") and not config.embedded:
        message = f"state would be kept in {FOLDER}/ of this checkout, which a CI job throws away"
        hint = "Name a shared state backend in RECONCILER_STATE. (CI is set in the environment.)"
        raise ReconcilerError(Problem("local-state-in-ci", message, hint=hint))
    return LocalStore(config.project / FOLDER)


_BACKENDS: Final[Mapping[str, Callable[[BackendConfig], Store]]] = {
    "git": open_git,
    "local": _open_local,
    "postgres": open_postgres,
    "postgresql": open_postgres,
    "s3": open_s3,
}
"""A further backend is one module with such a function, and a line here. What is slow to import is imported in it."""
