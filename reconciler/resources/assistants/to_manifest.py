"""Conversion of saved agents to specs, without the defaults that the API sets."""

from collections.abc import Callable, Mapping
from typing import Final, get_args

from pydantic import BaseModel

from reconciler.resources.assistants import agent_form, agent_tools
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.canonical import listed
from reconciler.resources.base import Live
from reconciler.resources.kind import SpecDraft
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.values import JSON, Fields, same

_FIELDS: Final = (*AgentsSpec.model_fields,)
_TOOLS: Final[Mapping[str, type[BaseModel]]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(get_args(agent_tools.Tool)[0])
}
_EFFORT: Final = "live value; it may be the default of the model"


def agent_to_manifest(live: Live, name: str, _called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of an agent. Fields that this version does not support are in `extra`."""
    fields = {key: value for key, value in live.fields.items() if not same(value, agent_form.DEFAULTS.get(key))}
    pairs, losses = kept_pairs(fields.pop("metadata", None))
    unknown = {key: fields.pop(key) for key in sorted(fields.keys() - {*_FIELDS})}
    written = {key: _without_defaults(key, value) for key, value in fields.items()}
    if live.fields.get("name") is None:
        written["name"] = None
    elif written.get("name") == name:
        del written["name"]
    spec = {"target": "agents", **{key: written[key] for key in _FIELDS if key in written}, **pairs}
    notes: dict[tuple[str, ...], str] = {("reasoning",): _EFFORT} if "effort" in (spec.get("reasoning") or {}) else {}
    return SpecDraft({**spec, **_extra(unknown)}, notes, losses)


def _without_defaults(field: str, value: JSON) -> JSON:
    if field == "tools":
        return [_tool(tool) for tool in listed(value)]
    if not isinstance(value, Mapping):
        return value
    defaults = agent_form.SUBAGENTS if field == "multi_agent" else agent_form.DEFAULTS.get(field)
    return _beyond(value, defaults or {})


def _tool(tool: dict[str, JSON]) -> dict[str, JSON]:
    kind = tool["type"]
    lean = _beyond(tool, agent_form.TOOLS.get(kind, {}))
    if isinstance(transport := lean.get("transport"), Mapping):
        lean["transport"] = _beyond(transport, agent_form.TRANSPORTS.get(transport["type"], {}))
    model = _TOOLS.get(kind)
    known = {info.alias or name for name, info in model.model_fields.items()} if model else {*lean}
    unknown = {key: value for key, value in lean.items() if key not in known}
    return {key: value for key, value in lean.items() if key in known} | _extra(unknown)


def _beyond(value: Mapping[str, JSON], defaults: Fields) -> dict[str, JSON]:
    """Return the items of `value` that are neither null nor the default."""
    return {
        key: item
        for key, item in value.items()
        if item is not None and not (key in defaults and same(item, defaults[key]))
    }


def _extra(unknown: Mapping[str, JSON]) -> dict[str, JSON]:
    extra = {key: value for key, value in unknown.items() if value is not None}
    return {"extra": extra} if extra else {}
