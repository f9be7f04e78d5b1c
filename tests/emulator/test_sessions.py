"""Sessions: copied configurations, turns, and deletion."""

import pytest

NONE, HOSTED = {"type": "none"}, {"type": "openai_hosted"}
OURS = {"type": "self_hosted", "workspace_directory": "/srv/app"}
CANCEL = {"events": [{"type": "agent.session.input.cancel"}]}
SAY = [{"role": "user", "content": [{"type": "input_text", "text": "Go on."}]}]
MESSAGE = {"events": [{"type": "agent.session.input.message", "input": SAY}]}


def started(api, **given):
    response = api.call("POST", "/agents/sessions", json={"agent": {"model": "gpt-5"}, "environment": HOSTED, **given})
    assert response.status_code == 201, response.text
    return response.json()


def status(api, session):
    return api.call("GET", f"/agents/sessions/{session['id']}").json()["status"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"environment": HOSTED}, "idle"),
        ({"environment": OURS}, "idle"),
        ({"environment": NONE, "input": "Hello"}, "in_progress"),
        ({"environment": HOSTED, "input": SAY}, "in_progress"),
        ({"environment": OURS, "input": "Hello"}, "requires_action"),
    ],
)
def test_input_starts_a_turn(api, given, status):
    assert started(api, **given)["status"] == status


def test_without_an_environment_there_has_to_be_input(api):
    given = {"agent": {"model": "gpt-5"}, "environment": NONE}
    assert api.refusal("POST", "/agents/sessions", json=given)["param"] == "input"


def test_events_start_turns_and_cancel_them(api):
    session = started(api)
    events = api.sdk.beta.agents.sessions.events
    api.run(events.create(session["id"], events=MESSAGE["events"]))
    assert status(api, session) == "in_progress"
    api.run(events.create(session["id"], events=CANCEL["events"]))
    assert status(api, session) == "idle"


def test_answers_that_nothing_waits_for_are_refused_and_change_nothing(api):
    session = started(api)
    result = {"type": "agent.session.input.tool_result", "call_id": "c", "turn_id": "t", "success": True}
    api.refusal("POST", f"/agents/sessions/{session['id']}/events", json={"events": [*MESSAGE["events"], result]})
    assert status(api, session) == "idle"


@pytest.mark.parametrize("environment", [HOSTED, OURS])
def test_a_turn_has_to_be_over_before_the_session_can_be_deleted(api, environment):
    path = f"/agents/sessions/{started(api, environment=environment, input='Hello')['id']}"
    error = api.refusal("DELETE", path, 409)
    assert (error["type"], error["code"], error["param"]) == ("conflict_error", "conflict_error", None)
    assert api.call("POST", f"{path}/events", json=CANCEL).status_code == 202
    assert api.call("DELETE", path).status_code == 200
    api.refusal("GET", path, 404)


def test_deleting_it_again_is_done(api):
    path = f"/agents/sessions/{started(api)['id']}"
    assert [api.call("DELETE", path).status_code for _ in range(2)] == [200, 200]


class TestAgent:
    @pytest.fixture
    def saved(self, api):
        return api.agent(name="triage", instructions="Sort.", tools=[{"type": "tool_search"}, {"type": "automations"}])

    def test_agent_configuration_is_copied(self, api, saved):
        session = started(api, agent_id=saved["id"], agent={})
        api.call("POST", f"/agents/{saved['id']}", json={"instructions": "Sort well.", "name": "desk"})
        api.call("DELETE", f"/agents/{saved['id']}")
        agent = api.call("GET", f"/agents/sessions/{session['id']}").json()["agent"]
        assert agent == session["agent"]
        assert (agent["id"], agent["name"], agent["instructions"]) == (saved["id"], "triage", "Sort.")
        assert agent["tools"] == [{"type": "automations"}]

    def test_the_session_overrides_it(self, api, saved):
        agent = started(api, agent_id=saved["id"], agent={"instructions": "Hurry."})["agent"]
        assert (agent["id"], agent["instructions"]) == (saved["id"], "Hurry.")

    def test_one_of_the_session_alone_needs_a_model(self, api):
        error = api.refusal("POST", "/agents/sessions", json={"agent": {}, "environment": HOSTED})
        assert error["param"] == "agent.model"

    def test_agent_can_be_changed_for_one_session(self, api, saved):
        session = started(api, agent_id=saved["id"])
        sent = {"agent": {"reasoning": {"effort": "high"}}, "metadata": {"a": "1"}, "review": "auto_review"}
        updated = api.call("POST", f"/agents/sessions/{session['id']}", json=sent).json()
        assert updated["agent"] == {**session["agent"], "reasoning": {"effort": "high", "summary": None}}
        assert updated["review"] == "auto_review"

    @pytest.mark.parametrize("change", [{"agent_id": "agent_none"}, {"vault_ids": ["vault_none"]}])
    def test_unknown_agent_or_vault_is_not_found(self, api, change):
        api.refusal("POST", "/agents/sessions", 404, json={"environment": HOSTED, **change})


class TestEnvironment:
    def test_a_template_is_copied_under_what_the_session_says(self, api):
        id_ = api.upload("guide.md", b"12345")
        named = {"type": "file_id", "file_id": id_, "path": "/workspace/guide.md"}
        packages = {"python": ["pandas"]}
        template = api.call("POST", "/agents/environments/templates", json={"files": [named], "packages": packages})
        wanted = {**HOSTED, "environment_template_id": template.json()["id"], "packages": {"npm": ["left-pad"]}}
        environment = started(api, environment=wanted)["environment"]
        (file,) = environment["files"]
        assert file.pop("id") != id_
        assert file == {**named, "size_bytes": 5}
        assert environment["packages"] == {"npm": ["left-pad"], "python": [], "system": []}

    @pytest.mark.parametrize(
        "named",
        [
            {"files": [{"type": "file_id", "file_id": "file-gone", "path": "/workspace/a"}]},
            {"skills": [{"type": "skill_reference", "skill_id": "skill_gone"}]},
            {"environment_id": "env_gone"},
            {"environment_template_id": "envtmpl_gone"},
        ],
        ids=str,
    )
    def test_what_it_names_has_to_exist_now(self, api, named):
        given = {"agent": {"model": "gpt-5"}, "environment": {**HOSTED, **named}}
        api.refusal("POST", "/agents/sessions", 404, json=given)


def test_lists_are_of_an_agent_or_of_metadata(api):
    agent = api.agent()["id"]
    first = started(api, agent_id=agent, agent={}, metadata={"team": "night", "tier": "gold"})
    second = started(api, metadata={"team": "night"})
    sessions = api.sdk.beta.agents.sessions

    def listed(**filters):
        return [found.id for found in api.all(sessions.list(**filters))]

    assert listed() == [second["id"], first["id"]]
    assert listed(agent_id=agent) == [first["id"]]
    assert listed(metadata={"team": "night"}) == [second["id"], first["id"]]
    assert listed(metadata={"team": "night", "tier": "gold"}) == [first["id"]]
    assert listed(metadata={"team": "day"}) == []
