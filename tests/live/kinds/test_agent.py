import time
from email.utils import formatdate

import httpx2
import pytest

from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.live.kinds.agent import AGENTS
from reconciler.live.labelled import Labelled
from reconciler.resources.address import Identity
from reconciler.resources.labels import to_metadata
from reconciler.resources.values import digest

IDENTITY = Identity("acme", "production")
TRIAGE = {"name": "triage", "model": "gpt-6-luna", "instructions": "Sort it."}


@pytest.fixture
def agents(api):
    return api.adapters["agent"]


@pytest.fixture
def order(api):
    def build(**fields):
        return api.order("agent", "assistant/triage", fields)

    return build


@pytest.fixture
def by_hand(api):
    """Changes an agent behind our back."""

    def change(id_, **fields):
        return api.run(api.connection.client.beta.agents.update(id_, **fields))

    return change


def test_what_is_made_reads_as_it_was_wanted(api, agents, order):
    wanted = order(**TRIAGE, metadata={"tier": "gold"})
    made = api.run(agents.create(wanted))
    read = api.run(agents.read(made.id))
    assert read == made
    assert wanted.fields.items() <= made.fields.items()
    assert made.labels == wanted.labels
    assert made.detail.keys() == {"created_at", "updated_at"}
    assert api.requests() == ["POST /v1/agents", "GET /v1/agents/{id}"]


def test_every_field_is_read_with_its_default(api, agents, order):
    fields = api.run(agents.create(order(**TRIAGE))).fields
    assert fields["text"] == {"format": {"type": "text"}, "verbosity": "medium"}
    assert fields["service_tier"] == "auto"
    assert not {"id", "object", "created_at"} & fields.keys()


def test_references_become_ids(api, agents, order):
    api.ids["credential/crm"] = "cred_1"
    tool = {
        "type": "mcp",
        "server_label": "crm",
        "transport": {"type": "http", "server_url": "https://crm.example"},
        "credential_id": {"$address": "credential/crm"},
    }
    form = agents._resource_type
    wanted = order(**TRIAGE, tools=form.canonical("tools", [tool]))
    made = api.run(agents.create(wanted))
    (read,) = made.fields["tools"].values()
    assert read["credential_id"] == "cred_1"


class TestUpdate:
    def test_sends_only_what_changes(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE)))
        by_hand(made.id, instructions="By hand.", service_tier="flex")
        live = api.run(agents.read(made.id))
        after = api.run(agents.update(live, order(name="desk")))
        assert (after.fields["name"], after.fields["instructions"]) == ("desk", "By hand.")
        assert after.fields["service_tier"] == "flex"

    def test_a_field_that_was_dropped_is_reset(self, api, agents, order):
        made = api.run(agents.create(order(**TRIAGE)))
        assert api.run(agents.update(made, order(instructions=None))).fields["instructions"] is None

    def test_metadata_is_merged_by_key(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE, metadata={"tier": "gold", "old": "x"})))
        theirs = api.run(api.connection.get("agents", made.id))["metadata"]
        by_hand(made.id, metadata={**theirs, "team": "night"})
        live = api.run(agents.read(made.id))
        after = api.run(agents.update(live, order(metadata={"tier": "silver", "old": None})))
        assert after.fields["metadata"] == {"tier": "silver", "team": "night"}

    def test_reasoning_is_merged_by_key(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE, reasoning={"effort": "high"})))
        by_hand(made.id, reasoning={"effort": "high", "summary": "auto"})
        live = api.run(agents.read(made.id))
        after = api.run(agents.update(live, order(reasoning={"effort": "low"})))
        assert after.fields["reasoning"] == {"effort": "low", "summary": "auto"}

    def test_labels_go_with_every_update(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE)))
        by_hand(made.id, metadata={"team": "night"})
        live = api.run(agents.read(made.id))
        assert live.labels is None
        after = api.run(agents.update(live, order(name="desk")))
        assert after.labels is not None
        assert after.labels.spec["name"] == digest("desk")[7:15]
        assert after.fields["metadata"] == {"team": "night"}

    def test_too_many_pairs_are_refused_before_anything_is_sent(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE)))
        labels = to_metadata(made.labels)
        by_hand(made.id, metadata={f"key-{number}": "x" for number in range(12)} | labels)
        live = api.run(agents.read(made.id))
        api.requests()
        with pytest.raises(LiveError, match="17 metadata pairs"):
            api.run(agents.update(live, order(name="desk", metadata={"tier": "gold"})))
        assert api.requests() == []

    def test_what_has_no_room_for_labels_is_written_without(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE)))
        theirs = {f"key-{number}": "x" for number in range(13)}
        by_hand(made.id, metadata=theirs)
        live = api.run(agents.read(made.id))
        after = api.run(agents.update(live, order(name="desk")))
        assert after.labels is None
        assert (after.name, after.fields["metadata"]) == ("desk", theirs)

    def test_given_up_it_is_as_it_was_but_for_our_labels(self, api, agents, order):
        made = api.run(agents.create(order(**TRIAGE, metadata={"tier": "gold"})))
        api.run(agents.disown(made.id, IDENTITY, None))
        after = api.run(agents.read(made.id))
        assert after.labels is None
        assert after.fields == made.fields

    def test_labels_of_another_identity_stay(self, api, agents, order):
        made = api.run(agents.create(order(**TRIAGE)))
        api.requests()
        api.run(agents.disown(made.id, Identity("globex"), None))
        assert api.requests() == ["GET /v1/agents/{id}"]


class TestFind:
    def test_by_its_labels(self, api, agents, order):
        made = api.run(agents.create(order(**TRIAGE)))
        api.run(agents.create(api.order("agent", "assistant/other", TRIAGE)))
        found = api.run(agents.find(order(**TRIAGE), since=made.detail["created_at"]))
        assert found == made

    def test_nothing_older(self, api, agents, order):
        made = api.run(agents.create(order(**TRIAGE)))
        assert api.run(agents.find(order(**TRIAGE), since=made.detail["created_at"] + 600)) is None

    def test_a_create_that_answers_500_is_sent_once_and_found(self, api, agents, order):
        """The API keeps the agent, and fails to say so."""
        working = api.connection.client._client._transport

        async def lose(request):
            response = await working.handle_async_request(request)
            return httpx2.Response(500) if request.method == "POST" else response

        connection = api.bench.connection(httpx2.MockTransport(lose))
        flaky = Labelled(AGENTS, connection)
        with pytest.raises(UnknownOutcomeError, match="assistant/triage"):
            api.run(flaky.create(order(**TRIAGE)))
        assert connection.requests == {"POST": 1}
        found = api.run(flaky.find(order(**TRIAGE), since=api.bench.now + 1_795_000_000))
        assert [found] == api.run(agents.list(IDENTITY, []))

    def test_a_clock_that_is_fast_is_put_right_by_the_answers(self, api, agents, order, monkeypatch):
        """Made at 12:00 by OpenAI's clock, looked for from 12:10 on by ours."""
        working, theirs = api.connection.client._client._transport, time.time

        async def dated(request):
            response = await working.handle_async_request(request)
            response.headers["date"] = formatdate(theirs(), usegmt=True)
            return response

        monkeypatch.setattr(time, "time", lambda: theirs() + 600)
        connection = api.bench.connection(httpx2.MockTransport(dated))
        before, here = time.time(), Labelled(AGENTS, connection)
        made = api.run(here.create(order(**TRIAGE)))
        assert 600 <= connection.ahead < 601
        assert api.run(here.find(order(**TRIAGE), since=before)) == made


def test_what_is_gone_reads_as_nothing_and_deletes_quietly(api, agents, order):
    made = api.run(agents.create(order(**TRIAGE)))
    for _ in range(2):
        api.run(agents.delete(made.id))
    assert api.run(agents.read(made.id)) is None
    assert api.run(agents.list(IDENTITY, [])) == []


def test_everybodys_agents_are_listed(api, agents, order):
    made = api.run(agents.create(order(**TRIAGE)))
    theirs = api.run(api.connection.client.beta.agents.create(model="gpt-6-luna", metadata={"team": "night"}))
    listed = {live.id: live for live in api.run(agents.list(IDENTITY, []))}
    assert listed[made.id].labels == made.labels
    assert listed[theirs.id].labels is None
    assert listed[theirs.id].fields["metadata"] == {"team": "night"}
