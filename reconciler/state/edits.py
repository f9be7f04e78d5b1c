"""Saying anew all that state says, in one step and under the lock: what a person pushes, moves or forgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.resources.address import Address
from reconciler.resources.problems import Problem
from reconciler.state import lock
from reconciler.state.documents import StateFormatError
from reconciler.state.lock import Lease
from reconciler.state.model import Snapshot, State
from reconciler.state.segments import StateReplaced, replay
from reconciler.state.snapshots import append, compact, finish
from reconciler.state.store import ConflictError, ExistsError, Store


@dataclass(frozen=True, slots=True)
class StateEdit:
    """What became of the entries, and what follows from that."""

    identity: str
    added: tuple[Address, ...] = ()
    changed: tuple[Address, ...] = ()
    removed: tuple[Address, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StateRebuild:
    """A state made anew, compared with the one that was there."""

    edited: StateEdit
    objects: int
    unknown: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Fields of which nobody knows what was applied."""
    ambiguous: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Ids of several objects with one label: none of them is in the state."""
    written: bool = True

    @property
    def replaces(self) -> bool:
        """Whether there was another state, not only none."""
        return bool(self.edited.changed or self.edited.removed or (self.edited.added and self.kept))

    @property
    def kept(self) -> int:
        """Entries that were there before, the same or otherwise."""
        return self.objects - len(self.edited.added)


class OlderError(StateFormatError):
    """What is to be pushed is of an earlier moment than what is there."""


def rewrite(store: Store, lease: Lease, base: Snapshot, new: Snapshot, note: str) -> Snapshot:
    """Make what `new` says what the state says, and free the lock; gives the state as it is then.

    `base` was read under the lock. Position and run go on from it, so that a run that was superseded, or planned from
    what was there, changes nothing. Raises `LeaseLostError` where another run wrote meanwhile. For `note` see
    `store.BatchStore`.
    """
    identity, segment = base.state.identity, StateReplaced(lease.token, new.state, new.pending)
    snapshot = replay(base, [segment])
    lease.verify()
    try:
        with lease.releasing() as unlock:
            return finish(store, snapshot, segment, unlock, note)
    except (ExistsError, ConflictError):  # somebody else wrote, or the answer to our own write was lost
        done = append(store, identity, snapshot.position, segment, note) and compact(store, snapshot)
        if not done:
            raise lease.lost_error("was taken over") from None
        return done


def check_not_older(pushed: Snapshot, present: Snapshot, source: str) -> None:
    """Raise `OlderError` where `pushed`, read from `source`, lacks something that was recorded since.

    Positions tell that within one history; a state that was lost and made anew begins another one, of later runs.
    """
    if pushed.position >= present.position and lock.started_at(pushed.run) >= lock.started_at(present.run):
        return
    message = f"{source} is of an earlier moment than the state that is there: it lacks what was recorded since"
    hint = "Nothing was written. `reconciler state pull` gives what is there: put your changes into that."
    raise OlderError(Problem("state-older", message, hint=hint))


def compare(before: State, after: State) -> StateEdit:
    """Which entries `after` has that `before` has not, or otherwise, and which it lacks."""
    old, new = before.objects, after.objects
    return StateEdit(
        str(after.identity),
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(address for address in new.keys() & old.keys() if new[address] != old[address])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )
