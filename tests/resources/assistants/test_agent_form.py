"""The canonical form of a response of the Agents API equals that of the request."""

from typing import Any

import pytest
from openai.types.beta.agent import Agent

from reconciler.resources.kinds.assistant import AGENT
from reconciler.resources.values import same
from tests.resources.assistants.examples import desired

FUNCTION = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}
HTTP = {"type": "http", "server_url": "https://mcp.example.com"}
STDIO = {"type": "stdio", "command": "server", "cwd": "/workspace"}
MCP = {"type": "mcp", "server_label": "crm", "transport": HTTP}
MCP_ANSWER: dict[str, Any] = MCP | {
    "transport": HTTP | {"headers": {}},
    "allowed_tools": None,
    "connection_origin": "service",
    "credential_id": None,
    "request_metadata": {},
    "required": False,
}
SEARCH = {"type": "web_search"}
SEARCH_ANSWER = SEARCH | {"mode": "live", "context_size": "medium", "allowed_domains": None, "location": None}
NOWHERE = {"city": None, "country": None, "region": None, "timezone": None}


@pytest.mark.parametrize(
    ("field", "sent", "answered"),
    [
        ("metadata", None, {}),
        ("name", None, None),
        ("name", "", ""),
        ("instructions", None, None),
        ("instructions", "Hello\n", "Hello\n"),
        ("tools", None, []),
        ("text", None, {"format": {"type": "text"}, "verbosity": "medium"}),
        ("text", {}, {"format": {"type": "text"}, "verbosity": "medium"}),
        ("text", {"format": None, "verbosity": "low"}, {"format": {"type": "text"}, "verbosity": "low"}),
        ("service_tier", None, "auto"),
        ("multi_agent", None, {"enabled": False, "max_concurrent_subagents": None}),
        ("multi_agent", {"enabled": True}, {"enabled": True, "max_concurrent_subagents": 6}),
        ("multi_agent", {"enabled": False, "max_concurrent_subagents": 3}, {"enabled": False}),
        ("compaction", None, {"async": False}),
        ("compaction", {}, {"async": False}),
        ("compaction", {"async": None}, {"async": False}),
        ("compaction", {}, None),
        ("experimental", {}, {"time_awareness": False}),
        ("experimental", {"time_awareness": False}, None),
        ("tools", [FUNCTION], [FUNCTION | {"defer_loading": False}]),
        ("tools", [FUNCTION], [FUNCTION | {"defer_loading": False, "async": None}]),
        ("tools", [{"type": "programmatic_tool_calling"}], [{"type": "programmatic_tool_calling", "enabled": True}]),
        ("tools", [{"type": "computer_use"}], [{"type": "computer_use", "include_screenshots": False}]),
        ("tools", [SEARCH], [SEARCH_ANSWER]),
        ("tools", [SEARCH | {"mode": None, "context_size": None}], [SEARCH_ANSWER]),
        ("tools", [SEARCH | {"location": {}}], [SEARCH_ANSWER | {"location": NOWHERE}]),
        (
            "tools",
            [SEARCH | {"location": {"country": "US"}, "allowed_domains": ["b.org", "a.org"]}],
            [SEARCH_ANSWER | {"location": NOWHERE | {"country": "US"}, "allowed_domains": ["a.org", "b.org"]}],
        ),
        ("tools", [MCP], [MCP_ANSWER]),
        ("tools", [MCP | {"connection_origin": None, "request_metadata": None}], [MCP_ANSWER]),
        ("tools", [MCP | {"transport": STDIO}], [MCP_ANSWER | {"transport": STDIO | {"args": [], "env_vars": []}}]),
    ],
)
def test_response_equals_the_request_in_canonical_form(field, sent, answered):
    assert same(AGENT.canonical(field, sent), AGENT.canonical(field, answered))


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("tools", [SEARCH | {"allowed_domains": None}], [SEARCH | {"allowed_domains": []}]),
        ("tools", [SEARCH | {"location": None}], [SEARCH | {"location": {}}]),
        ("tools", [MCP | {"allowed_tools": None}], [MCP | {"allowed_tools": []}]),
        ("name", None, ""),
    ],
)
def test_null_and_empty_differ_if_the_api_distinguishes_them(field, one, other):
    assert not same(AGENT.canonical(field, one), AGENT.canonical(field, other))


def test_missing_reasoning_has_no_default():
    assert AGENT.canonical("reasoning", None) == {}
    assert AGENT.canonical("reasoning", {"effort": None, "summary": "auto"}) == {"summary": "auto"}
    assert "reasoning" in AGENT.owned_by_key


def test_defaults_are_canonical_and_can_be_sent():
    for field, value in AGENT.defaults.items():
        canonical = AGENT.canonical(field, value)
        assert field == "reasoning" or canonical == value, field
    body = AGENT.render(AGENT.defaults)
    assert body["tools"] == []
    assert body["reasoning"] is None
    assert body["multi_agent"] == {"enabled": False}


def test_every_field_of_an_agent_except_model_has_a_default():
    read_only = {"id", "object", "created_at", "updated_at"}
    assert Agent.model_fields.keys() - read_only == AGENT.defaults.keys() | {"model"}


def test_name_of_an_agent_defaults_to_the_manifest():
    assert desired("agents", {"model": "m"})[0].fields["name"] == "triage"
    assert desired("agents", {"model": "m", "name": "Triage!"})[0].fields["name"] == "Triage!"
    assert desired("agents", {"model": "m", "name": None})[0].fields["name"] is None


def test_only_fields_of_the_manifest_are_desired():
    fields = desired("agents", {"model": "m", "text": {"verbosity": "low"}})[0].fields
    assert fields.keys() == {"name", "model", "text"}
