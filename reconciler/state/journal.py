"""What one run records: everything it may make before it makes anything, then what is done, in groups."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.history import note, summary
from reconciler.state.lock import Lease
from reconciler.state.model import AppliedPlan, Completed, Intent, Snapshot
from reconciler.state.segments import RunBegun, RunProgress, Segment, replay
from reconciler.state.snapshots import append, compact, finish, read
from reconciler.state.store import ConflictError, ExistsError, Store

GROUP: Final = 50
"""Completions in a segment, at most."""
INTERVAL: Final = 1.0
"""Seconds that a completion waits for others before it is due to be written, at least."""
SHARE: Final = 10
"""Writing takes one part in so many of the time of a run: a store that takes a second is written every ten."""

_Entry: TypeAlias = Completed | Address | Intent | AppliedPlan
"""What is done, whose intents are void, what is begun, how the run ended."""


class StateMovedError(ReconcilerError):
    """Another run recorded something since the snapshot was read."""

    exit_code = 5


class Journal:
    """The record of one run, made by `begin`.

    `record` and `discard` only remember, `flush` writes and blocks. An asyncio caller records from its loop, and where
    `due` says so runs `flush` in a thread: recording goes on meanwhile, and two flushes take turns.
    """

    def __init__(
        self, store: Store, lease: Lease, base: Snapshot, begun: RunBegun, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._lease, self._base, self._plan, self._clock = store, lease, base, begun.plan, clock
        self._segments: list[Segment] = [begun]
        self._waiting: list[_Entry] = []
        self._sending: list[_Entry] = []
        self._since = 0.0
        self._interval = INTERVAL
        self._turn = threading.Lock()

    @property
    def due(self) -> bool:
        """Whether a segment is full, or a completion has waited long enough."""
        full = len(self._waiting) >= GROUP
        return full or (bool(self._waiting) and self._clock() - self._since >= self._interval)

    def record(self, completed: Completed) -> None:
        """One object is done. This settles every intent of its address.

        So what an earlier run may have made for it has been looked for before, and is used or removed.
        """
        self._wait(completed)

    def discard(self, address: Address) -> None:
        """The intents of `address` are void: nothing was made, or what was made is gone again."""
        self._wait(address)

    def announce(self, intent: Intent) -> None:
        """One object is about to be made that `begin` was not told of: once this is flushed, it may be."""
        self._wait(intent)

    def flush(self) -> None:
        """Write what waits; raises `LeaseLostError`. After a `StoreError` it may be called again: nothing is lost."""
        with self._turn:
            while self._sending or self._waiting:
                self._send()

    def close(self, outcome: Literal["partial", "complete"]) -> Snapshot:
        """Write what waits and how the run ended, and free the lock; gives the state. See `snapshots.finish`.

        Raises `LeaseLostError`, after which everything that was flushed still counts, or does not if it came too late.
        """
        with self._turn:
            while self._sending or len(self._waiting) >= GROUP:
                self._send()
            if self._plan is not None:
                said = self._summary(*self._segments, _progress(self._lease.token, self._waiting))
                plan = replace(self._plan, finished=self._lease.now(), outcome=outcome, summary=said)
                self._waiting.append(plan)
            self._sending = self._take()
            closed = self._finish(_progress(self._lease.token, self._sending))
            self._sending = []
        if closed is None:
            raise self._lease.lost_error("was taken over")
        return closed

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
        except (ExistsError, ConflictError):  # somebody else wrote: one after the other, to find out what
            self._append(last)
            return compact(self._store, snapshot)

    def _summary(self, *segments: Segment) -> str:
        completed = (item for segment in segments if isinstance(segment, RunProgress) for item in segment.completed)
        return summary(completed, self._base.state.objects.keys())


def begin(
    store: Store,
    lease: Lease,
    snapshot: Snapshot,
    intents: Iterable[Intent],
    *,
    openai_project: str | None = None,
    plan: AppliedPlan | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Journal:
    """Record everything that a run may make, in one segment, before it makes anything; but for what it announces later.

    Raises `StateMovedError` where anything was recorded since `snapshot` was read, before or under the lock. What
    unfinished runs intended stays pending until it is settled or discarded.
    """
    identity = snapshot.state.identity
    base = read(store, identity)
    begun = RunBegun(lease.token, tuple(intents), openai_project, plan)
    # The lock was ours after the read: a run that takes it from here on begins with the same number, or a higher one.
    lease.verify()
    said = note(identity, f"begin {identity}: {len(begun.intents)} to create", plan)
    if base.position != snapshot.position:
        raise _moved(identity)
    size = append(store, identity, base.position + 1, begun, said)
    if not size:
        raise _moved(identity)
    # And is ours after the write, so the number is not one that such a run used and compacted away.
    lease.verify()
    return Journal(store, lease, _grown(base, size), begun, clock)


def _progress(run: str, entries: Sequence[_Entry]) -> RunProgress:
    return RunProgress(
        run,
        completed=tuple(entry for entry in entries if isinstance(entry, Completed)),
        discarded=tuple(entry for entry in entries if isinstance(entry, Address)),
        announced=tuple(entry for entry in entries if isinstance(entry, Intent)),
        plan=next((entry for entry in entries if isinstance(entry, AppliedPlan)), None),
    )


def _grown(base: Snapshot, size: int) -> Snapshot:
    """`base`, of which the store has a further segment of so many bytes, not folded in."""
    return replace(base, stored=base.stored.with_documents(size))


def _moved(identity: Identity) -> StateMovedError:
    message = f"another run has changed the state of {identity} since it was read"
    return StateMovedError(Problem("state-moved", message, hint="Nothing was written. Run the same command again."))
