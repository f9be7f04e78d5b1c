"""Canonical form of saved agents, with the defaults that the API sets, and conversion of live agents to specs without.

Sources: field docs of `openai.types.beta.agent` and `persisted_agent_tool` for responses; of `agent_create_params`,
`agent_update_params` and `persisted_agent_tool_param` for omitted fields.
"""

from collections.abc import Callable, Mapping
from typing import Final, get_args

from pydantic import BaseModel

from reconciler.resources.assistants import agent_tools
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.canonical import Tool, as_extra, beyond_defaults, keyed, listed, tidied
from reconciler.resources.base import Live
from reconciler.resources.kind import SpecDraft
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.values import JSON, Fields, same

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


_FIELDS: Final = (*AgentsSpec.model_fields,)
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(get_args(agent_tools.Tool)[0])
}
_EFFORT: Final = "live value; it may be the default of the model"


def agent_to_manifest(live: Live, name: str, _called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of an agent. Fields that this version does not support are in `extra`."""
    fields = {key: value for key, value in live.fields.items() if not same(value, DEFAULTS.get(key))}
    pairs, losses = kept_pairs(fields.pop("metadata", None))
    unknown = {key: fields.pop(key) for key in sorted(fields.keys() - {*_FIELDS})}
    written = {key: without_defaults(key, value) for key, value in fields.items()}
    if live.fields.get("name") is None:
        written["name"] = None
    elif written.get("name") == name:
        del written["name"]
    spec = {"target": "agents", **{key: written[key] for key in _FIELDS if key in written}, **pairs}
    notes: dict[tuple[str, ...], str] = {("reasoning",): _EFFORT} if "effort" in (spec.get("reasoning") or {}) else {}
    return SpecDraft({**spec, **as_extra(unknown)}, notes, losses)


def without_defaults(field: str, value: JSON) -> JSON:
    """Return a canonical value as a manifest has it, without the values that are defaults."""
    if field == "tools":
        return [_lean(tool) for tool in listed(value)]
    if not isinstance(value, Mapping):
        return value
    defaults = SUBAGENTS if field == "multi_agent" else DEFAULTS.get(field)
    return beyond_defaults(value, defaults or {})


def _lean(tool: dict[str, JSON]) -> dict[str, JSON]:
    kind = tool["type"]
    written = beyond_defaults(tool, TOOLS.get(kind, {}))
    if isinstance(transport := written.get("transport"), Mapping):
        written["transport"] = beyond_defaults(transport, TRANSPORTS.get(transport["type"], {}))
    model = _MODELS.get(kind)
    known = {info.alias or name for name, info in model.model_fields.items()} if model else {*written}
    unknown = {key: value for key, value in written.items() if key not in known}
    return {key: value for key, value in written.items() if key in known} | as_extra(unknown)
