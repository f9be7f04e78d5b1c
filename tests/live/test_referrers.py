"""Who may need what is deleted: asked of the embedded API with as few requests as there can be."""

import pytest

from reconciler.live.adapters import referrers
from reconciler.live.referrers.session import ASKED_BY_ID

HOSTED = {"type": "openai_hosted"}


@pytest.fixture
def sdk(api):
    return api.connection.client.beta


@pytest.fixture
def agent(api, sdk):
    return api.run(sdk.agents.create(model="gpt-5", name="digest")).id


@pytest.fixture
def asking(api):
    """What a referrer answers, and the requests that it took."""
    by_type = {referrer.type: referrer for referrer in referrers(api.connection)}

    def ask(type_, **ids):
        api.requests()
        return api.run(by_type[type_].referring(ids)), api.requests()

    return ask


class TestSessions:
    def started(self, api, sdk, agent, **given):
        return api.run(sdk.agents.sessions.create(agent_id=agent, **{"environment": HOSTED, **given})).id

    @pytest.mark.parametrize(
        ("environment", "name"),
        [(HOSTED, "in progress"), ({"type": "self_hosted", "workspace_directory": "/"}, "waiting for an action")],
    )
    def test_one_with_a_turn_under_way_needs_its_agent(self, api, sdk, agent, asking, environment, name):
        made = self.started(api, sdk, agent, input="Hello", environment=environment)
        (found,), _ = asking("session", agent=[agent])
        assert (found.type, found.id, found.name, found.refers_to) == ("session", made, name, (agent,))

    def test_one_at_rest_does_not(self, api, sdk, agent, asking):
        self.started(api, sdk, agent)
        assert asking("session", agent=[agent])[0] == []

    def test_each_agent_costs_one_request_however_many_sessions_others_have(self, api, sdk, agent, asking):
        other = api.run(sdk.agents.create(model="gpt-5")).id
        for _ in range(120):
            self.started(api, sdk, other, input="Hello")
        assert asking("session", agent=[agent, "agent_gone"]) == ([], ["GET /v1/agents/sessions"] * 2)

    def test_of_many_agents_all_sessions_are_listed_in_one_walk(self, api, sdk, agent, asking):
        other = api.run(sdk.agents.create(model="gpt-5")).id
        made = [self.started(api, sdk, one, input="Hello") for one in (agent, other)]
        self.started(api, sdk, agent)
        many = [f"agent_{number}" for number in range(ASKED_BY_ID)]
        found, requests = asking("session", agent=[agent, *many])
        assert [(one.id, one.refers_to) for one in found] == [(made[0], (agent,))]
        assert requests == ["GET /v1/agents/sessions"]


def test_an_agent_needs_the_credentials_of_its_servers(api, sdk):
    transport = {"type": "http", "server_url": "https://crm.example"}
    tool = {"type": "mcp", "server_label": "crm", "transport": transport, "credential_id": "cred_1"}
    made = api.run(sdk.agents.create(model="gpt-5", tools=[tool, {"type": "web_search"}])).id
    assert api.run(api.adapters["agent"].read(made)).refers_to == ("cred_1",)
