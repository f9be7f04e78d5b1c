"""Tests of agents: defaults in responses, rules of updates, and limits."""

from typing import Any

import openai
import pytest

FUNCTION = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}
HTTP = {"type": "http", "server_url": "https://mcp.example.com"}
STDIO = {"type": "stdio", "command": "server", "cwd": "/workspace"}
MCP = {"type": "mcp", "server_label": "crm", "transport": HTTP}


def test_creation_answers_201_and_every_field(api):
    response = api.call("POST", "/agents", json={"model": "gpt-5"})
    assert response.status_code == 201
    agent = response.json()
    assert agent.pop("id").startswith("agent_")
    assert agent == {
        "object": "agent",
        "created_at": 1_795_000_000,
        "updated_at": 1_795_000_000,
        "name": None,
        "model": "gpt-5",
        "instructions": None,
        "metadata": {},
        "tools": [],
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "reasoning": {"effort": "medium", "summary": None},
        "service_tier": "auto",
        "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
        "compaction": {"async": False},
        "experimental": {"time_awareness": False},
    }


@pytest.mark.parametrize(
    ("given", "resolved"),
    [
        ({"metadata": None}, {}),
        ({"name": None}, None),
        ({"instructions": None}, None),
        ({"tools": None}, []),
        ({"text": None}, {"format": {"type": "text"}, "verbosity": "medium"}),
        ({"text": {"format": None, "verbosity": "low"}}, {"format": {"type": "text"}, "verbosity": "low"}),
        (
            {"text": {"format": {"type": "json_schema", "schema": {"type": "object"}}, "verbosity": None}},
            {"format": {"type": "json_schema", "schema": {"type": "object"}}, "verbosity": "medium"},
        ),
        ({"service_tier": None}, "auto"),
        ({"service_tier": "flex"}, "flex"),
        ({"multi_agent": None}, {"enabled": False, "max_concurrent_subagents": None}),
        ({"multi_agent": {"enabled": True}}, {"enabled": True, "max_concurrent_subagents": 6}),
        (
            {"multi_agent": {"enabled": True, "max_concurrent_subagents": 2}},
            {"enabled": True, "max_concurrent_subagents": 2},
        ),
        ({"reasoning": None}, {"effort": "medium", "summary": None}),
        ({"reasoning": {"summary": "auto"}}, {"effort": "medium", "summary": "auto"}),
        ({"reasoning": {"effort": "high"}}, {"effort": "high", "summary": None}),
        ({"reasoning": {"effort": "none"}}, {"effort": "none", "summary": None}),
        ({"compaction": None}, {"async": False}),
        ({"compaction": {}}, {"async": False}),
        ({"compaction": {"async": None}}, {"async": False}),
        ({"compaction": {"async": True}}, {"async": True}),
        ({"experimental": {}}, {"time_awareness": False}),
        ({"experimental": {"time_awareness": True}}, {"time_awareness": True}),
        ({"model": "ft:some-model:acme"}, "ft:some-model:acme"),
        ({"name": ""}, ""),
    ],
    ids=str,
)
def test_what_is_sent_comes_back_resolved(api, given: dict[str, Any], resolved: Any):
    (field,) = given
    assert api.agent(**given)[field] == resolved


@pytest.mark.parametrize(
    ("given", "resolved"),
    [
        (FUNCTION, FUNCTION | {"defer_loading": False}),
        (FUNCTION | {"async": True}, FUNCTION | {"async": True, "defer_loading": False}),
        ({"type": "tool_search"}, {"type": "tool_search"}),
        ({"type": "programmatic_tool_calling"}, {"type": "programmatic_tool_calling", "enabled": True}),
        (
            {"type": "programmatic_tool_calling", "enabled": False},
            {"type": "programmatic_tool_calling", "enabled": False},
        ),
        (
            {"type": "web_search"},
            {
                "type": "web_search",
                "mode": "live",
                "context_size": "medium",
                "allowed_domains": None,
                "location": None,
            },
        ),
        (
            {"type": "web_search", "mode": None, "context_size": None, "allowed_domains": [], "location": {}},
            {
                "type": "web_search",
                "mode": "live",
                "context_size": "medium",
                "allowed_domains": [],
                "location": {"city": None, "country": None, "region": None, "timezone": None},
            },
        ),
        (
            {"type": "web_search", "location": {"country": "US"}},
            {
                "type": "web_search",
                "mode": "live",
                "context_size": "medium",
                "allowed_domains": None,
                "location": {"city": None, "country": "US", "region": None, "timezone": None},
            },
        ),
        (
            MCP | {"connection_origin": None},
            {
                "type": "mcp",
                "server_label": "crm",
                "transport": HTTP | {"headers": {}},
                "connection_origin": "service",
                "required": False,
                "request_metadata": {},
                "allowed_tools": None,
                "credential_id": None,
            },
        ),
        (
            MCP | {"transport": STDIO, "allowed_tools": [], "required": True, "credential_id": "cred_1"},
            {
                "type": "mcp",
                "server_label": "crm",
                "transport": STDIO | {"args": [], "env_vars": []},
                "connection_origin": "service",
                "required": True,
                "request_metadata": {},
                "allowed_tools": [],
                "credential_id": "cred_1",
            },
        ),
        ({"type": "computer_use"}, {"type": "computer_use", "include_screenshots": False}),
        ({"type": "automations"}, {"type": "automations"}),
    ],
    ids=str,
)
def test_tools_come_back_resolved(api, given: dict[str, Any], resolved: dict[str, Any]):
    assert api.agent(tools=[given])["tools"] == [resolved]


@pytest.mark.parametrize(("model", "effort"), [("gpt-6-luna", "low"), ("gpt-5.1", "none"), ("gpt-4o", None)])
def test_omitted_effort_defaults_by_model(api, model: str, effort: str | None):
    assert api.agent(model=model)["reasoning"]["effort"] == effort


class TestUpdate:
    @pytest.fixture
    def agent(self, api):
        return api.agent(
            name="bot",
            instructions="Help.",
            metadata={"a": "1", "b": "2"},
            tools=[FUNCTION],
            reasoning={"effort": "high", "summary": "auto"},
            compaction={"async": True},
            experimental={"time_awareness": True},
        )

    def update(self, api, agent, **given):
        response = api.call("POST", f"/agents/{agent['id']}", json=given)
        assert response.status_code == 200, response.text
        return response.json()

    def test_omitted_fields_stay(self, api, agent):
        assert self.update(api, agent, name="other") == agent | {"name": "other"}

    @pytest.mark.parametrize(
        ("given", "after"),
        [
            ({"name": None}, None),
            ({"instructions": None}, None),
            ({"metadata": None}, {}),
            ({"metadata": {"c": "3"}}, {"c": "3"}),
            ({"tools": None}, []),
            ({"reasoning": None}, {"effort": "medium", "summary": None}),
            ({"reasoning": {"summary": "concise"}}, {"effort": "medium", "summary": "concise"}),
            ({"compaction": None}, {"async": False}),
            ({"compaction": {}}, {"async": False}),
            ({"experimental": {}}, {"time_awareness": True}),
            ({"experimental": {"time_awareness": False}}, {"time_awareness": False}),
        ],
        ids=str,
    )
    def test_a_field_is_replaced_or_reset_but_experimental_merged(self, api, agent, given, after):
        (field,) = given
        assert self.update(api, agent, **given)[field] == after

    def test_omitted_effort_follows_the_model(self, api):
        agent = api.agent(model="gpt-5")
        assert self.update(api, agent, model="gpt-6-luna")["reasoning"]["effort"] == "low"

    def test_given_effort_stays(self, api, agent):
        assert self.update(api, agent, model="gpt-6-luna")["reasoning"]["effort"] == "high"

    def test_even_an_empty_update_moves_updated_at(self, api, agent, clock):
        clock.advance(5)
        assert self.update(api, agent) == agent | {"updated_at": agent["updated_at"] + 5}

    def test_a_refused_update_changes_nothing(self, api, agent):
        api.refusal("POST", f"/agents/{agent['id']}", json={"name": "x", "tools": [{"type": "file_search"}]})
        assert api.call("GET", f"/agents/{agent['id']}").json() == agent

    def test_experimental_cannot_be_null(self, api, agent):
        error = api.refusal("POST", f"/agents/{agent['id']}", json={"experimental": None})
        assert error["param"] == "experimental"


@pytest.mark.parametrize(
    ("given", "param", "message"),
    [
        ({"temperature": 1}, "temperature", "Unknown parameter: 'temperature'."),
        ({"tool_choice": "auto"}, "tool_choice", "Unknown parameter: 'tool_choice'."),
        ({"tools": [FUNCTION | {"strict": True}]}, "tools[0].strict", "Unknown parameter: 'tools[0].strict'."),
        (
            {"text": {"format": {"type": "json_schema", "schema": {"type": "object"}, "name": "n"}}},
            "text.format.name",
            "Unknown parameter: 'text.format.name'.",
        ),
        (
            {"tools": [FUNCTION, {"type": "function", "name": "g", "parameters": {"type": "object"}}]},
            "tools[1].description",
            "Missing required parameter: 'tools[1].description'.",
        ),
        (
            {"tools": [{"type": "file_search"}]},
            "tools[0].type",
            (
                "Invalid value: 'file_search'. Supported values are: 'function', 'tool_search', "
                "'programmatic_tool_calling', 'mcp', 'web_search', 'computer_use', and 'automations'."
            ),
        ),
        (
            {"text": {"format": {"type": "json_object"}}},
            "text.format.type",
            "Invalid value: 'json_object'. Supported values are: 'text' and 'json_schema'.",
        ),
        (
            {"tools": [FUNCTION | {"parameters": {"type": "array"}}]},
            "tools[0].parameters",
            'agent.tools[0].parameters must have top-level type "object"',
        ),
        (
            {"text": {"format": {"type": "json_schema", "schema": {}}}},
            "text.format.schema",
            'agent.text.format.schema must have top-level type "object"',
        ),
        ({"tools": [FUNCTION, FUNCTION]}, "tools", "duplicate function tool name: f"),
        ({"tools": [{"type": "web_search"}] * 2}, "tools", "duplicate web_search tool"),
        ({"tools": [{"type": "tool_search"}] * 2}, "tools", "duplicate tool_search tool"),
        (
            {"metadata": {"k": 1}},
            "metadata.k",
            "Invalid type for 'metadata.k': expected a string, but got an integer instead.",
        ),
        (
            {"metadata": {f"k{i}": "" for i in range(17)}},
            "metadata",
            (
                "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
                "but got an object with 17 properties instead."
            ),
        ),
        (
            {"metadata": {"k": "v" * 513}},
            "metadata.k",
            (
                "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, "
                "but got a string with length 513 instead."
            ),
        ),
        (
            {"name": "n" * 129},
            "name",
            (
                "Invalid 'name': string too long. Expected a string with maximum length 128, "
                "but got a string with length 129 instead."
            ),
        ),
        (
            {"multi_agent": {"enabled": True, "max_concurrent_subagents": 0}},
            "multi_agent.max_concurrent_subagents",
            (
                "Invalid 'multi_agent.max_concurrent_subagents': integer below minimum value. "
                "Expected a value >= 1, but got 0 instead."
            ),
        ),
        ({"model": None}, "model", "Invalid type for 'model': expected a string, but got null instead."),
        (
            {"compaction": {"async": "yes"}},
            "compaction.async",
            "Invalid type for 'compaction.async': expected a boolean, but got a string instead.",
        ),
        (
            {"tools": [MCP | {"transport": STDIO | {"env": {}}}]},
            "tools[0].transport.env",
            "Unknown parameter: 'tools[0].transport.env'.",
        ),
    ],
    ids=str,
)
def test_invalid_agent_is_rejected_with_path(api, given: dict[str, Any], param: str, message: str):
    error = api.refusal("POST", "/agents", json={"model": "gpt-5", **given})
    kind = "invalid_request_error"
    assert error == {"message": message, "type": kind, "code": kind, "param": param}


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"metadata": {"k" * 65: ""}}, f"metadata.{'k' * 65}"),
        ({"metadata": {"": ""}}, "metadata."),
        ({"instructions": "i" * 1_048_577}, "instructions"),
        ({"tools": [FUNCTION | {"name": f"f{i}"} for i in range(2001)]}, "tools"),
        ({"tools": [FUNCTION | {"description": "d" * (3 * 1024 * 1024)}]}, "tools"),
        ({"multi_agent": {"enabled": True, "max_concurrent_subagents": 2**32}}, "multi_agent.max_concurrent_subagents"),
        ({"multi_agent": {}}, "multi_agent.enabled"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_value_above_a_limit_is_rejected(api, given: dict[str, Any], param: str):
    assert api.refusal("POST", "/agents", json={"model": "gpt-5", **given})["param"] == param


def test_at_the_limits_everything_fits(api):
    api.agent(
        name="n" * 128,
        instructions="i" * 1_048_576,
        metadata={f"{i:064}": "v" * 512 for i in range(16)},
        tools=[FUNCTION | {"name": f"f{i}" * 50} for i in range(2000)],
        multi_agent={"enabled": True, "max_concurrent_subagents": 2**32 - 1},
    )


def test_the_sdk_sends_reserved_words_and_gets_them_back(api):
    tool: Any = FUNCTION | {"async": True}
    agent = api.run(api.sdk.beta.agents.create(model="gpt-5", compaction={"async_": True}, tools=[tool]))
    assert agent.compaction.async_ is True
    assert agent.tools[0].async_ is True


def test_a_deleted_agent_is_gone_even_for_deleting(api):
    agent = api.agent()
    deleted = api.run(api.sdk.beta.agents.delete(agent["id"]))
    assert deleted.to_dict() == {"id": agent["id"], "object": "agent.deleted", "deleted": True}
    for method in ("GET", "POST", "DELETE"):
        error = api.refusal(method, f"/agents/{agent['id']}", 404, json={})
        assert (error["type"], error["code"], error["param"]) == ("not_found_error", "not_found_error", None)


def test_names_are_not_unique(api):
    assert api.agent(name="bot")["id"] != api.agent(name="bot")["id"]


def test_the_sdk_turns_refusals_into_its_own_errors(api):
    with pytest.raises(openai.NotFoundError) as caught:
        api.run(api.sdk.beta.agents.retrieve("agent_missing"))
    assert caught.value.code == "not_found_error"
    assert caught.value.request_id
