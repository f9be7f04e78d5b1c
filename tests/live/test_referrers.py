"""Who may need what is deleted: asked of the embedded API with as few requests as there can be."""

import pytest

from reconciler.live.adapters import referrers

NONE, HOSTED = {"type": "none"}, {"type": "openai_hosted"}
SAY = [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]
NIGHTLY = {"name": "nightly digest", "type": "periodic", "expression": "0 3 * * *", "timezone": "UTC"}


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


def automation(api, sdk, agent, **changes):
    target = {"type": "new_session", "agent_id": agent, "environment": NONE, "input": SAY}
    schedule = {**NIGHTLY, **changes.pop("schedule", {})}
    return api.run(sdk.agents.automations.create(**schedule, target={**target, **changes})).id


class TestAutomations:
    def test_one_that_targets_the_agent_needs_it_and_is_called_by_its_name(self, api, sdk, agent, asking):
        made = automation(api, sdk, agent)
        (found,), _ = asking("automation", agent=[agent])
        assert (found.type, found.id, found.name, found.refers_to) == ("automation", made, "nightly digest", (agent,))

    def test_others_are_not_told(self, api, sdk, agent, asking):
        automation(api, sdk, agent)
        assert asking("automation", agent=["agent_other"]) == ([], ["GET /v1/agents/automations"])

    def test_a_paused_one_may_be_resumed(self, api, sdk, agent, asking):
        api.run(sdk.agents.automations.pause(automation(api, sdk, agent)))
        assert asking("automation", agent=[agent])[0]

    def test_one_whose_time_has_come_needs_nothing_any_more(self, api, sdk, agent, asking):
        once = {"name": "launch", "type": "once", "run_at": int(1_795_000_000 + api.bench.now) + 60}
        target = {"type": "new_session", "agent_id": agent, "environment": NONE, "input": SAY}
        api.run(sdk.agents.automations.create(**once, target=target))
        assert asking("automation", agent=[agent])[0]
        api.run(api.connection.pace.sleep(61))
        assert not asking("automation", agent=[agent])[0]

    def test_everything_that_its_runs_need_counts(self, api, sdk, agent, asking):
        vault = api.run(sdk.agents.vaults.create(name="crm")).id
        template = api.run(sdk.agents.environments.templates.create(name="kb")).id
        file = {"type": "file_id", "file_id": "file-1", "path": "/workspace/a.md"}
        skill = {"type": "skill_reference", "skill_id": "skill_1"}
        environment = {**HOSTED, "environment_template_id": template, "files": [file], "skills": [skill]}
        automation(api, sdk, agent, environment=environment, vault_ids=[vault])
        (found,), _ = asking("automation", file=["file-1"])
        assert found.refers_to == tuple(sorted([agent, vault, template, "file-1", "skill_1"]))

    def test_many_are_walked_in_full_pages_whatever_is_asked_for(self, api, sdk, agent, asking):
        for _ in range(101):
            automation(api, sdk, agent)
        found, requests = asking("automation", agent=[agent, "agent_other"], file=["file-1", "file-2"])
        assert (len(found), requests) == (101, ["GET /v1/agents/automations"] * 2)


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


def test_an_agent_needs_the_credentials_of_its_servers(api, sdk):
    transport = {"type": "http", "server_url": "https://crm.example"}
    tool = {"type": "mcp", "server_label": "crm", "transport": transport, "credential_id": "cred_1"}
    made = api.run(sdk.agents.create(model="gpt-5", tools=[tool, {"type": "web_search"}])).id
    assert api.run(api.adapters["agent"].read(made)).refers_to == ("cred_1",)
