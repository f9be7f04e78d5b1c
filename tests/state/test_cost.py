"""The cost of an apply on a shared store in bytes and calls, independent of the number of objects."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.state.backend import Backend, open_store
from reconciler.state.compaction import DOCUMENTS
from reconciler.state.lock import this_process
from reconciler.state.model import Completed, Intent
from reconciler.state.snapshots import SEGMENTS
from reconciler.state.store import Store
from tests.state.stores import InterruptedStore, MemoryStore, never

ACME = Identity("acme")
FEW, MANY = 100, 2_000


@dataclass(frozen=True)
class Cost:
    bytes: int
    """The total size of written documents."""
    calls: int


@pytest.fixture(params=["bucket", "database"])
def store(request: pytest.FixtureRequest, tmp_path) -> Store:
    server = request.getfixturevalue(request.param)
    return open_store(tmp_path, str(getattr(server, "url", server)), {}, embedded=False)


def apply(store: Store, numbers: Iterable[int], identity: Identity = ACME) -> Cost:
    """Make or change the objects of these numbers: one apply, from taking the lock to freeing it."""
    counting = InterruptedStore(store, never)
    backend = Backend(counting, identity)
    addresses = [Address("assistant", f"a{number:05}") for number in numbers]
    with backend.lock(this_process({})) as lease:
        intents = [Intent(address, "agent", {"identity": str(identity)}, lease.now()) for address in addresses]
        run = backend.begin(backend.read(), intents, lease)
        for address in addresses:
            run.record(Completed(address, Applied("agent_0", "agent", {"model": "gpt-6-luna"})))
            if run.due:
                run.flush()
        run.close("complete")
    return Cost(sum(length for _, length in counting.written), counting.operations)


def test_an_object_costs_the_same_among_few_and_among_many(store):
    few, many = (apply(store, range(count), Identity(f"of-{count}")) for count in (FEW, MANY))
    assert many.bytes / MANY < 1.05 * few.bytes / FEW
    assert many.calls / MANY < 1.05 * few.calls / FEW


def test_an_apply_that_changes_one_object_costs_the_same_among_few_and_among_many(store):
    costs = []
    for count in (FEW, MANY):
        identity = Identity(f"of-{count:04}")
        apply(store, range(count), identity)
        costs.append(apply(store, [1], identity))
    few, many = costs
    assert many.bytes == pytest.approx(few.bytes, rel=0.05)
    assert many.calls == pytest.approx(few.calls, rel=0.05)


@pytest.mark.parametrize(("objects", "applies"), [(FEW, 100), pytest.param(MANY, 400, marks=pytest.mark.long)])
def test_amortised_compaction_cost_is_small(objects, applies):
    """Merging segments and writing the state document; an apply that changes one object is two segments."""
    store = MemoryStore()
    apply(store, range(objects))
    document = len(store.documents["state/acme/state.json"].data)
    alone = apply(store, [1]).bytes
    costs = [apply(store, [number % objects]).bytes for number in range(applies)]
    assert sum(costs) / applies < 5 * alone + document / (SEGMENTS / 2)
    assert max(costs) > document, "the state document was never written"


def test_after_many_small_applies_reading_takes_few_documents():
    store = MemoryStore()
    apply(store, range(5 * FEW))
    reads = []
    for number in range(20):
        apply(store, [number])
        counting = InterruptedStore(store, never)
        Backend(counting, ACME).read()
        reads.append(counting.operations)
    assert max(reads) == DOCUMENTS + 2  # the listing, and the state document
    assert len(store.documents) > DOCUMENTS + 2
