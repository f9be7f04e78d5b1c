"""The lineage of a state: written with the first run, and carried by everything that copies the state."""

import json
from dataclasses import replace

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.labels import is_lineage
from reconciler.state.backend import Backend
from reconciler.state.backend_migration import migrate
from reconciler.state.codec import decode_segment, decode_state, encode_segment, encode_state
from reconciler.state.documents import StateFormatError
from reconciler.state.journal import StateMovedError
from reconciler.state.lock import Holder
from reconciler.state.model import Completed, Snapshot, State
from reconciler.state.segments import RunBegun, StateReplaced, replay
from reconciler.state.snapshots import compact
from tests.state.stores import MemoryStore

ACME = Identity("acme")
ANN = Holder("ann", "a", "machine-a", 1)
LINEAGE = "0123456789abcdef"


def run(backend: Backend, base: Snapshot | None = None) -> str | None:
    """Begin a run after `base`, record a change in it, and return its lineage."""
    with backend.lock(ANN) as lease:
        journal = backend.begin(base or backend.read(), (), lease)
        journal.record(Completed(Address("assistant", "triage"), Applied("agent_1", "agent", {})))
        journal.close("complete")
    return journal.lineage


def test_a_first_run_gives_the_state_a_lineage_and_later_runs_keep_it():
    backend = Backend(MemoryStore(), ACME)
    assert backend.read().state.lineage is None
    first = run(backend)
    assert is_lineage(first or "")
    assert run(backend) == run(backend) == backend.read().state.lineage == first


def test_two_states_have_different_lineages():
    assert run(Backend(MemoryStore(), ACME)) != run(Backend(MemoryStore(), ACME))


def test_the_lineage_is_in_the_first_segment_before_anything_is_recorded():
    backend = Backend(MemoryStore(), ACME)
    with backend.lock(ANN) as lease:
        journal = backend.begin(backend.read(), (), lease)
        assert backend.read().state.lineage == journal.lineage is not None


def test_of_two_first_runs_at_once_one_begins():
    backend = Backend(MemoryStore(), ACME)
    empty = backend.read()
    lineage = run(backend, empty)
    with pytest.raises(StateMovedError):
        run(backend, empty)
    assert backend.read().state.lineage == lineage


def test_a_state_without_a_lineage_gets_one_with_its_next_run():
    backend = Backend(MemoryStore(), ACME)
    with backend.lock(ANN) as lease:
        base = backend.read()
        backend.rewrite(base, Snapshot(State(ACME)), lease, "an older state")
    assert backend.read().state.lineage is None
    assert run(backend) == backend.read().state.lineage is not None


def test_compaction_migration_and_edits_carry_the_lineage():
    backend = Backend(MemoryStore(), ACME)
    lineage = run(backend)
    compact(backend.store, backend.read())
    assert backend.read().state.lineage == lineage
    target = MemoryStore()
    target.location = "elsewhere"
    migrate(backend, target, ANN)
    moved = Backend(target, ACME)
    assert moved.read().state.lineage == lineage
    with moved.lock(ANN) as lease:
        base = moved.read()
        moved.rewrite(base, replace(base, state=replace(base.state, objects={})), lease, "rm")
    assert moved.read().state.lineage == lineage


def test_documents_have_the_lineage_and_may_lack_it():
    for lineage in (None, LINEAGE):
        snapshot = Snapshot(State(ACME, lineage=lineage))
        assert decode_state(encode_state(snapshot), ACME, "x", "v").state.lineage == lineage
        for segment in (RunBegun("1", lineage=lineage), StateReplaced("1", State(ACME, lineage=lineage))):
            assert decode_segment(encode_segment(segment), "x") == segment
            assert replay(Snapshot(State(ACME)), [segment]).state.lineage == lineage


@pytest.mark.parametrize("lineage", ["", "x", "0123456789ABCDEF", LINEAGE + " ", LINEAGE * 2, 1, [LINEAGE]])
def test_a_lineage_that_would_damage_a_label_is_an_error(lineage):
    document = json.loads(encode_state(Snapshot(State(ACME))))
    with pytest.raises(StateFormatError):
        decode_state(json.dumps({**document, "lineage": lineage}).encode(), ACME, "x", "v")
