"""Edits that replace the whole state in one step under the lock: `state push`, `mv`, `rm` and `rebuild`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError, command_text
from reconciler.state import lock
from reconciler.state.documents import StateFormatError
from reconciler.state.lock import Lease
from reconciler.state.model import Snapshot, State
from reconciler.state.segments import StateReplaced, replay
from reconciler.state.snapshots import append, compact, finish
from reconciler.state.store import ConflictError, ExistsError, Store


@dataclass(frozen=True, slots=True)
class StateEdit:
    """The result of an edit: entries that were added, changed and removed, and notes on its consequences."""

    identity: str
    added: tuple[Address, ...] = ()
    changed: tuple[Address, ...] = ()
    removed: tuple[Address, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StateRebuild:
    """The result of a rebuild: the new state compared with the previous one."""

    edited: StateEdit
    objects: int
    unknown: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Fields whose applied value is unknown, by address."""
    ambiguous: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Ids of live objects with a label that another one has, by address. None of them is in the state."""
    unlisted: tuple[str, ...] = ()
    """Requests for objects that could not be listed. No object of theirs is in the manifests or the outlets."""
    written: bool = True
    lineage: str | None = None
    """The lineage of the new state; None if no live object has one."""
    taken: Mapping[str, str] = field(default_factory=dict)
    """The names of the live objects with that lineage, by id."""
    unproven: Mapping[str, str] = field(default_factory=dict)
    """The names of live objects, by id, whose label has no lineage and is the only proof that they are ours."""
    takes_over: bool = False
    """True if the previous state had another lineage, and the new one was not named."""
    mislabelled: Mapping[str, str] = field(default_factory=dict)
    """Addresses on labels that objects of their type cannot have, by id of the object. None is in the state."""

    @property
    def is_confirmed(self) -> bool:
        """True if a person has to confirm the rebuild."""
        return self.replaces or self.takes_over or bool(self.unproven)

    @property
    def replaces(self) -> bool:
        """True if the rebuild replaces a different state, not an empty one."""
        return bool(self.edited.changed or self.edited.removed or (self.edited.added and self.kept))

    @property
    def kept(self) -> int:
        """The number of entries that the previous state had, too, unchanged or changed."""
        return self.objects - len(self.edited.added)


class OlderError(StateFormatError):
    """The pushed state is older than the current one."""


def rewrite(store: Store, lease: Lease, base: Snapshot, new: Snapshot, note: str) -> Snapshot:
    """Replace the state with `new`, release the lock, and return the resulting snapshot.

    `base` was read under the lock. Position and run continue from it, so that neither a superseded run nor a plan of
    the previous state can write afterwards. Raises `LeaseLostError` if another run wrote in the meantime. See
    `store.BatchStore` for `note`.
    """
    identity, segment = base.state.identity, StateReplaced(lease.token, new.state, new.pending)
    snapshot = replay(base, [segment])
    lease.verify()
    try:
        with lease.releasing() as unlock:
            return finish(store, snapshot, segment, unlock, note)
    except (ExistsError, ConflictError):  # another run wrote, or the answer to this write was lost
        done = append(store, identity, snapshot.position, segment, note) and compact(store, snapshot)
        if not done:
            raise lease.lost_error("was taken over") from None
        return done


def check_not_older(pushed: Snapshot, present: Snapshot, source: str) -> None:
    """Raise `OlderError` if `pushed`, read from `source`, lacks changes that were recorded after it.

    Positions order the states of one history. A rebuilt state begins a new history, whose runs started later.
    """
    if pushed.position >= present.position and lock.started_at(pushed.run) >= lock.started_at(present.run):
        return
    message = f"{source} is older than the current state: it lacks changes that were recorded after it"
    pull = command_text(present.state.identity.environment, "state", "pull")
    hint = f"Nothing was written. Run `{pull}`, repeat your edits in its output, and push that."
    raise OlderError(Problem("state-older", message, hint=hint))


def check_same_lineage(pushed: State, present: State, source: str) -> None:
    """Raise ReconcilerError if `pushed` is the state of another repository with the same identity, or of one that was
    started again.
    """
    if not pushed.lineage or not present.lineage or pushed.lineage == present.lineage:
        return
    message = f"{source} has the lineage {pushed.lineage}, and the state of {present.identity} has {present.lineage}"
    rebuild = command_text(present.identity.environment, "state", "rebuild", "--lineage", pushed.lineage)
    hint = (
        "Nothing was written: it is the state of another repository, or from before the state was lost. If the live "
        f"objects of {pushed.lineage} are those of this project, run: {rebuild}"
    )
    raise ReconcilerError(Problem("other-lineage", message, hint=hint))


def compare(before: State, after: State) -> StateEdit:
    """Return the entries that were added, changed and removed between two states."""
    old, new = before.objects, after.objects
    return StateEdit(
        str(after.identity),
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(address for address in new.keys() & old.keys() if new[address] != old[address])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )
