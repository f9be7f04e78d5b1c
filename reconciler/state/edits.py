"""Saying anew all that state says, in one step and under the lock: what a person pushes, moves or forgets."""

from reconciler.resources.problems import Problem
from reconciler.state import lock
from reconciler.state.codec import Replaced
from reconciler.state.documents import StateFormatError
from reconciler.state.lock import Lease
from reconciler.state.model import Snapshot
from reconciler.state.segments import fold
from reconciler.state.snapshots import append, compact, finish
from reconciler.state.store import ConflictError, ExistsError, Store


class OlderError(StateFormatError):
    """What is to be pushed is of an earlier moment than what is there."""


def rewrite(store: Store, lease: Lease, base: Snapshot, new: Snapshot, note: str) -> Snapshot:
    """Make what `new` says what the state says, and free the lock; gives the state as it is then.

    `base` was read under the lock. Position and run go on from it, so that a run that was superseded, or planned from
    what was there, changes nothing. Raises `LeaseLostError` where another run wrote meanwhile. For `note` see
    `store.BatchStore`.
    """
    identity, segment = base.state.identity, Replaced(lease.token, new.state, new.pending)
    snapshot = fold(base, [segment])
    lease.verify()
    try:
        with lease.releasing() as unlock:
            return finish(store, snapshot, segment, unlock, note)
    except (ExistsError, ConflictError):  # somebody else wrote, or the answer to our own write was lost
        done = append(store, identity, snapshot.position, segment, note) and compact(store, snapshot)
        if not done:
            raise lease.lost("was taken over") from None
        return done


def check_not_older(pushed: Snapshot, present: Snapshot, source: str) -> None:
    """Raise `OlderError` where `pushed`, read from `source`, lacks something that was recorded since.

    Positions tell that within one history; a state that was lost and made anew begins another one, of later runs.
    """
    if pushed.position >= present.position and lock.began(pushed.run) >= lock.began(present.run):
        return
    message = f"{source} is of an earlier moment than the state that is there: it lacks what was recorded since"
    hint = "Nothing was written. `reconciler state pull` gives what is there: put your changes into that."
    raise OlderError(Problem("state-older", message, hint=hint))
