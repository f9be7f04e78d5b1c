"""What an apply costs on a shared store: bytes and calls for each object, however many there are."""

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.state.backend import Backend, open_store
from reconciler.state.lock import this_process
from reconciler.state.model import Completed, Intent
from reconciler.state.store import Store
from tests.state.stores import InterruptedStore, never

FEW, MANY = 100, 2_000


@pytest.fixture(params=["bucket", "database"])
def store(request: pytest.FixtureRequest, tmp_path) -> Store:
    server = request.getfixturevalue(request.param)
    return open_store(tmp_path, str(getattr(server, "url", server)), {}, embedded=False)


def cost_of_an_apply(store: Store, identity: Identity, objects: int) -> tuple[float, float]:
    """Bytes that are stored, and calls, for each object that is made; the state is written once at the end."""
    counting = InterruptedStore(store, never)
    backend = Backend(counting, identity)
    addresses = [Address("assistant", f"a{number:05}") for number in range(objects)]
    with backend.lock(this_process({})) as lease:
        intents = [Intent(address, "agent", {"identity": str(identity)}, lease.now()) for address in addresses]
        run = backend.begin(backend.read(), intents, lease)
        for address in addresses:
            run.record(Completed(address, Applied("agent_0", "agent", {"model": "gpt-6-luna"})))
            if run.due:
                run.flush()
        run.flush()
        written = sum(len(found.data) for found in map(store.read, store.list(f"state/{identity}/")) if found)
    return written / objects, counting.operations / objects


def test_an_object_costs_the_same_among_few_and_among_many(store):
    few, many = (cost_of_an_apply(store, Identity(f"of-{count}"), count) for count in (FEW, MANY))
    assert many[0] < 1.05 * few[0]
    assert many[1] < 1.05 * few[1]


def test_an_apply_that_changes_one_object_writes_no_more_before_its_end_where_there_are_many(store):
    lengths = []
    for objects in (FEW, MANY):
        identity = Identity(f"of-{objects}")
        cost_of_an_apply(store, identity, objects)
        counting = InterruptedStore(store, never)
        backend = Backend(counting, identity)
        with backend.lock(this_process({})) as lease:
            run = backend.begin(backend.read(), [], lease)
            counting.written.clear()
            run.record(Completed(Address("assistant", "a00001"), Applied("agent_1", "agent", {})))
            run.flush()
            lengths.append(sum(length for _, length in counting.written))
    assert lengths[0] == pytest.approx(lengths[1], rel=0.05)
