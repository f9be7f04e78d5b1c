"""The canonical form of a saved agent: every default that the API fills in, filled in.

Sources: field docs of `openai.types.beta.agent` and `persisted_agent_tool` (what is returned), `agent_create_params`,
`agent_update_params` and `persisted_agent_tool_param` (what an omission means).
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
"""Where subagents are enabled; where they are not, their number is null whatever was sent."""

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
"""What a field is without being set. Only `reasoning` needs the API to say: its effort depends on the model."""


def canonical(field: str, value: JSON) -> JSON:
    """The value of a top-level field, as a manifest or the API has it, in canonical form.

    The metadata that comes in holds the user's pairs: labels have been taken out. A field that a response lacks, as
    `compaction` and `experimental` of older agents, is to be read as None.
    """
    complete = COMPLETE.get(field)
    tidy = tidied(value, field)
    return complete(tidy) if complete else tidy


def _filled(value: Mapping[str, JSON] | None, defaults: Fields) -> dict[str, JSON]:
    """`value` over `defaults`. Null is the same as left out, for which the API has null where there is no default."""
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
    """No defaults: what is not asked for, or asked for as null, the model decides."""
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
"""How each field that the API does not give back as it was sent is completed."""
