"""The journal of one run: intents before the first create, then completed changes in groups."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from reconciler.resources.address import Address, Identity
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labels import new_lineage
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.history import note, summary
from reconciler.state.lock import Lease
from reconciler.state.model import AppliedPlan, Completed, Intent, NotWritten, Snapshot, Written
from reconciler.state.publications import publication_text
from reconciler.state.segments import RunBegun, RunProgress, Segment, replay
from reconciler.state.snapshots import append, compact, finish, read
from reconciler.state.store import ConflictError, ExistsError, Store

GROUP: Final = 50
"""The maximum number of entries in a segment."""
INTERVAL: Final = 1.0
"""The minimum number of seconds that an entry waits for others before it is written."""
SHARE: Final = 10
"""Writes take at most one part in `SHARE` of the run time: a store that takes a second is written every ten seconds."""

_Entry: TypeAlias = Completed | Address | Intent | Written | GuardSettings | AppliedPlan
"""A completed change, an address whose intents are void, a new intent, a pointer that was written to an outlet, the
settings of the project, or the final record of the plan.
"""


class StateMovedError(ReconcilerError):
    """Another run changed the state after the snapshot was read."""

    exit_code = 5


class Journal:
    """The journal of one run, opened by `begin`.

    `record`, `discard` and `announce` only queue; `flush` writes and blocks. An asyncio caller records from its event
    loop and runs `flush` in a thread when `due` is true: recording continues in the meantime, and flushes take turns.
    """

    lineage: str | None
    """The lineage of the state, for the labels of what the run writes."""

    def __init__(
        self,
        store: Store,
        lease: Lease,
        base: Snapshot,
        begun: RunBegun,
        clock: Callable[[], float] = time.monotonic,
        not_written: Mapping[Address, NotWritten] | None = None,
    ) -> None:
        self._store, self._lease, self._base, self._plan, self._clock = store, lease, base, begun.plan, clock
        self._destroys, self._not_written = begun.destroys, not_written or {}
        self.lineage = base.state.lineage or begun.lineage
        self._segments: list[Segment] = [begun]
        self._waiting: list[_Entry] = []
        self._sending: list[_Entry] = []
        self._since = 0.0
        self._interval = INTERVAL
        self._turn = threading.Lock()

    @property
    def due(self) -> bool:
        """True if a segment is full, or an entry has waited long enough."""
        full = len(self._waiting) >= GROUP
        return full or (self._is_needed and self._clock() - self._since >= self._interval)

    @property
    def _is_needed(self) -> bool:
        """True if an entry waits that only the journal has. What was written to outlets can be read there, too."""
        return any(not isinstance(entry, Written) for entry in self._waiting)

    def record(self, completed: Completed) -> None:
        """Record a completed change. This resolves every intent of its address.

        The caller must already have looked for objects that an earlier run created for it, and use or delete them.
        """
        self._wait(completed)

    def discard(self, address: Address) -> None:
        """Void the intents of `address`: no object was created, or it was deleted again."""
        self._wait(address)

    def announce(self, intent: Intent) -> None:
        """Record an intent that was not passed to `begin`. Its object may be created after the next `flush`."""
        self._wait(intent)

    def write(self, written: Written) -> None:
        """Record that a pointer was written to an outlet or withdrawn from it. Written with the next other entry."""
        self._wait(written)

    def settle(self, settings: GuardSettings) -> None:
        """Record the settings of the project. Called when every change is made, so that a partial run does not."""
        self._wait(settings)

    def flush(self) -> None:
        """Write the queued entries; raises `LeaseLostError`. May be repeated after a `StoreError`: no entry is lost."""
        with self._turn:
            while self._sending or self._is_needed:
                self._send()

    def close(self, outcome: Literal["partial", "complete"]) -> Snapshot:
        """Write the queued entries and the outcome, release the lock, and return the state. See `snapshots.finish`.

        A complete `destroy` marks the state as destroyed if it has no objects left but those that stay published.

        Raises `LeaseLostError`. Entries that were flushed before the lock was lost remain recorded.
        """
        with self._turn:
            while self._sending or len(self._waiting) >= GROUP:
                self._send()
            if self._plan is not None:
                said = self._summary(*self._segments, _progress(self._lease.token, self._waiting))
                plan = replace(self._plan, finished=self._lease.now(), outcome=outcome, summary=said)
                self._waiting.append(plan)
            self._sending = self._take()
            closed = self._finish(self._marked(_progress(self._lease.token, self._sending), outcome))
            self._sending = []
        if closed is None:
            raise self._lease.lost_error("was taken over")
        return closed

    def _marked(self, last: RunProgress, outcome: Literal["partial", "complete"]) -> RunProgress:
        if not self._destroys or outcome != "complete":
            return last
        left = replay(self._base, [*self._segments, last]).state.objects.values()
        return replace(last, destroyed=all(applied.keep for applied in left))

    def _wait(self, entry: _Entry) -> None:
        if not self._waiting:
            self._since = self._clock()
        self._waiting.append(entry)

    def _take(self) -> list[_Entry]:
        group = self._waiting[:GROUP]
        del self._waiting[: len(group)]
        return group

    def _send(self) -> None:
        self._sending = self._sending or self._take()
        started = self._clock()
        self._append(_progress(self._lease.token, self._sending))
        self._interval = max(INTERVAL, SHARE * (self._clock() - started))
        self._sending = []

    def _append(self, segment: RunProgress) -> None:
        self._lease.check()
        identity, number = self._base.state.identity, self._base.position + len(self._segments) + 1
        said = note(identity, f"progress {identity}: {self._summary(segment)}", None)
        size = append(self._store, identity, number, segment, said)
        if not size:
            raise self._lease.lost_error("was taken over")
        self._segments.append(segment)
        self._base = _grown(self._base, size)

    def _finish(self, last: RunProgress) -> Snapshot | None:
        self._lease.check()
        identity, snapshot = self._base.state.identity, replay(self._base, [*self._segments, last])
        partly = " partly" if last.plan and last.plan.outcome == "partial" else ""
        said = f"apply {identity}{partly}: {self._summary(*self._segments, last)}"
        try:
            with self._lease.releasing() as unlock:
                return finish(self._store, snapshot, last, unlock, note(identity, said, last.plan))
        except (
            ExistsError,
            ConflictError,
        ):  # another run wrote: repeat the steps one by one to find out which conflicts
            self._append(last)
            return compact(self._store, snapshot)

    def _summary(self, *segments: Segment) -> str:
        progress = [segment for segment in segments if isinstance(segment, RunProgress)]
        completed = [item for segment in progress for item in segment.completed]
        before = self._base.state.settings  # settings that no run has recorded before are not an update
        changed = before is not None and any(segment.settings not in (None, before) for segment in progress)
        known = self._base.state.objects
        moved = {item.address: publication_text(item, known.get(item.instead_of or item.address)) for item in completed}
        return summary(
            completed,
            known.keys(),
            has_settings=changed,
            not_written=self._not_written,
            published=[text for text in moved.values() if text],
        )


def begin(
    store: Store,
    lease: Lease,
    snapshot: Snapshot,
    intents: Iterable[Intent],
    *,
    openai_project: str | None = None,
    plan: AppliedPlan | None = None,
    outlets: tuple[str, ...] | None = None,
    environments: tuple[str, ...] | None = None,
    holds: Mapping[Address, Mapping[str, str]] | None = None,
    destroys: bool = False,
    not_written: Mapping[Address, NotWritten] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Journal:
    """Record the intents of a run in one segment, before its first create; later ones are announced.

    `not_written` has the objects that the run adopts or only records, for its summary.

    The segment gives a state without a lineage a new one: of two runs that begin at once, one writes its segment.

    Raises `StateMovedError` if a segment was written after `snapshot` was read. Intents of unfinished runs stay pending
    until they are completed or discarded.
    """
    identity = snapshot.state.identity
    base = read(store, identity)
    lineage = None if base.state.lineage else new_lineage()
    begun = RunBegun(
        lease.token, tuple(intents), openai_project, plan, outlets, environments, holds or {}, lineage, destroys
    )
    # The lock was held after the read: a run that takes it later begins with the same number or a higher one.
    lease.verify()
    said = note(identity, f"begin {identity}: {sum(one.creates for one in begun.intents)} to create", plan)
    if base.position != snapshot.position:
        raise _moved(identity)
    size = append(store, identity, base.position + 1, begun, said)
    if not size:
        raise _moved(identity)
    # It is held after the write, too: no such run used this number and compacted it away.
    lease.verify()
    return Journal(store, lease, _grown(base, size), begun, clock, not_written)


def _progress(run: str, entries: Sequence[_Entry]) -> RunProgress:
    return RunProgress(
        run,
        completed=tuple(entry for entry in entries if isinstance(entry, Completed)),
        discarded=tuple(entry for entry in entries if isinstance(entry, Address)),
        announced=tuple(entry for entry in entries if isinstance(entry, Intent)),
        written=tuple(entry for entry in entries if isinstance(entry, Written)),
        settings=next((entry for entry in entries if isinstance(entry, GuardSettings)), None),
        plan=next((entry for entry in entries if isinstance(entry, AppliedPlan)), None),
    )


def _grown(base: Snapshot, size: int) -> Snapshot:
    """Return `base` with one more stored segment of `size` bytes, which is not replayed into it."""
    return replace(base, stored=base.stored.with_documents(size))


def _moved(identity: Identity) -> StateMovedError:
    message = f"another run has changed the state of {identity} since it was read"
    return StateMovedError(Problem("state-moved", message, hint="Nothing was written. Run the same command again."))
