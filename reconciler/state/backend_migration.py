"""Taking a state from one backend to another, with bundles and history, so that nobody goes on with the old one.

The target has everything, and was read back, before the old one is replaced by a note of where it went. Killed in
between, both say the same, and the same call goes on.
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
"""Parts of a bundle's key below its identity: what has more is an environment's."""


@dataclass(frozen=True, slots=True)
class StateMigration:
    """What is in the new backend now."""

    source: str
    target: str
    objects: int
    documents: int
    """Of bundles: pointers and blobs."""
    runs: int
    """Those that its history tells of."""


def migrate(source: Backend, target: Store, holder: Holder) -> StateMigration:
    """Copy everything of the identity of `source` to `target`, under the locks of both, and leave a note in `source`.

    ReconcilerError where there is nothing to take, or `target` has another state of that identity.
    """
    there = Backend(target, source.identity, source.now)
    _check(source, there)
    with source.lock(holder) as lease, there.lock(holder) as other:
        snapshot = _check(source, there)
        copied = dict(_copied(source, target, lease, other))
        applies = history(source.store, source.identity)
        _write(there, snapshot, with_records(source.identity, _subject(source, holder), applies))
        _verify(there, snapshot, copied)
        _leave_note(source, target, snapshot, lease, holder)
    return StateMigration(
        source.store.location, target.location, len(snapshot.state.objects), len(copied), len(applies)
    )


def _check(source: Backend, target: Backend) -> Snapshot:
    """What is to be copied; ReconcilerError where that cannot be."""
    snapshot = source.read()
    if not snapshot.run:
        message = f"{source.store.location} has no state of {source.identity}"
        raise ReconcilerError(Problem("nothing-to-migrate", message, hint="Just name the other backend."))
    present = _present(target)
    if present.run and present != snapshot:
        message = f"{target.store.location} has a state of {target.identity} already"
        hint = "Nothing was changed. Two states cannot be made one: choose an empty place, or remove the one there."
        raise ReconcilerError(Problem("state-exists", message, hint=hint))
    if present.run and source.store.location == target.store.location:
        message = f"the state of {source.identity} is in {source.store.location} already"
        raise ReconcilerError(Problem("state-exists", message, hint="Nothing was changed."))
    return snapshot


def _present(target: Backend) -> Snapshot:
    """The state in the target; nothing where that was moved away from it."""
    try:
        return target.read()
    except MovedError:
        return Snapshot(State(target.identity))


def _copied(source: Backend, target: Store, *leases: Lease) -> Iterator[tuple[str, bytes]]:
    """Every bundle, once it is in the target; the leases are renewed meanwhile."""
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
    """The whole state as one document, where a note of an earlier move may stand."""
    key = snapshots.state_key(target.identity)
    found = target.store.read(key)
    write_all(target.store, [Put(key, encode_state(snapshot), found.version if found else None)], note)


def _verify(target: Backend, snapshot: Snapshot, bundles: dict[str, bytes]) -> None:
    """Read everything back; ReconcilerError where anything is not as it was written."""
    outlet = StoreOutlet(target.store)
    wrong = [key for key, data in bundles.items() if outlet.read(key) != data]
    if target.read() != snapshot:
        wrong.append(snapshots.state_key(target.identity))
    if wrong:
        message = f"{target.store.location} does not give back what was written to it: {', '.join(wrong[:3])}"
        hint = "The state stays where it was. Check that place before you try again."
        raise ReconcilerError(Problem("not-migrated", message, hint=hint))


def _leave_note(source: Backend, target: Store, snapshot: Snapshot, lease: Lease, holder: Holder) -> None:
    lease.verify()
    key, moved = snapshots.state_key(source.identity), encode_moved(source.identity, target.location)
    segments = Delete(tuple(snapshots.journal_keys(source.store, source.identity)))
    said = f"move the state of {source.identity} to {target.location} by {holder.name}@{holder.host}"
    write_all(source.store, [Put(key, moved, snapshot.stored.version), segments], said)


def _subject(source: Backend, holder: Holder) -> str:
    return f"take the state of {source.identity} over from {source.store.location} by {holder.name}@{holder.host}"
