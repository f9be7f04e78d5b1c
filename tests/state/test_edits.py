"""Edits that replace the whole state, and the runs that they stop."""

from dataclasses import replace

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.state.backend import Backend
from reconciler.state.codec import decode_segment, encode_segment
from reconciler.state.edits import OlderError, check_not_older, check_same_lineage
from reconciler.state.journal import StateMovedError
from reconciler.state.lock import Holder, LeaseLostError, acquire
from reconciler.state.model import AppliedPlan, Intent, Snapshot, State
from reconciler.state.segments import StateReplaced
from tests.state.stores import Crash, InterruptedStore, MemoryStore, crash_at

ACME = Identity("acme")
ONE, TWO = "0123456789abcdef", "fedcba9876543210"
ANN, BEN = Holder("ann", "a", "machine-a", 1), Holder("ben", "b", "machine-b", 2)
TRIAGE, OLD, FILE = Address("assistant", "triage"), Address("assistant", "old"), Address("file", "kb/a.md")
NEW = Snapshot(
    State(
        ACME,
        "proj_1",
        {TRIAGE: Applied("agent_1", "agent", {"model": "m"}, unproven=("files",))},
        {"sha256:1": AppliedPlan("sha256:1", "run-1", 1.0, "ann")},
        frozenset({Address("release", "support@1")}),
    ),
    pending=(Intent(FILE, "file", {"filename": "a.md", "bytes": 1, "sha256": "0" * 64}, 5.0),),
)


def rewritten(backend: Backend, new: Snapshot = NEW) -> Snapshot:
    with backend.lock(ANN) as lease:
        return backend.rewrite(backend.read(), new, lease, "push")


def with_old(backend: Backend) -> None:
    rewritten(backend, Snapshot(State(ACME, objects={OLD: Applied("agent_0", "agent", {})})))


def test_state_replaced_segment_round_trips():
    segment = StateReplaced("run-2", NEW.state, NEW.pending)
    assert decode_segment(encode_segment(segment), "segment") == segment


def test_rewrite_replaces_the_state_and_releases_the_lock():
    backend = Backend(MemoryStore(), ACME)
    with_old(backend)
    done = rewritten(backend)
    assert (done.state, done.pending, done.position) == (NEW.state, NEW.pending, 2)
    assert backend.read() == done
    assert backend.held() is None


def test_rewrite_stops_runs_planned_before():
    backend = Backend(MemoryStore(), ACME)
    with_old(backend)
    planned = backend.read()
    rewritten(backend)
    with backend.lock(BEN) as lease, pytest.raises(StateMovedError):
        backend.begin(planned, (), lease)


def test_rewrite_after_lost_lock_changes_nothing():
    backend = Backend(MemoryStore(), ACME)
    base, lease = backend.read(), acquire(backend.store, ACME, ANN)
    backend.unlock()
    with_old(backend)
    with pytest.raises(LeaseLostError):
        backend.rewrite(base, NEW, lease, "push")
    assert backend.read().state.objects.keys() == {OLD}


@pytest.mark.parametrize("number", range(16))
def test_rewrite_killed_at_any_step_is_complete_or_absent(number: int):
    store = MemoryStore()
    with_old(Backend(store, ACME))
    try:
        rewritten(Backend(InterruptedStore(store, crash_at(number)), ACME))
    except Crash:
        Backend(store, ACME).unlock()
    found = Backend(store, ACME).read()
    assert found.state == NEW.state or found.state.objects.keys() == {OLD}
    assert rewritten(Backend(store, ACME)).state == NEW.state


@pytest.mark.parametrize(
    ("position", "run", "is_older"),
    [
        (7, "20260102T000000Z-b", False),
        (8, "20260102T000000Z-b", False),
        (6, "20260102T000000Z-b", True),
        (9, "20260101T000000Z-a", True),  # of the history before
        (7, "20260103T000000Z-c", False),
    ],
)
def test_check_not_older_compares_position_and_run_time(position, run, is_older):
    present = replace(NEW, position=7, run="20260102T000000Z-b")
    pushed = replace(NEW, position=position, run=run)
    if is_older:
        with pytest.raises(OlderError):
            check_not_older(pushed, present, "state.json")
    else:
        check_not_older(pushed, present, "state.json")


def test_check_not_older_accepts_any_document_for_empty_state():
    check_not_older(replace(NEW, position=0, run=""), Snapshot(State(ACME)), "state.json")


@pytest.mark.parametrize(
    ("pushed", "present", "is_refused"),
    [(ONE, ONE, False), (None, ONE, False), (ONE, None, False), (ONE, TWO, True)],
)
def test_check_same_lineage_refuses_the_state_of_another_repository(pushed, present, is_refused):
    document, state = State(ACME, lineage=pushed), State(ACME, lineage=present)
    if not is_refused:
        check_same_lineage(document, state, "state.json")
        return
    with pytest.raises(ReconcilerError) as error:
        check_same_lineage(document, state, "state.json")
    (problem,) = error.value.problems
    assert (problem.code, f"state rebuild --lineage {ONE}" in problem.hint) == ("other-lineage", True)
