"""Objects that are found by the labels in their metadata: the same for every type."""

import time
from email.utils import formatdate

import httpx2
import pytest

from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.live.kinds.agent import AGENTS
from reconciler.live.kinds.assistant import ASSISTANTS
from reconciler.live.kinds.vault import VAULTS
from reconciler.live.labelled import Labelled
from reconciler.resources.address import Identity
from reconciler.resources.labels import to_metadata
from reconciler.resources.registry import resource_types
from reconciler.resources.values import digest

IDENTITY = Identity("acme", "production")
FIELDS = {
    "agent": {"name": "triage", "model": "gpt-6-luna", "instructions": "Sort it."},
    "assistant": {"name": "triage", "model": "gpt-4o", "instructions": "Sort it."},
    "vault": {"name": "triage"},
}


@pytest.fixture
def api(emulator):
    return emulator(assistants=True)


@pytest.fixture(params=[AGENTS, ASSISTANTS, VAULTS], ids=lambda one: one.type)
def described(request):
    return request.param


@pytest.fixture
def adapter(api, described):
    return api.adapters[described.type]


@pytest.fixture
def order(api, described):
    kind = resource_types()[described.type].address_kind

    def build(address="triage", /, **fields):
        return api.order(described.type, f"{kind}/{address}", fields)

    return build


@pytest.fixture
def wanted(described):
    return FIELDS[described.type]


@pytest.fixture
def make(api, adapter, order, wanted):
    def run(**fields):
        made = api.run(adapter.create(order(**wanted, **fields)))
        api.requests()
        return made

    return run


@pytest.fixture
def by_hand(api, adapter, described):
    """Change the metadata of an object outside Reconciler, and read it."""

    def change(id_, metadata):
        api.run(api.connection.replace(*described.path, id_, body={"metadata": metadata}))
        live = api.run(adapter.read(id_))
        api.requests()
        return live

    return change


@pytest.fixture
def through(api, described):
    """Return an adapter whose responses are changed on their way."""
    working = api.connection.client._client._transport

    def build(changed):
        async def answer(request):
            return changed(request, await working.handle_async_request(request))

        connection = api.bench.connection(httpx2.MockTransport(answer))
        return Labelled(described, connection), connection

    return build


class TestUpdate:
    def test_metadata_is_merged_by_key(self, api, adapter, order, make, by_hand):
        made = make(metadata={"tier": "gold", "old": "x"})
        live = by_hand(made.id, {"tier": "gold", "old": "x", "team": "night", **to_metadata(made.labels)})
        after = api.run(adapter.update(live, order(metadata={"tier": "silver", "old": None})))
        assert after.fields["metadata"] == {"tier": "silver", "team": "night"}

    def test_labels_are_in_every_update(self, api, adapter, order, make, by_hand):
        live = by_hand(make().id, {"team": "night"})
        assert live.labels is None
        after = api.run(adapter.update(live, order(name="desk")))
        assert after.labels is not None
        assert after.labels.spec["name"] == digest("desk")[7:15]
        assert after.fields["metadata"] == {"team": "night"}

    def test_too_many_pairs_are_refused_before_anything_is_sent(self, api, adapter, order, make, by_hand):
        made = make()
        live = by_hand(made.id, {f"key-{number}": "x" for number in range(12)} | to_metadata(made.labels))
        with pytest.raises(LiveError, match="17 metadata pairs"):
            api.run(adapter.update(live, order(name="desk", metadata={"tier": "gold"})))
        assert api.requests() == []

    def test_object_without_room_for_labels_is_written_without(self, api, adapter, order, make, by_hand):
        theirs = {f"key-{number}": "x" for number in range(13)}
        live = by_hand(make().id, theirs)
        after = api.run(adapter.update(live, order(name="desk")))
        assert after.labels is None
        assert (after.name, after.fields["metadata"]) == ("desk", theirs)


class TestDisown:
    def test_disowned_object_is_as_before_without_labels(self, api, adapter, make):
        made = make(metadata={"tier": "gold"})
        api.run(adapter.disown(made.id, IDENTITY, None))
        after = api.run(adapter.read(made.id))
        assert after.labels is None
        assert after.fields == made.fields

    def test_labels_of_another_identity_stay(self, api, adapter, make):
        made = make(metadata={"tier": "gold"})
        api.run(adapter.disown(made.id, Identity("globex"), None))
        assert [asked.split()[0] for asked in api.requests()] == ["GET"]
        assert api.run(adapter.read(made.id)) == made


class TestFind:
    def test_object_is_found_by_its_labels(self, api, adapter, order, make, wanted):
        made = make()
        api.run(adapter.create(order("other", **wanted)))
        assert api.run(adapter.find(order(**wanted), since=made.detail["created_at"])) == made

    def test_older_object_is_not_found(self, api, adapter, order, make, wanted):
        made = make()
        assert api.run(adapter.find(order(**wanted), since=made.detail["created_at"] + 600)) is None

    def test_create_with_a_lost_response_is_sent_once_and_found(self, api, adapter, order, wanted, through):
        """The API keeps the object, and fails to say so."""
        flaky, connection = through(lambda request, said: httpx2.Response(500) if request.method == "POST" else said)
        with pytest.raises(UnknownOutcomeError, match=str(order().desired.address)):
            api.run(flaky.create(order(**wanted)))
        assert connection.requests == {"POST": 1}
        found = api.run(flaky.find(order(**wanted), since=time.time()))
        assert [found] == api.run(adapter.list(IDENTITY, []))

    def test_fast_clock_is_corrected_by_the_responses(self, api, order, wanted, through, monkeypatch):
        """Made at 12:00 by OpenAI's clock, looked for from 12:10 on by ours."""
        theirs = time.time

        def dated(_request, said):
            said.headers["date"] = formatdate(theirs(), usegmt=True)
            return said

        monkeypatch.setattr(time, "time", lambda: theirs() + 600)
        before, (here, connection) = time.time(), through(dated)
        made = api.run(here.create(order(**wanted)))
        assert 600 <= connection.ahead < 601
        assert api.run(here.find(order(**wanted), since=before)) == made


def test_missing_object_is_none_and_deleted_quietly(api, adapter, make):
    made = make()
    for _ in range(2):
        api.run(adapter.delete(made.id))
    assert api.run(adapter.read(made.id)) is None
    assert api.run(adapter.list(IDENTITY, [])) == []


def test_objects_of_everybody_are_listed(api, adapter, described, order, make, wanted):
    made = make()
    body = {**wanted, "metadata": {"team": "night"}}
    theirs = api.run(api.connection.create(*described.path, body=body, about=order(**wanted).desired))
    listed = {live.id: live for live in api.run(adapter.list(IDENTITY, []))}
    assert listed[made.id].labels == made.labels
    assert listed[theirs["id"]].labels is None
    assert listed[theirs["id"]].fields["metadata"] == {"team": "night"}
