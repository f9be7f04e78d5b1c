"""The configuration in a request body of the Responses API, or in the stored response to it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from reconciler.importing.request_tools import written_tools
from reconciler.resources.assistants.hints import HINTS
from reconciler.resources.assistants.responses import ResponsesSpec
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.values import JSON, same

_FIELDS: Final = tuple(name for name in ResponsesSpec.model_fields if name not in ("target", "extra"))
_REPORTED: Final = frozenset(
    {
        "background",
        "background_options",
        "completed_at",
        "conversation",
        "created_at",
        "error",
        "id",
        "incomplete_details",
        "input_transformations",
        "object",
        "output",
        "output_text",
        "previous_response_id",
        "prompt_cache_diagnostics",
        "safety_identifier",
        "status",
        "tool_usage",
        "usage",
        "user",
    }
)
"""Fields of a stored response that describe one run, not its configuration."""
_DEFAULTS: Final[Mapping[str, JSON]] = {
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {},
    "service_tier": "default",
    "store": True,
    "temperature": 1,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1,
    "truncation": "disabled",
}
"""Values of a stored response for fields that were not set (field docs of `openai.types.responses.response`)."""
_TOOL_DEFAULTS: Final[Mapping[str, Mapping[str, JSON]]] = {
    "file_search": {"max_num_results": 20, "ranking_options": {"ranker": "auto", "score_threshold": 0}},
    "web_search": {"search_context_size": "medium"},
}
_OPAQUE: Final = frozenset({"parameters", "output_schema", "schema", "metadata", "headers"})


class Configuration(NamedTuple):
    """The constant part of a request body."""

    spec: dict[str, JSON]
    losses: tuple[str, ...]
    """What was left out, with the reasons."""
    notes: tuple[str, ...]
    """What was added because the API does so."""


def configuration(body: Mapping[str, JSON]) -> Configuration:
    """Return the constant part of a request body as a spec."""
    given = {name: value for name, value in body.items() if value is not None}
    pairs, lost = kept_pairs(given.pop("metadata")) if isinstance(given.get("metadata"), Mapping) else ({}, ())
    tools = written_tools(given.get("tools"))
    losses = list(tools.losses)
    spec: dict[str, JSON] = {"target": "responses"}
    spec |= {name: tools.tools if name == "tools" else given[name] for name in _FIELDS if name in given}
    if not isinstance(spec.get("instructions", ""), str):
        del spec["instructions"]
        losses.append("`instructions`, which is a list of messages: write the text, if it is the same in every request")
    extra = {}
    for name in sorted(given.keys() - {*_FIELDS}):
        if hint := HINTS["responses"].get(name):
            losses.append(f"`{name}`: {hint}")
        else:
            extra[name] = given[name]
    losses += _instruction_messages(given.get("input"))
    return Configuration({**spec, **pairs, **({"extra": extra} if extra else {})}, (*losses, *lost), tools.notes)


def _instruction_messages(given: Any) -> Iterator[str]:
    roles = {str(item.get("role")) for item in given if isinstance(item, Mapping)} if isinstance(given, list) else set()
    for role in sorted(roles & {"developer", "system"}):
        yield f"the {role} message of `input`: if it is the same in every request, write it as `instructions`"


def request_of(response: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the request body of a stored response, without defaults and fields of the run."""
    said = {name: _without_nulls(value, name) for name, value in response.items() if name not in _REPORTED}
    if isinstance(said.get("tools"), list):
        said["tools"] = [_without_tool_defaults(tool) for tool in said["tools"]]
    if isinstance(said.get("text"), Mapping):
        said["text"] = _without_defaults(said["text"], _DEFAULTS["text"])
    return _without_defaults(said, {**_DEFAULTS, "text": {}})


def _without_tool_defaults(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return tool
    return _without_defaults(tool, _TOOL_DEFAULTS.get(str(tool.get("type")), {}))


def _without_defaults(value: Mapping[str, JSON], defaults: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: item for key, item in value.items() if not (key in defaults and same(item, defaults[key]))}


def _without_nulls(value: JSON, name: str) -> JSON:
    """Return `value` without nulls, except for `strict` of functions, and for schemas and metadata."""
    if name in _OPAQUE:
        return value
    if isinstance(value, Mapping):
        return {key: _without_nulls(item, key) for key, item in value.items() if item is not None or key == "strict"}
    return [_without_nulls(item, "") for item in value] if isinstance(value, list) else value
