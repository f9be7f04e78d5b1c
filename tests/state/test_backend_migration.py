"""The state from one store to another, killed anywhere, and who is sent there."""

from contextlib import suppress

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.state.backend import Backend, StoreOutlet
from reconciler.state.backend_migration import StateMigration, migrate
from reconciler.state.codec import MovedError
from reconciler.state.history import history, with_records
from reconciler.state.lock import Holder, acquire
from reconciler.state.model import AppliedPlan, Completed
from reconciler.state.store import Store
from tests.state.stores import Crash, InterruptedStore, MemoryStore, crash_at
from tests.state.test_history import NotingStore

ACME = Identity("acme")
ANN = Holder("ann", "a", "machine-a", 1)
TRIAGE = Address("assistant", "triage")
BUNDLE = "acme/assistant/triage.json"


def filled(store: Store) -> Backend:
    """An apply, in the journal still, with a bundle, beside those of an environment."""
    backend = Backend(store, ACME)
    with backend.lock(ANN) as lease:
        plan = AppliedPlan("sha256:1", lease.token, lease.now(), "ann@a")
        run = backend.begin(backend.read(), (), lease, plan=plan)
        run.record(Completed(TRIAGE, Applied("agent_1", "agent", {"model": "m"})))
        run.flush()
    StoreOutlet(store).write(BUNDLE, b"{}")
    StoreOutlet(store).write("acme/production/assistant/triage.json", b"{}")
    return backend


def test_everything_of_the_identity_goes_and_nothing_else():
    source, target = filled(MemoryStore()), elsewhere()
    before = source.read()
    assert migrate(source, target, ANN) == StateMigration("memory", "elsewhere", 1, 1, 1)
    assert Backend(target, ACME).read() == before
    assert StoreOutlet(target).list("acme/") == [BUNDLE]


def test_whoever_still_uses_the_old_place_is_told():
    source, target = filled(MemoryStore()), elsewhere()
    migrate(source, target, ANN)
    with pytest.raises(MovedError, match="was moved to elsewhere"):
        source.read()


def test_it_may_come_back():
    source, target = filled(MemoryStore()), elsewhere()
    before = source.read()
    migrate(source, target, ANN)
    migrate(Backend(target, ACME), source.store, ANN)
    assert source.read() == before


def test_history_goes_into_one_note_of_a_store_that_keeps_such():
    plans = [AppliedPlan(f"sha256:{number}", f"run-{number}", float(number), "ann@a") for number in (2, 1)]
    assert history(NotingStore(with_records(ACME, "take over", plans)), ACME) == plans


@pytest.mark.parametrize("taken", [True, False])
def test_a_place_that_is_taken_and_one_that_is_locked_are_left_alone(taken: bool):
    source, target = filled(MemoryStore()), elsewhere()
    if taken:
        filled(target)
    else:
        acquire(target, ACME, Holder("ben", "b", "machine-b", 2))
    with pytest.raises(ReconcilerError):
        migrate(source, target, ANN)
    assert source.read().state.objects.keys() == {TRIAGE}


def test_where_nothing_is_there_is_nothing_to_take():
    with pytest.raises(ReconcilerError, match="has no state of acme"):
        migrate(Backend(MemoryStore(), ACME), elsewhere(), ANN)


@pytest.mark.parametrize("number", range(25))
@pytest.mark.parametrize("side", ["source", "target"])
def test_killed_anywhere_the_same_call_goes_on(side: str, number: int):
    source, target = MemoryStore(), elsewhere()
    before = filled(source).read()
    stores: dict[str, Store] = {"source": source, "target": target}
    stores[side] = InterruptedStore(stores[side], crash_at(number))
    try:
        migrate(Backend(stores["source"], ACME), stores["target"], ANN)
    except Crash:
        for store in (source, target):
            Backend(store, ACME).unlock()
    with suppress(MovedError):
        migrate(Backend(source, ACME), target, ANN)
    assert Backend(target, ACME).read() == before
    assert StoreOutlet(target).read(BUNDLE) == b"{}"


def elsewhere() -> MemoryStore:
    store = MemoryStore()
    store.location = "elsewhere"
    return store
