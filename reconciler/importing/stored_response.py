"""What was asked for, read back from a stored response."""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.resources.values import JSON, same

_REPORTED: Final = frozenset(
    {
        "background",
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
"""What a stored response says of one run, and not of its configuration."""
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
"""What a stored response says where nothing was asked for (field docs of `openai.types.responses.response`)."""
_TOOL_DEFAULTS: Final[Mapping[str, Mapping[str, JSON]]] = {
    "file_search": {"max_num_results": 20, "ranking_options": {"ranker": "auto", "score_threshold": 0}},
    "web_search": {"search_context_size": "medium"},
}
_OPAQUE: Final = frozenset({"parameters", "output_schema", "schema", "metadata", "headers"})


def asked(response: Mapping[str, JSON]) -> dict[str, JSON]:
    """What was asked for, of a stored response: what it says by itself is left out."""
    said = {name: _without_nulls(value, name) for name, value in response.items() if name not in _REPORTED}
    if isinstance(said.get("tools"), list):
        said["tools"] = [_lean(tool) for tool in said["tools"]]
    if isinstance(said.get("text"), Mapping):
        said["text"] = _beyond(said["text"], _DEFAULTS["text"])
    return _beyond(said, {**_DEFAULTS, "text": {}})


def _lean(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return tool
    return _beyond(tool, _TOOL_DEFAULTS.get(str(tool.get("type")), {}))


def _beyond(value: Mapping[str, JSON], defaults: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: item for key, item in value.items() if not (key in defaults and same(item, defaults[key]))}


def _without_nulls(value: JSON, name: str) -> JSON:
    """`strict` of a function has to be said, also as null; schemas and pairs are not ours to change."""
    if name in _OPAQUE:
        return value
    if isinstance(value, Mapping):
        return {key: _without_nulls(item, key) for key, item in value.items() if item is not None or key == "strict"}
    return [_without_nulls(item, "") for item in value] if isinstance(value, list) else value
