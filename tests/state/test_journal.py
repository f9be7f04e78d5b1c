"""The journal of a run that is killed or superseded between any two operations of the store."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.state import journal, lock, snapshots
from reconciler.state.compaction import DOCUMENTS
from reconciler.state.journal import Journal, StateMovedError
from reconciler.state.lock import Holder, LeaseLostError
from reconciler.state.model import AppliedPlan, Completed, Intent, Snapshot, State
from reconciler.state.store import Store, StoreError
from tests.state.stores import Crash, InterruptedStore, MemoryStore, crash_at, never

ACME = Identity("acme", "production")
TRIAGE, HOURS, OLD = Address("assistant", "triage"), Address("file", "kb/hours.pdf"), Address("assistant", "old")
PLAN = AppliedPlan(digest="sha256:1", run="run", started=100.0, holder="ann")


def applied(id_: str) -> Applied:
    return Applied(id=id_, type="agent", fields={"model": "gpt-6-luna"})


def intent(address: Address, **marker: str) -> Intent:
    return Intent(address, "agent", marker or {"reconciler-address": str(address)}, started=100.0)


def holder(name: str) -> Holder:
    return Holder(name, host="build-7", machine=f"machine of {name}", pid=1)


def run(store: Store, name: str, *intents: Intent, at: float = 100.0, plan: AppliedPlan | None = None) -> Journal:
    """A run that has just begun."""
    lease = lock.acquire(store, ACME, holder(name), lambda: at)
    return journal.begin(store, lease, snapshots.read(store, ACME), intents, openai_project="proj_1", plan=plan)


def contents(snapshot: Snapshot) -> dict[str, str]:
    return {str(address): known.id for address, known in snapshot.state.objects.items()}


def pending(snapshot: Snapshot) -> list[str]:
    return [str(waiting.address) for waiting in snapshot.pending]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_run_from_begin_to_end(store):
    first = run(store, "ann", intent(TRIAGE), intent(HOURS), plan=PLAN)
    assert pending(snapshots.read(store, ACME)) == ["assistant/triage", "file/kb/hours.pdf"]

    first.record(Completed(TRIAGE, applied("agent_1")))
    first.flush()
    snapshot = snapshots.read(store, ACME)
    assert (contents(snapshot), pending(snapshot)) == ({"assistant/triage": "agent_1"}, ["file/kb/hours.pdf"])
    assert snapshot.state.plans["sha256:1"].outcome == "unfinished"

    first.record(Completed(HOURS, applied("file_1")))
    closed = first.close("complete")
    assert closed == snapshots.read(store, ACME)
    assert closed.state.openai_project == "proj_1"
    assert closed.state.plans["sha256:1"].outcome == "complete"
    assert closed.pending == ()
    assert store.list("state/acme/production/journal/") == []


def superseded(snapshot: Snapshot) -> list[str]:
    return [str(intent.address) for intent in snapshot.superseded]


def test_a_doubtful_completion_keeps_the_intent_until_the_object_is_another_one(store):
    first = run(store, "ann", intent(TRIAGE))
    first.record(Completed(TRIAGE, applied("agent_1"), is_doubtful=True))
    closed = first.close("partial")
    assert (pending(closed), superseded(closed)) == ([], ["assistant/triage"])
    assert closed == snapshots.read(store, ACME)
    assert not closed.is_behind

    second = run(store, "ann")
    second.record(Completed(TRIAGE, applied("agent_1")))
    assert superseded(second.close("complete")) == ["assistant/triage"]

    third = run(store, "ann")
    third.record(Completed(TRIAGE, applied("agent_2")))
    assert superseded(third.close("complete")) == []


@pytest.mark.parametrize("voided", [True, False], ids=["discarded", "deleted"])
def test_a_superseded_intent_ends_with_its_address(store, voided):
    first = run(store, "ann", intent(TRIAGE))
    first.record(Completed(TRIAGE, applied("agent_1"), is_doubtful=True))
    first.close("partial")
    second = run(store, "ann")
    if voided:
        second.discard(TRIAGE)
    else:
        second.record(Completed(TRIAGE, None))
    assert superseded(second.close("complete")) == []


def test_record_deletion_removes_the_entry(store):
    first = run(store, "ann", intent(OLD))
    first.record(Completed(OLD, applied("agent_0")))
    first.record(Completed(OLD, None))
    assert contents(first.close("complete")) == {}


def test_record_rename_removes_the_former_entry(store):
    first = run(store, "ann")
    first.record(Completed(OLD, applied("agent_0")))
    first.record(Completed(TRIAGE, applied("agent_0"), instead_of=OLD))
    assert contents(first.close("complete")) == {str(TRIAGE): "agent_0"}


def test_discard_voids_the_intents(store):
    first = run(store, "ann", intent(TRIAGE), intent(HOURS))
    first.discard(TRIAGE)
    assert pending(first.close("partial")) == ["file/kb/hours.pdf"]


def test_intents_of_unfinished_run_stay_until_completed(store):
    run(store, "ann", intent(TRIAGE), intent(HOURS, sha256="aaaa"))  # and is killed
    second = run(store, "bob", intent(HOURS, sha256="bbbb"), at=1000.0)
    assert [waiting.marker for waiting in snapshots.read(store, ACME).pending] == [
        {"reconciler-address": "assistant/triage"},
        {"sha256": "aaaa"},
        {"sha256": "bbbb"},
    ]
    second.record(Completed(HOURS, applied("file_1")))
    assert pending(second.close("partial")) == ["assistant/triage"]


def test_an_intent_that_is_repeated_keeps_the_time_of_its_first_run(store):
    run(store, "ann", intent(TRIAGE))
    run(store, "bob", Intent(TRIAGE, "agent", {"reconciler-address": "assistant/triage"}, started=1000.0), at=1000.0)
    (waiting,) = snapshots.read(store, ACME).pending
    assert waiting.started == 100.0


def test_begin_after_another_write_is_an_error(store):
    snapshot = snapshots.read(store, ACME)
    run(store, "ann").close("complete")
    lease = lock.acquire(store, ACME, holder("bob"), lambda: 1000.0)
    with pytest.raises(StateMovedError, match="another run has changed the state of acme/production"):
        journal.begin(store, lease, snapshot, [])


def test_state_keeps_only_the_latest_plans(store):
    for number in range(103):
        run(store, "ann", at=number * 1000.0, plan=AppliedPlan(f"sha256:{number}", "run", 0.0, "ann")).close("complete")
    plans = snapshots.read(store, ACME).state.plans
    assert len(plans) == 100
    assert list(plans)[-1] == "sha256:102"


# Grouping


def test_completions_are_due_when_a_group_is_full_or_a_second_has_passed(store):
    now = [0.0]
    lease = lock.acquire(store, ACME, holder("ann"), lambda: 100.0)
    first = journal.begin(store, lease, snapshots.read(store, ACME), [], clock=lambda: now[0])

    def due_after(completions: int, seconds: float) -> bool:
        for _ in range(completions):
            first.record(Completed(OLD, None))
        now[0] += seconds
        due = first.due
        first.flush()
        return due

    assert not due_after(completions=0, seconds=60)
    assert not due_after(completions=49, seconds=0.9)
    assert due_after(completions=1, seconds=1)
    assert due_after(completions=50, seconds=0)


def test_slow_store_is_written_every_ten_seconds(store):
    now = [0.0]

    def slowly(operation: int) -> None:
        now[0] += 0.5 if "state/acme/production/journal/00000001.json" in store.documents else 0.0

    lease = lock.acquire(store, ACME, holder("ann"), lambda: 100.0)
    slow = InterruptedStore(store, slowly)
    first = journal.begin(slow, lease, snapshots.read(store, ACME), [], clock=lambda: now[0])
    first.record(Completed(TRIAGE, applied("agent_1")))
    first.flush()  # one operation, half a second
    first.record(Completed(HOURS, applied("file_1")))
    now[0] += 4.9
    assert not first.due
    now[0] += 0.1
    assert first.due


def test_a_large_group_is_several_segments(store):
    first = run(store, "ann")
    for number in range(120):
        first.record(Completed(Address("assistant", f"a{number}"), applied(f"agent_{number}")))
    first.flush()
    assert len(store.list("state/acme/production/journal/")) == 1 + 3
    assert len(contents(snapshots.read(store, ACME))) == 120


def test_flush_after_failure_loses_no_entry(store):
    class Unreliable(MemoryStore):
        failures: Iterator[str] = iter(["before", "after"])

        def create(self, key, data):
            failure = next(self.failures, "") if "journal/00000002" in key else ""
            version = "" if failure == "before" else super().create(key, data)
            if failure:
                raise StoreError
            return version

    unreliable = Unreliable()
    first = run(unreliable, "ann", intent(TRIAGE), intent(HOURS))
    first.record(Completed(TRIAGE, applied("agent_1")))
    for _ in range(2):
        with pytest.raises(StoreError):
            first.flush()
        first.record(Completed(HOURS, applied("file_1")))
    assert contents(first.close("complete")) == {"assistant/triage": "agent_1", "file/kb/hours.pdf": "file_1"}


# Killed


@dataclass(frozen=True)
class Seen:
    """The state as a reader sees it: addresses with ids, and pending addresses."""

    objects: frozenset[tuple[str, str]]
    pending: tuple[str, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Seen":
        return cls(frozenset(contents(snapshot).items()), tuple(pending(snapshot)))


BEFORE = Seen(frozenset({("assistant/old", "agent_0")}), ())
BEGUN = Seen(BEFORE.objects, ("assistant/triage", "file/kb/hours.pdf"))
HALF = Seen(BEFORE.objects | {("assistant/triage", "agent_1")}, ("file/kb/hours.pdf",))
DONE = Seen(frozenset({("assistant/triage", "agent_1"), ("file/kb/hours.pdf", "file_1")}), ())


def small_apply(store: Store, reached: list[Seen]) -> None:
    """Create two objects and delete one. `reached` grows with the recorded state."""
    first = run(store, "ann", intent(TRIAGE), intent(HOURS))
    reached.append(BEGUN)
    first.record(Completed(TRIAGE, applied("agent_1")))
    first.flush()
    reached.append(HALF)
    first.record(Completed(HOURS, applied("file_1")))
    first.record(Completed(OLD, None))
    first.flush()
    reached.append(DONE)
    first.close("complete")


ENDINGS = "compacts", "appends", "merges"
"""The ways in which a run ends: compaction, a merge, or only its own last segment."""


def with_old(store: MemoryStore, then: str = "compacts") -> MemoryStore:
    """With one object, and such that a small apply after it ends so."""
    before = run(store, "zoe", at=-2000.0)
    length = 0 if then == "compacts" else 20_000
    before.record(Completed(OLD, Applied("agent_0", "agent", {"instructions": "x" * length})))
    before.close("complete")
    if then == "merges":
        killed = run(store, "zoe", at=-1000.0)
        for _ in range(DOCUMENTS - 4):
            killed.discard(OLD)
            killed.flush()
    return store


def operations() -> list[tuple[str, int]]:
    return [(ending, number) for ending in ENDINGS for number in range(operations_of(ending))]


def operations_of(ending: str) -> int:
    counting = InterruptedStore(with_old(MemoryStore(), ending), never)
    small_apply(counting, [])
    return counting.operations


@pytest.mark.parametrize(
    ("ending", "documents"),
    [("compacts", 0), ("appends", 4), ("merges", DOCUMENTS + 2)],  # the segments stay where they are merged
)
def test_a_small_apply_ends_in_one_of_three_ways(store, ending, documents):
    small_apply(with_old(store, ending), [])
    written = store.list("state/acme/production/journal/")
    assert len(written) == documents
    assert snapshots.read(store, ACME).stored.documents == min(documents, 4 if ending == "appends" else 1)


@pytest.mark.parametrize(("ending", "number"), operations())
def test_a_run_killed_before_any_operation_leaves_what_it_recorded(ending, number):
    store, stages, reached = with_old(MemoryStore(), ending), [BEFORE, BEGUN, HALF, DONE], [BEFORE]
    with pytest.raises(Crash):
        small_apply(InterruptedStore(store, crash_at(number)), reached)
    surely, perhaps = reached[-1], stages[len(reached) : len(reached) + 1]
    assert Seen.of(snapshots.read(store, ACME)) in [surely, *perhaps]

    after = run(store, "bob", intent(TRIAGE), at=1000.0)
    after.record(Completed(TRIAGE, applied("agent_2")))
    after.discard(HOURS)
    closed = after.close("complete")
    assert closed == snapshots.read(store, ACME)
    assert closed.pending == ()
    assert contents(closed)["assistant/triage"] == "agent_2"


# Overtaken


@dataclass(frozen=True)
class Overtaken:
    by_force: bool
    """Whether the first run had the lock then."""
    reached: int
    """The state recorded before the takeover."""
    snapshot: Snapshot
    """The state after the second run."""


def overtaking_apply(store: MemoryStore, length: int) -> Snapshot:
    """A run that takes over the expired lock. If its segments are long, it compacts."""
    second = run(store, "bob", intent(OLD), at=1000.0)
    second.record(Completed(TRIAGE, Applied("agent_of_bob", "agent", {"instructions": "x" * length})))
    second.record(Completed(OLD, applied("agent_of_bob")))
    return second.close("complete")


@pytest.mark.parametrize("length", [0, 40_000])
@pytest.mark.parametrize(("ending", "number"), operations())
def test_run_suspended_during_takeover_changes_nothing(ending, number, length):
    """The sleeper's clock stands still, so that its own deadline does not save it."""
    store, reached = with_old(MemoryStore(), ending), [BEFORE]
    overtaken: list[Overtaken] = []

    def overtake(operation: int) -> None:
        if operation == number:
            held = lock.read_lock(store, ACME)
            by_force = held is not None and held.holder.name == "ann"
            overtaken.append(Overtaken(by_force, len(reached), overtaking_apply(store, length)))
            lock.unlock(store, ACME)

    with suppress(LeaseLostError, StateMovedError):
        small_apply(InterruptedStore(store, overtake), reached)
    snapshot, (taken,) = snapshots.read(store, ACME), overtaken
    if not taken.by_force:
        assert Seen.of(snapshot) in [Seen.of(taken.snapshot), DONE]  # one after the other, each with the lock
    else:
        assert contents(snapshot) == contents(taken.snapshot)
        assert snapshot.pending == taken.snapshot.pending
        assert taken.reached >= len([BEFORE, BEGUN]) or len(reached) == len([BEFORE]), "made what is not recorded"


def test_late_checkpoint_of_suspended_run_reverts_nothing(store):
    others: list[Journal] = []

    def sleep(operation: int) -> None:
        if "state/acme/production/journal/00000002.json" in store.documents and not others:
            others.append(run(store, "bob", at=1000.0))
            others[0].record(Completed(TRIAGE, applied("agent_2")))
            others[0].flush()

    sleeper = run(InterruptedStore(store, sleep), "ann", intent(TRIAGE))
    sleeper.record(Completed(TRIAGE, applied("agent_1")))
    with pytest.raises(LeaseLostError):
        sleeper.close("complete")
    assert contents(snapshots.read(store, ACME)) == {"assistant/triage": "agent_2"}
    assert contents(others[0].close("complete")) == {"assistant/triage": "agent_2"}


def test_repeated_writes_of_suspended_run_do_not_block_the_next_run(store):
    sleeper = run(store, "ann")
    for at in (1000.0, 2000.0):
        run(store, "bob", at=at).close("complete")
    present = run(store, "eve", at=3000.0)
    for _ in range(5):
        sleeper.record(Completed(TRIAGE, applied("agent_of_ann")))
        with suppress(LeaseLostError):
            sleeper.close("complete")
    present.record(Completed(TRIAGE, applied("agent_of_eve")))
    assert contents(present.close("complete")) == {"assistant/triage": "agent_of_eve"}


# Read meanwhile


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("another_begins", [False, True])
@pytest.mark.parametrize("how", ENDINGS)
def test_a_reader_sees_what_was_recorded_while_another_run_ends(store, number, another_begins, how):
    ending = run(with_old(store, how), "ann", intent(TRIAGE))
    ending.record(Completed(TRIAGE, applied("agent_1")))
    ending.flush()

    def end(operation: int) -> None:
        if operation == number:
            ending.close("complete")
            if another_begins:
                run(store, "bob", at=1000.0)

    snapshot = snapshots.read(InterruptedStore(store, end), ACME)
    assert contents(snapshot) == {"assistant/old": "agent_0", "assistant/triage": "agent_1"}


def test_reading_writes_nothing(store):
    reading = InterruptedStore(store, never)
    assert snapshots.read(reading, ACME) == Snapshot(State(ACME))
    assert reading.written == []


# Cost


def written_by_an_apply(objects: int) -> list[int]:
    """Return the sizes of the documents written by an apply that creates this many objects."""
    counting = InterruptedStore(MemoryStore(), never)
    addresses = [Address("assistant", f"a{number:05}") for number in range(objects)]
    first = run(counting, "ann", *map(intent, addresses))
    for address in addresses:
        first.record(Completed(address, applied("agent_0")))
        if first.due:
            first.flush()
    first.close("complete")
    return [length for _, length in counting.written]


def test_bytes_written_per_object_are_constant():
    few, many = written_by_an_apply(500), written_by_an_apply(10_000)
    assert sum(many) / 10_000 < 1.05 * sum(few) / 500
    assert max(sorted(many)[:-2]) <= 1.05 * max(sorted(few)[:-2])  # all but the intents and the state document
