"""Agents. The request is stored, and defaults are resolved when an agent is read.

A default that depends on another field, as the reasoning effort does on the model, therefore follows that field.
Limits and defaults: docstrings of `openai.types.beta.agent_create_params` and `agent`, and the API's JSON schema.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from openai.types.beta.agent_create_params import AgentCreateParams
from openai.types.beta.agent_list_params import AgentListParams
from openai.types.beta.agent_update_params import AgentUpdateParams

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import between, items, length, pairs
from reconciler.emulator.paging import Paging
from reconciler.emulator.resources.models import default_effort
from reconciler.emulator.schema import Check
from reconciler.emulator.store import Document

KIND = "agent"
ONCE = ("web_search", "tool_search")


def create(call: Call) -> Document:
    seconds = int(call.now)
    agent = {"id": new_id("agent_"), "created_at": seconds, "updated_at": seconds, "given": call.body}
    call.store.put(KIND, agent)
    return _render(agent)


def retrieve(call: Call) -> Document:
    return _render(existing(call, call.id))


def update(call: Call) -> Document:
    """Replace fields, and `experimental` key by key. `updated_at` changes even for an empty request."""
    agent = existing(call, call.id)
    agent["given"] = merged(agent["given"], call.body)
    agent["updated_at"] = int(call.now)
    call.store.put(KIND, agent)
    return _render(agent)


def delete(call: Call) -> Document:
    existing(call, call.id)
    call.store.delete(KIND, call.id)
    return deleted(call, "agent.deleted")


def list_agents(call: Call) -> Document:
    return call.list(KIND, Paging(params=AgentListParams, beta=True), _render)


def existing(call: Call, id_: str) -> Document:
    agent = call.store.get(KIND, id_)
    if agent is None:
        raise not_found(f"Agent with id '{id_}' not found.")
    return agent


def merged(old: Document, new: Document) -> Document:
    merged = {**old, **new}
    if "experimental" in new:
        merged["experimental"] = {**old.get("experimental", {}), **new["experimental"]}
    return merged


def _render(agent: Document) -> Document:
    given = agent["given"]
    return {
        "id": agent["id"],
        "object": "agent",
        "created_at": agent["created_at"],
        "updated_at": agent["updated_at"],
        "name": given.get("name"),
        "metadata": given.get("metadata") or {},
        **configuration(given),
    }


def configuration(given: Document) -> Document:
    """Return the configuration of an agent with all defaults."""
    return {
        "model": given["model"],
        "instructions": given.get("instructions"),
        "tools": [_TOOLS[tool["type"]](tool) for tool in given.get("tools") or []],
        "text": _text(given.get("text") or {}),
        "reasoning": _reasoning(given.get("reasoning") or {}, given["model"]),
        "service_tier": given.get("service_tier") or "auto",
        "multi_agent": _multi_agent(given.get("multi_agent") or {}),
        "compaction": {"async": bool((given.get("compaction") or {}).get("async"))},
        "experimental": {"time_awareness": given.get("experimental", {}).get("time_awareness", False)},
    }


def embedded(given: Document) -> Document:
    """Return a configuration as sessions and automations show it, without confidential members.

    They omit `tool_search`, and the headers, authorization and variables of servers.
    """
    shown = configuration(given)
    return {**shown, "tools": [_open(tool) for tool in shown["tools"] if tool["type"] != "tool_search"]}


def _open(tool: Document) -> Document:
    if tool["type"] != "mcp":
        return tool
    public = ("type", "server_url", "command", "cwd", "args", "env_vars")
    return {**tool, "transport": {name: value for name, value in tool["transport"].items() if name in public}}


def _text(given: Document) -> Document:
    return {"format": given.get("format") or {"type": "text"}, "verbosity": given.get("verbosity") or "medium"}


def _reasoning(given: Document, model: str) -> Document:
    return {"effort": given.get("effort") or default_effort(model), "summary": given.get("summary")}


def _multi_agent(given: Document) -> Document:
    enabled = given.get("enabled", False)
    return {
        "enabled": enabled,
        "max_concurrent_subagents": given.get("max_concurrent_subagents", 6) if enabled else None,
    }


def _function(given: Document) -> Document:
    # `async` is the only default that is not resolved.
    return {**given, "defer_loading": given.get("defer_loading", False)}


def _mcp(given: Document) -> Document:
    return {
        "type": "mcp",
        "server_label": given["server_label"],
        "transport": _transport(given["transport"]),
        "allowed_tools": given.get("allowed_tools"),
        "connection_origin": given.get("connection_origin") or "service",
        "credential_id": given.get("credential_id"),
        "request_metadata": given.get("request_metadata") or {},
        "required": given.get("required", False),
    }


def _transport(given: Document) -> Document:
    if given["type"] == "http":
        return {**given, "headers": given.get("headers") or {}}
    return {**given, "args": given.get("args") or [], "env_vars": given.get("env_vars") or []}


def _web_search(given: Document) -> Document:
    location = given.get("location")
    places = ("city", "country", "region", "timezone")
    return {
        "type": "web_search",
        "mode": given.get("mode") or "live",
        "context_size": given.get("context_size") or "medium",
        "allowed_domains": given.get("allowed_domains"),
        "location": None if location is None else {place: location.get(place) for place in places},
    }


_TOOLS: Mapping[str, Callable[[Document], Document]] = {
    "function": _function,
    "tool_search": dict,
    "programmatic_tool_calling": lambda given: {**given, "enabled": given.get("enabled", True)},
    "mcp": _mcp,
    "web_search": _web_search,
    "computer_use": lambda given: {**given, "include_screenshots": given.get("include_screenshots", False)},
    "automations": dict,
}


def _tools(tools: list[Document], path: str) -> None:
    """Check tools: at most 2,000, in 3 MiB of compact JSON. Functions take an object and have unique names."""
    items(2000)(tools, path)
    size = len(json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode())
    if size > 3 * 1024 * 1024:
        message = f"Invalid '{path}': the tools take {size} bytes of JSON, which is more than 3145728."
        raise invalid(message, path, "array_above_max_length")
    for index, tool in enumerate(tools):
        if tool["type"] == "function":
            _root_is_object(tool["parameters"], f"{path}[{index}].parameters")
    _unique(tools, path)


def _unique(tools: list[Document], path: str) -> None:
    functions = Counter(tool["name"] for tool in tools if tool["type"] == "function")
    singles = Counter(tool["type"] for tool in tools if tool["type"] in ONCE)
    for name, count in functions.items():
        if count > 1:
            raise invalid(f"duplicate function tool name: {name}", path)
    for type_, count in singles.items():
        if count > 1:
            raise invalid(f"duplicate {type_} tool", path)


def _root_is_object(schema: Mapping[str, Any], path: str) -> None:
    if schema.get("type") != "object":
        raise invalid(f'agent.{path} must have top-level type "object"', path)


LIMITS: Mapping[str, Check] = {
    "name": length(128),
    "instructions": length(1_048_576),
    "metadata": pairs,
    "tools": _tools,
    "text.format.schema": _root_is_object,
    "multi_agent.max_concurrent_subagents": between(1, 2**32 - 1),
}
CREATE = Body(AgentCreateParams, LIMITS)
UPDATE = Body(AgentUpdateParams, LIMITS)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/agents", handle=create, body=CREATE, status=201),
    Endpoint(method="GET", path="/v1/agents", handle=list_agents),
    Endpoint(method="GET", path="/v1/agents/{id}", handle=retrieve),
    Endpoint(method="POST", path="/v1/agents/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path="/v1/agents/{id}", handle=delete),
]
