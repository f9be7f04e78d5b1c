"""The migration of a state to another backend, with its bundles and history.

Everything is written to the target and read back before a note with the new location replaces the old state, so that
later runs cannot continue with the old one. If the migration is interrupted, both hold the same state, and the same
call resumes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.resources.address import Identity
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state import snapshots
from reconciler.state.backend import Backend, StoreOutlet
from reconciler.state.codec import MovedError, encode_moved, encode_state
from reconciler.state.history import history, with_records
from reconciler.state.lock import Holder, Lease
from reconciler.state.model import Snapshot, State
from reconciler.state.store import Delete, Put, Store, write_all

_PARTS: Final = 2
"""Parts of a bundle's key after its identity. Keys with more parts belong to an environment."""


@dataclass(frozen=True, slots=True)
class StateMigration:
    """The result of a migration: locations, and counts of what was copied."""

    source: str
    target: str
    objects: int
    documents: int
    """The number of bundle documents: pointers and blobs."""
    runs: int
    """The number of runs in the history."""


def migrate(source: Backend, target: Store, holder: Holder) -> StateMigration:
    """Copy the state, bundles and history of `source` to `target` under both locks, and leave a note in `source`.

    ReconcilerError if `source` has no state, or `target` has a different state of the same identity.
    """
    there = Backend(target, source.identity, source.now)
    _check(source, there)
    with source.lock(holder) as lease, there.lock(holder) as other:
        snapshot = _check(source, there)
        copied = dict(_copied(source, target, lease, other))
        applies = history(source.store, source.identity)
        subject = f"migrate the state of {source.identity} from {source.store.location} by {holder.name}@{holder.host}"
        _write(there, snapshot, with_records(source.identity, subject, applies))
        _verify(there, snapshot, copied)
        _leave_note(source, target, snapshot, lease, holder)
    return StateMigration(
        source.store.location, target.location, len(snapshot.state.objects), len(copied), len(applies)
    )


def _check(source: Backend, target: Backend) -> Snapshot:
    """Return the snapshot to copy; ReconcilerError if it cannot be copied."""
    snapshot = source.read()
    if not snapshot.run:
        message = f"{source.store.location} has no state of {source.identity}"
        raise ReconcilerError(
            Problem("nothing-to-migrate", message, hint="There is nothing to migrate: configure the other backend.")
        )
    present = _present(target)
    if present.run and present != snapshot:
        message = f"{target.store.location} already has a state of {target.identity}"
        hint = "Nothing was changed. Two states cannot be merged: choose an empty location, or remove the state there."
        raise ReconcilerError(Problem("state-exists", message, hint=hint))
    if present.run and source.store.location == target.store.location:
        message = f"the state of {source.identity} is already in {source.store.location}"
        raise ReconcilerError(Problem("state-exists", message, hint="Nothing was changed."))
    return snapshot


def _present(target: Backend) -> Snapshot:
    """Return the state in the target; an empty one if it was moved away from there."""
    try:
        return target.read()
    except MovedError:
        return Snapshot(State(target.identity))


def _copied(source: Backend, target: Store, *leases: Lease) -> Iterator[tuple[str, bytes]]:
    """Copy every bundle and yield it, renewing the leases."""
    outlet, copies = StoreOutlet(source.store), StoreOutlet(target)
    for key in _keys(outlet, source.identity):
        for lease in leases:
            lease.keep()
        data = outlet.read(key)
        if data is not None:
            copies.write(key, data)
            yield key, data


def _keys(outlet: StoreOutlet, identity: Identity) -> Iterator[str]:
    prefix = f"{identity}/"
    return (key for key in outlet.list(prefix) if key.removeprefix(prefix).count("/") == _PARTS - 1)


def _write(target: Backend, snapshot: Snapshot, note: str) -> None:
    """Write the state as one document, over the note of an earlier migration if there is one."""
    key = snapshots.state_key(target.identity)
    found = target.store.read(key)
    write_all(target.store, [Put(key, encode_state(snapshot), found.version if found else None)], note)


def _verify(target: Backend, snapshot: Snapshot, bundles: dict[str, bytes]) -> None:
    """Read everything back; ReconcilerError if a document differs from what was written."""
    outlet = StoreOutlet(target.store)
    wrong = [key for key, data in bundles.items() if outlet.read(key) != data]
    if target.read() != snapshot:
        wrong.append(snapshots.state_key(target.identity))
    if wrong:
        message = f"{target.store.location} returned other contents than were written: {', '.join(wrong[:3])}"
        hint = "The state was not moved. Check the new location, then run the same command again."
        raise ReconcilerError(Problem("not-migrated", message, hint=hint))


def _leave_note(source: Backend, target: Store, snapshot: Snapshot, lease: Lease, holder: Holder) -> None:
    lease.verify()
    key, moved = snapshots.state_key(source.identity), encode_moved(source.identity, target.location)
    segments = Delete(tuple(snapshots.journal_keys(source.store, source.identity)))
    said = f"move the state of {source.identity} to {target.location} by {holder.name}@{holder.host}"
    write_all(source.store, [Put(key, moved, snapshot.stored.version), segments], said)
