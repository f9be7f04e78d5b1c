"""Agents that are configured inside an automation: a saved agent without name and metadata.

Source: `openai.types.beta.agents.automation_target_param` for requests, `automation_agent_config` for responses, which
omit tool search and the headers of servers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from reconciler.resources.assistants import agent_form, limits
from reconciler.resources.assistants.agent_tools import Tool
from reconciler.resources.assistants.agents import AgentsSpec, Compaction, Experimental, MultiAgent, Reasoning, Text
from reconciler.resources.assistants.canonical import as_extra, listed
from reconciler.resources.assistants.shared import OMITTED, Extensible, Model
from reconciler.resources.base import Resource, Scope
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON, Fields, same

SEARCH: Final = "tool_search"
HEADERS: Final = "headers"
HIDDEN: Final = frozenset({SEARCH, HEADERS})
"""Names of the values that no response has."""
_DEFAULTS: Final = {name: value for name, value in agent_form.DEFAULTS.items() if name not in ("name", "metadata")}
_LEAN: Final = {**_DEFAULTS, "reasoning": {}}


class InlineAgent(Extensible):
    """The configuration of an agent that is not saved. It exists only in the sessions of the automation."""

    model: Model
    """Name of the model, such as `gpt-6-luna`."""
    instructions: Annotated[str, Field(max_length=1_048_576)] | None = None
    """Instructions of the agent, at most 1,048,576 characters. Default: none."""
    tools: Annotated[list[Tool], Field(max_length=2000)] | None = None
    """Tools of the agent, as in an assistant of target `agents`. Default: none."""
    text: Text | None = None
    """Format and verbosity of the text that the agent writes. Default: plain text of medium verbosity."""
    reasoning: Reasoning | None = None
    """Reasoning effort and summary. Default: the defaults of the model."""
    service_tier: Literal["auto", "default", "flex", "priority", "fast", "ultrafast"] | None = None
    """Service tier of requests, which affects price and speed. Default: `auto`."""
    multi_agent: MultiAgent | None = None
    """Settings of subagents. Default: disabled."""
    compaction: Compaction | None = None
    """Settings of context compaction. Default: compaction blocks the turn."""
    experimental: Experimental = OMITTED
    """Experimental settings. Default: all disabled."""


MEMBERS: Final = frozenset(InlineAgent.model_fields)


def check(agent: InlineAgent, resource: Resource, scope: Scope) -> Iterator[Finding]:
    """Yield the findings of the rules for saved agents, at paths inside the configuration."""
    given: dict[str, Any] = {name: getattr(agent, name) for name in agent.model_fields_set}
    spec = AgentsSpec.model_construct(agent.model_fields_set, **given)
    for finding in limits.check(resource.with_spec(spec), scope):
        yield replace(finding, path=finding.path[1:])


def canonical(agent: Fields) -> dict[str, JSON]:
    """Return a configuration with all defaults, without the parts that no response has."""
    complete = {name: agent_form.canonical(name, agent.get(name)) for name in {**_DEFAULTS, **agent}}
    tools = {key: _open(tool) for key, tool in complete["tools"].items() if tool.get("type") != SEARCH}
    reasoning = {name: value for name, value in complete["reasoning"].items() if value is not None}
    return {**complete, "tools": tools, "reasoning": reasoning}


def _open(tool: Fields) -> Fields:
    transport = tool.get("transport")
    if not isinstance(transport, Mapping) or "headers" not in transport:
        return tool
    return {**tool, "transport": {name: value for name, value in transport.items() if name != "headers"}}


def hidden(agent: Fields) -> Iterator[tuple[str, JSON]]:
    """Yield the values of a configuration that no response has, by name; headers by the label of the server."""
    tools = agent_form.canonical("tools", agent.get("tools")).values()
    if any(tool.get("type") == SEARCH for tool in tools):
        yield SEARCH, True
    given = {tool["server_label"]: tool["transport"].get("headers") for tool in tools if tool.get("type") == "mcp"}
    if headers := {label: value for label, value in given.items() if value}:
        yield HEADERS, headers


def rendered(agent: Fields) -> dict[str, JSON]:
    """Return the configuration for a request, without the values that no response has."""
    fields = {name: value for name, value in agent.items() if value is not None}
    return {**fields, "tools": listed(agent["tools"])}


def with_hidden(agent: Fields, values: Fields) -> dict[str, JSON]:
    """Return a rendered configuration with the values that no response has."""
    headers = values.get(HEADERS) or {}
    tools = [
        {**tool, "transport": {**tool["transport"], "headers": headers[tool["server_label"]]}}
        if tool.get("server_label") in headers
        else tool
        for tool in agent["tools"]
    ]
    return {**agent, "tools": [*tools, *([{"type": SEARCH}] if values.get(SEARCH) else [])]}


def to_manifest(agent: Fields) -> dict[str, JSON]:
    """Return the configuration as a manifest has it, without the values that are defaults."""
    own = {name: value for name, value in agent.items() if not same(value, _LEAN.get(name))}
    unknown = {name: own.pop(name) for name in sorted(own.keys() - {*InlineAgent.model_fields})}
    written = {name: agent_form.without_defaults(name, own[name]) for name in InlineAgent.model_fields if name in own}
    return {**written, **as_extra(unknown)}
