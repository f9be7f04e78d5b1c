"""Random histories of runs that end, are killed, or are suspended: the state follows the recorded changes."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.state import compaction, journal, lock, snapshots
from reconciler.state.lock import Holder, LeaseLostError
from reconciler.state.model import Completed, Intent, Snapshot
from tests.state.stores import Crash, InterruptedStore, MemoryStore, crash_at

ACME = Identity("acme")
addresses = st.sampled_from([Address("assistant", name) for name in "abcde"])
lengths = st.sampled_from([0, 0, 0, 2_000, 10_000])
"""Sizes of recorded objects. A large one delays compaction in the state document, and causes it in a segment."""
crashes = st.none() | st.integers(0, 24)
"""The number of the store's operation before which a run is killed, if it is."""


@dataclass
class Model:
    """The expected state: ids and markers by address."""

    objects: dict[Address, str] = field(default_factory=dict)
    pending: dict[Address, list[str]] = field(default_factory=dict)

    def copy(self) -> "Model":
        return Model(dict(self.objects), {address: list(markers) for address, markers in self.pending.items()})

    def intend(self, address: Address, marker: str) -> None:
        markers = self.pending.setdefault(address, [])
        if marker not in markers:
            markers.append(marker)

    def settle(self, address: Address, id_: str | None) -> None:
        """An object that is made, or removed; with `""`, an intent that is void."""
        self.pending.pop(address, None)
        if id_ is None:
            self.objects.pop(address, None)
        elif id_:
            self.objects[address] = id_

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Model":
        model = cls({address: applied.id for address, applied in snapshot.state.objects.items()})
        for intent in snapshot.pending:
            model.intend(intent.address, str(intent.marker["marker"]))
        return model


class Run:
    """A run with its recorded entries that are not written yet."""

    def __init__(self, store: MemoryStore, now: float) -> None:
        self.store = InterruptedStore(store, self._before)
        self.now = now
        self.crash: int | None = None
        self.waiting: list[tuple[Address, str | None]] = []
        self.journal: journal.Journal

    def kill_at(self, crash: int | None) -> None:
        self.crash = None if crash is None else self.store.operations + crash

    def _before(self, operation: int) -> None:
        if self.crash is not None:
            crash_at(self.crash)(operation)

    def begin(self, intents: dict[Address, str]) -> None:
        lease = lock.acquire(self.store, ACME, Holder("ann", "host", f"machine {self.now}", 1), lambda: self.now)
        planned = [Intent(address, "agent", {"marker": marker}, self.now) for address, marker in intents.items()]
        self.journal = journal.begin(self.store, lease, snapshots.read(self.store, ACME), planned)

    def record(self, address: Address, id_: str | None, length: int = 0) -> None:
        self.waiting.append((address, id_))
        if id_ == "":
            self.journal.discard(address)
        else:
            fields = {"instructions": "x" * length}
            self.journal.record(Completed(address, None if id_ is None else Applied(id_, "agent", fields)))


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.bounds = ExitStack()
        for module, name, bound in (
            (compaction, "DOCUMENTS", 3),
            (snapshots, "DOCUMENTS", 3),
            (snapshots, "SEGMENTS", 15),
        ):
            self.bounds.enter_context(patch.object(module, name, bound))

    def teardown(self) -> None:
        self.bounds.close()

    @initialize()
    def start(self) -> None:
        self.store, self.model, self.now = MemoryStore(), Model(), 0.0
        self.current: Any = None
        self.sleepers: list[Run] = []

    @rule(intents=st.dictionaries(addresses, st.sampled_from("xyz"), max_size=3), crash=crashes)
    def another_run_begins(self, intents: dict[Address, str], crash: int | None) -> None:
        before = self.current
        self.now += 1_000.0
        self.current = Run(self.store, self.now)
        after = self.model.copy()
        for address, marker in intents.items():
            after.intend(address, marker)
        self._up_to(crash, lambda run: run.begin(intents), after)
        if before and self.current:
            self.sleepers.append(before)

    @precondition(lambda self: self.current)
    @rule(address=addresses, id_=st.none() | st.sampled_from(["", "agent_1", "agent_2"]), length=lengths)
    def it_records(self, address: Address, id_: str | None, length: int) -> None:
        self.current.record(address, id_, length)

    @precondition(lambda self: self.current)
    @rule(crash=crashes)
    def it_flushes(self, crash: int | None) -> None:
        self._up_to(crash, lambda run: run.journal.flush(), self._with_waiting())

    @precondition(lambda self: self.current)
    @rule(crash=crashes)
    def it_closes(self, crash: int | None) -> None:
        self._up_to(crash, lambda run: run.journal.close("complete"), self._with_waiting())
        self.current = None

    @precondition(lambda self: self.sleepers)
    @rule(which=st.integers(0), address=addresses, length=lengths, close=st.booleans())
    def one_that_was_overtaken_wakes(self, which: int, address: Address, length: int, close: bool) -> None:
        sleeper = self.sleepers[which % len(self.sleepers)]
        sleeper.record(address, "agent_of_a_sleeper", length)
        with suppress(LeaseLostError):
            if close:
                sleeper.journal.close("complete")
            else:
                sleeper.journal.flush()

    @invariant()
    def state_is_what_the_completions_say(self) -> None:
        assert Model.of(snapshots.read(self.store, ACME)) == self.model

    def _with_waiting(self) -> Model:
        after = self.model.copy()
        for address, id_ in self.current.waiting:
            after.settle(address, id_)
        return after

    def _up_to(self, crash, step, after: Model) -> None:
        """Let the current run take a step; killed in it, the step is recorded whole or not at all."""
        run = self.current
        run.kill_at(crash)
        try:
            step(run)
        except Crash:
            seen = Model.of(snapshots.read(self.store, ACME))
            assert seen in (self.model, after)
            self.model, self.current = seen, None
        else:
            self.model, run.waiting = after, []
            run.kill_at(None)


Histories.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestHistories = Histories.TestCase


@pytest.mark.long
def test_many_histories():
    run_state_machine_as_test(Histories, settings=settings(max_examples=1_000, stateful_step_count=50, deadline=None))
