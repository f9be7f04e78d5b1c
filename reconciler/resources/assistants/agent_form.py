"""The canonical form of a saved agent, with the defaults that the API sets.

Sources: field docs of `openai.types.beta.agent` and `persisted_agent_tool` for responses; of `agent_create_params`,
`agent_update_params` and `persisted_agent_tool_param` for omitted fields.
"""

from collections.abc import Callable, Mapping
from typing import Final

from reconciler.resources.assistants.canonical import Tool, keyed, tidied
from reconciler.resources.values import JSON, Fields

TOOLS: Final[Mapping[str, Fields]] = {
    "function": {"defer_loading": False, "async": False},
    "programmatic_tool_calling": {"enabled": True},
    "web_search": {"mode": "live", "context_size": "medium"},
    "mcp": {"connection_origin": "service", "required": False, "request_metadata": {}},
    "computer_use": {"include_screenshots": False},
}
TRANSPORTS: Final[Mapping[str, Fields]] = {"http": {"headers": {}}, "stdio": {"args": [], "env_vars": []}}
SUBAGENTS: Final[Fields] = {"max_concurrent_subagents": 6}
"""Defaults if subagents are enabled. If they are disabled, the API returns null for their number."""

DEFAULTS: Final[Fields] = {
    "name": None,
    "instructions": None,
    "tools": {},
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "reasoning": None,
    "service_tier": "auto",
    "multi_agent": {"enabled": False},
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
    "metadata": {},
}
"""Values of fields that are not set. The default of `reasoning` depends on the model and is only known to the API."""


def canonical(field: str, value: JSON) -> JSON:
    """Return the canonical form of the value of a top-level field of a manifest or of a response.

    Labels must be removed from metadata before. For a field that is missing in a response, such as `compaction` and
    `experimental` of older agents, pass None.
    """
    complete = COMPLETE.get(field)
    tidy = tidied(value, field)
    return complete(tidy) if complete else tidy


def _filled(value: Mapping[str, JSON] | None, defaults: Fields) -> dict[str, JSON]:
    """Return `value` with `defaults` for the fields that are missing or null. The API returns null for both."""
    given = {key: item for key, item in (value or {}).items() if item is not None}
    return given | {key: item for key, item in defaults.items() if key not in given}


def _tool(tool: Tool) -> Tool:
    kind = tool.get("type", "")
    complete = _filled(tool, TOOLS.get(kind, {}))
    if kind == "mcp":
        transport = complete["transport"]
        complete["transport"] = _filled(transport, TRANSPORTS.get(transport["type"], {}))
    if "location" in complete:
        complete["location"] = _filled(complete["location"], {})
    return complete


def _reasoning(value: JSON) -> dict[str, JSON]:
    """Remove an `effort` of null. A missing or null effort is chosen by the model, so there is no default."""
    return {key: item for key, item in (value or {}).items() if key != "effort" or item is not None}


def _multi_agent(value: JSON) -> dict[str, JSON]:
    complete = _filled(value, DEFAULTS["multi_agent"])
    if complete.get("enabled"):
        return _filled(complete, SUBAGENTS)
    return {key: item for key, item in complete.items() if key not in SUBAGENTS}


def _with_defaults(field: str) -> Callable[[JSON], JSON]:
    return lambda value: _filled(value, DEFAULTS[field])


COMPLETE: Final[Mapping[str, Callable[[JSON], JSON]]] = {
    "tools": lambda tools: keyed(tools, _tool),
    "text": _with_defaults("text"),
    "reasoning": _reasoning,
    "service_tier": lambda tier: tier or "auto",
    "multi_agent": _multi_agent,
    "compaction": _with_defaults("compaction"),
    "experimental": _with_defaults("experimental"),
    "metadata": lambda pairs: pairs or {},
}
"""Functions that complete the fields that the API does not return as they were sent."""
