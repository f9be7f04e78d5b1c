"""Automations: targets, schedules, and deletion of targets."""

import pytest

NONE = {"type": "none"}
SAY = [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]
NIGHTLY = {"type": "periodic", "name": "nightly digest", "expression": "0 3 * * *", "timezone": "Europe/London"}


@pytest.fixture
def target(api):
    return {"type": "new_session", "agent_id": api.agent(name="digest")["id"], "environment": NONE, "input": SAY}


def made(api, **given):
    response = api.call("POST", "/agents/automations", json=given)
    assert response.status_code == 201, response.text
    return response.json()


def test_a_periodic_one_answers_201_and_every_field(api, target):
    automation = made(api, **NIGHTLY, target=target)
    assert automation.pop("id").startswith("auto_")
    assert automation == {
        "object": "agent.automation",
        "created_at": 1_795_000_000,
        "created_by": {"type": "developer"},
        **NIGHTLY,
        "metadata": {},
        "status": "active",
        "pause_reason": None,
        "target": {
            **target,
            "agent": None,
            "input": [{"type": "message", **SAY[0]}],
            "metadata": {},
            "vault_ids": [],
        },
    }


def test_one_time_ones_complete_when_their_time_comes(api, target, clock):
    automation = made(api, type="once", name="launch", run_at=int(clock()) + 60, target=target)
    assert automation["status"] == "active"
    clock.advance(60)
    assert api.call("GET", f"/agents/automations/{automation['id']}").json()["status"] == "completed"


def test_they_are_paused_and_resumed_by_the_sdk(api, target):
    id_ = made(api, **NIGHTLY, target=target)["id"]
    automations = api.sdk.beta.agents.automations
    assert api.run(automations.pause(id_)).status == "paused"
    assert api.run(automations.resume(id_)).status == "active"


def test_nothing_holds_the_agent_they_target(api, target):
    automation = made(api, **NIGHTLY, target=target)
    assert api.call("DELETE", f"/agents/{target['agent_id']}").status_code == 200
    again = api.call("GET", f"/agents/automations/{automation['id']}").json()
    assert again["target"]["agent_id"] == target["agent_id"]


def test_an_inline_agent_is_shown_without_what_is_confidential(api, target):
    transport = {"type": "http", "server_url": "https://mcp.example", "authorization": "secret", "headers": {"a": "b"}}
    agent = {"model": "gpt-5", "tools": [{"type": "mcp", "server_label": "crm", "transport": transport}]}
    given = {name: value for name, value in target.items() if name != "agent_id"}
    shown = made(api, **NIGHTLY, target={**given, "agent": agent})["target"]
    assert shown["agent_id"] is None
    assert shown["agent"]["tools"][0]["transport"] == {"type": "http", "server_url": "https://mcp.example"}
    assert shown["agent"]["reasoning"] == {"effort": "medium", "summary": None}


def test_what_the_environment_does_not_say_is_inherited_later(api, target):
    file = {"type": "file_id", "file_id": "file-gone", "path": "/workspace/a.md"}
    given = {"type": "openai_hosted", "files": [file], "env": {"KEY": "secret"}}
    shown = made(api, **NIGHTLY, target={**target, "environment": given})["target"]["environment"]
    assert shown["files"] == [file]
    assert {name for name, value in shown.items() if value is not None} == {"type", "files"}


class TestUpdate:
    @pytest.fixture
    def automation(self, api, target):
        return made(api, **NIGHTLY, target=target, metadata={"team": "night"})

    def test_update_replaces_given_fields(self, api, automation):
        sent = {"name": "digest", "expression": "0 4 * * *", "metadata": {}}
        updated = api.call("POST", f"/agents/automations/{automation['id']}", json=sent)
        assert updated.json() == {**automation, **sent}

    @pytest.mark.parametrize(
        ("sent", "param"),
        [
            ({"run_at": 2_000_000_000}, "run_at"),
            ({"expression": "0 4 * *"}, "expression"),
            ({"type": "once"}, "type"),
            ({"status": "paused"}, "status"),
            ({"target": {"type": "existing_session", "session_id": "s", "instructions": "i"}}, "target.type"),
        ],
    )
    def test_update_of_immutable_member_is_rejected(self, api, automation, sent, param):
        error = api.refusal("POST", f"/agents/automations/{automation['id']}", json=sent)
        assert error["param"] == param


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"agent_id": "agent_none"}, 404),
        ({"vault_ids": ["vault_none"]}, 404),
        ({"environment": {"type": "openai_hosted", "environment_template_id": "envtmpl_none"}}, 404),
        ({"agent": {"model": "gpt-5"}}, 400),
        ({"type": "existing_session"}, 400),
        ({"stream": True}, 400),
    ],
    ids=str,
)
def test_invalid_target_is_rejected(api, target, change, status):
    api.refusal("POST", "/agents/automations", status, json={**NIGHTLY, "target": {**target, **change}})


def test_a_time_that_has_passed_is_refused(api, target, clock):
    once = {"type": "once", "name": "launch", "run_at": int(clock()), "target": target}
    assert api.refusal("POST", "/agents/automations", json=once)["param"] == "run_at"


def test_lists_can_be_of_those_that_wake_a_session(api, target):
    environment = {"type": "openai_hosted"}
    session = api.call("POST", "/agents/sessions", json={"agent_id": target["agent_id"], "environment": environment})
    waking = {"type": "existing_session", "session_id": session.json()["id"], "instructions": "Wake up."}
    made(api, **NIGHTLY, target=target)
    reminder = made(api, **NIGHTLY, target=waking)
    automations = api.sdk.beta.agents.automations
    assert len(api.all(automations.list())) == 2
    assert [found.id for found in api.all(automations.list(session_id=session.json()["id"]))] == [reminder["id"]]


def test_a_deleted_one_is_gone(api, target):
    id_ = made(api, **NIGHTLY, target=target)["id"]
    assert api.run(api.sdk.beta.agents.automations.delete(id_)).deleted
    for method, path in [("GET", ""), ("POST", ""), ("DELETE", ""), ("POST", "/pause")]:
        api.refusal(method, f"/agents/automations/{id_}{path}", 404, json={})
