"""Migration of the state to another store, also when it is killed at any step."""

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
from tests.state.stores import Crash, InterruptedStore, MemoryStore, NotingStore, crash_at

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


def test_migrate_copies_only_the_identity():
    source, target = filled(MemoryStore()), elsewhere()
    before = source.read()
    assert migrate(source, target, ANN) == StateMigration("memory", "elsewhere", 1, 1, 1)
    assert Backend(target, ACME).read() == before
    assert StoreOutlet(target).list("acme/") == [BUNDLE]


def test_read_of_moved_state_names_the_new_location():
    source, target = filled(MemoryStore()), elsewhere()
    migrate(source, target, ANN)
    with pytest.raises(MovedError, match="was moved to elsewhere"):
        source.read()


def test_migrate_back_to_the_first_backend():
    source, target = filled(MemoryStore()), elsewhere()
    before = source.read()
    migrate(source, target, ANN)
    migrate(Backend(target, ACME), source.store, ANN)
    assert source.read() == before


def test_migrate_writes_the_history_as_one_note():
    plans = [AppliedPlan(f"sha256:{number}", f"run-{number}", float(number), "ann@a") for number in (2, 1)]
    assert history(NotingStore(with_records(ACME, "take over", plans)), ACME) == plans


@pytest.mark.parametrize("taken", [True, False])
def test_migrate_to_occupied_or_locked_target_changes_nothing(taken: bool):
    source, target = filled(MemoryStore()), elsewhere()
    if taken:
        filled(target)
    else:
        acquire(target, ACME, Holder("ben", "b", "machine-b", 2))
    with pytest.raises(ReconcilerError):
        migrate(source, target, ANN)
    assert source.read().state.objects.keys() == {TRIAGE}


def test_migrate_without_state_is_an_error():
    with pytest.raises(ReconcilerError, match="has no state of acme"):
        migrate(Backend(MemoryStore(), ACME), elsewhere(), ANN)


@pytest.mark.parametrize("number", range(25))
@pytest.mark.parametrize("side", ["source", "target"])
def test_migrate_killed_at_any_step_is_resumed(side: str, number: int):
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
