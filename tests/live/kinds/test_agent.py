import pytest

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

    def test_reasoning_is_merged_by_key(self, api, agents, order, by_hand):
        made = api.run(agents.create(order(**TRIAGE, reasoning={"effort": "high"})))
        by_hand(made.id, reasoning={"effort": "high", "summary": "auto"})
        live = api.run(agents.read(made.id))
        after = api.run(agents.update(live, order(reasoning={"effort": "low"})))
        assert after.fields["reasoning"] == {"effort": "low", "summary": "auto"}
