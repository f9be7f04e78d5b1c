"""The configuration in a request body of the Responses API or the Agents API, or in a stored response."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from reconciler.importing.request_tools import written_tools
from reconciler.resources.assistants.hints import NOT_IN_MANIFESTS, why_left_out
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.values import JSON, same

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
    """The values that were left out, with the reasons."""
    notes: tuple[str, ...]
    """The values that were added because the API adds them."""


def configuration(body: Mapping[str, JSON], target: str = "responses") -> Configuration:
    """Return the constant part of a request body as a spec."""
    given = {name: value for name, value in body.items() if value is not None}
    pairs, lost = kept_pairs(given.pop("metadata")) if isinstance(given.get("metadata"), Mapping) else ({}, ())
    tools = written_tools(given.get("tools"), target)
    given |= {} if tools.tools is None else {"tools": tools.tools}
    left_out: dict[str, list[str]] = {}
    made = {name: _supported(value, name, target, left_out) for name, value in given.items()}
    made, renamed = _with_summary(made)
    known = tuple(name for name in KIND.models[target].model_fields if name not in ("target", "extra"))
    spec = {"target": target, **{name: made[name] for name in known if name in made}}
    losses = list(tools.losses)
    if not isinstance(spec.get("instructions", ""), str):
        del spec["instructions"]
        losses.append("`instructions`, which is a list of messages: write the text, if it is the same in every request")
    extra = {}
    for name in sorted(made.keys() - {*known}):
        if why := why_left_out(target, name):
            left_out.setdefault(why, []).append(name)
        else:
            extra[name] = made[name]
    losses += (f"{_spoken(names)}: {why}" for why, names in left_out.items())
    losses += _instruction_messages(given.get("input"))
    return Configuration(
        {**spec, **pairs, **({"extra": extra} if extra else {})}, (*losses, *lost), (*tools.notes, *renamed)
    )


def _supported(value: JSON, path: str, target: str, left_out: dict[str, list[str]]) -> JSON:
    """Return `value` without the nested fields that manifests do not have, which are added to `left_out`."""
    if isinstance(value, list):
        return [_supported(item, path, target, left_out) for item in value]
    if not isinstance(value, Mapping) or path.rpartition(".")[2] in _OPAQUE:
        return value
    made = {}
    for name, item in value.items():
        inner = f"{path}.{name}"
        if inner not in NOT_IN_MANIFESTS[target]:
            made[name] = _supported(item, inner, target, left_out)
        elif inner not in (names := left_out.setdefault(why_left_out(target, inner), [])):
            names.append(inner)
    return made


def _spoken(names: Sequence[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def _with_summary(given: dict[str, JSON]) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return the fields with `reasoning.summary` in place of its former name `generate_summary`."""
    reasoning = given.get("reasoning")
    if not isinstance(reasoning, Mapping) or "generate_summary" not in reasoning:
        return given, ()
    made = {name: value for name, value in reasoning.items() if name != "generate_summary"}
    made = {"summary": reasoning["generate_summary"], **made}
    return {**given, "reasoning": made}, ("`reasoning.summary`, the new name of `generate_summary`",)


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
