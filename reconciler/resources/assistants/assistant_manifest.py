"""Conversion of a saved assistant at a server to the spec of a manifest.

A server may return what a manifest cannot say: settings of version 1 of the API, more than the limits allow, values of
a newer version. A top-level field with such a value is left out as a whole, because a field that a manifest sets is
managed completely. Every omission is a loss of the import.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from reconciler.resources.assistants.assistant_form import DEFAULTS, NO_PARAMETERS, RANKING, RESOLVED_RANKER, RESOURCES
from reconciler.resources.assistants.assistants import AssistantsSpec, FunctionDefinition
from reconciler.resources.assistants.canonical import Tool, as_extra, beyond_defaults, listed
from reconciler.resources.base import Live
from reconciler.resources.kind import SpecDraft
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.name_lists import few
from reconciler.resources.names import PROJECT_FILE, VECTOR_STORE
from reconciler.resources.references import Ref
from reconciler.resources.values import JSON, same

_FIELDS: Final = (*AssistantsSpec.model_fields,)
_STAYS: Final = "which stays live and is not managed"
_VERSION_1: Final = "of version 1 of the API"
_HELD: Final[Mapping[str, tuple[Ref, int, str]]] = {
    "code_interpreter": (PROJECT_FILE, 20, "files"),
    "file_search": (VECTOR_STORE, 1, "vector stores"),
}
"""The reference in a manifest, the limit and the noun of what `tool_resources` has, by tool."""


def to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of an assistant. Fields that this version does not support are in `extra`."""
    fields = {key: value for key, value in live.fields.items() if not same(value, DEFAULTS.get(key))}
    pairs, losses = kept_pairs(fields.pop("metadata", None))
    files = fields.pop("file_ids", None)
    unknown = {key: fields.pop(key) for key in sorted(fields.keys() - {*_FIELDS})}
    written = {key: _WRITTEN[key](value) if key in _WRITTEN else value for key, value in fields.items()}
    omitted = {key: why for key in sorted(written) if (why := _why_omitted(live, key, written[key]))}
    if live.fields.get("name") is None:
        written["name"] = None
    elif written.get("name") == name:
        del written["name"]
    spec = {"target": "assistants", **{key: written[key] for key in _FIELDS if key in written}, **pairs}
    kept = {key: value for key, value in spec.items() if key not in omitted}
    notes = dict(_notes(kept.get("tool_resources") or {}, called))
    return SpecDraft({**kept, **as_extra(unknown)}, notes, (*losses, *omitted.values(), *_files_of_version_1(files)))


def _files_of_version_1(files: JSON) -> Iterator[str]:
    if files:
        names = few([str(one) for one in files]) if isinstance(files, list) else str(files)
        hint = "list them in `tool_resources.code_interpreter.file_ids`, or in a VectorStore for `file_search`"
        yield f"`file_ids` {_VERSION_1} ({names}), {_STAYS}: {hint}"


def _why_omitted(live: Live, key: str, value: JSON) -> str:
    """Return the loss of a field whose live value a manifest cannot have; an empty text for any other."""
    reason = _retrieval(value) if key == "tools" else _too_many(value) if key == "tool_resources" else ""
    reason = reason or _invalid(live, key, value)
    return f"`{key}`, {_STAYS}: {reason}" if reason else ""


def _retrieval(tools: JSON) -> str:
    if any(tool.get("type") == "retrieval" for tool in tools):
        return (
            f"`retrieval` is a tool {_VERSION_1}; write the tools with `file_search`, and its store in `tool_resources`"
        )
    return ""


def _too_many(resources: JSON) -> str:
    for tool, ids in RESOURCES.items():
        held = (resources.get(tool) or {}).get(ids) or []
        ref, most, noun = _HELD[tool]
        if len(held) > most:
            return f"`{tool}` has {len(held)} {noun} ({few(held)}), and the API allows {most}"
        if names := [id_ for id_ in held if ref.canonical(id_) != id_]:
            return f"in a manifest, {few(names)} would be the name of another object"
    return ""


def _invalid(live: Live, key: str, value: JSON) -> str:
    """Return the first reason why the model does not accept a value."""
    try:
        AssistantsSpec.model_validate({"model": live.fields.get("model"), key: value})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"][1:])
        return f"{path}: {first['msg']}" if path else str(first["msg"])
    return ""


def _tools(tools: JSON) -> JSON:
    return [_tool(tool) for tool in listed(tools)]


def _tool(tool: Tool) -> dict[str, JSON]:
    kind = str(tool.get("type"))
    part = tool.get(kind)
    lean = _PARTS[kind](part) if kind in _PARTS and isinstance(part, Mapping) else part
    known = {"type": kind, **({kind: lean} if lean else {})}
    return {**known, **as_extra({key: value for key, value in tool.items() if key not in ("type", kind)})}


def _function(part: Mapping[str, JSON]) -> dict[str, JSON]:
    defaults: Mapping[str, JSON] = {"parameters": NO_PARAMETERS, "strict": False}
    found = beyond_defaults(part, defaults)
    names = [name for name in FunctionDefinition.model_fields if name in found]
    known = {name: found.pop(name) for name in names}
    return {**known, **as_extra(found)}


def _search(part: Mapping[str, JSON]) -> dict[str, JSON]:
    found = beyond_defaults(part, {})
    ranking = found.get("ranking_options")
    if isinstance(ranking, Mapping) and ranking.get("ranker") == RESOLVED_RANKER:
        ranking = {**ranking, "ranker": RANKING["ranker"]}
    if ranking and same(ranking, RANKING):
        del found["ranking_options"]
    elif isinstance(ranking, Mapping):
        found["ranking_options"] = {
            "score_threshold": ranking["score_threshold"],
            **beyond_defaults(ranking, {"ranker": "auto"}),
        }
    return found


_PARTS: Final[Mapping[str, Callable[[Mapping[str, JSON]], dict[str, JSON]]]] = {
    "function": _function,
    "file_search": _search,
}


def _resources(value: JSON) -> JSON:
    """Return `tool_resources` without empty lists."""
    parts = {tool: beyond_defaults(part, {RESOURCES.get(tool, ""): []}) for tool, part in (value or {}).items()}
    return {tool: part for tool, part in parts.items() if part}


def _format(value: JSON) -> JSON:
    if not isinstance(value, Mapping) or not isinstance(value.get("json_schema"), Mapping):
        return value
    return {**value, "json_schema": beyond_defaults(value["json_schema"], {"strict": False})}


_WRITTEN: Final[Mapping[str, Callable[[JSON], JSON]]] = {
    "tools": _tools,
    "tool_resources": _resources,
    "response_format": _format,
}
"""Functions that return a canonical value as a manifest writes it."""


def _notes(resources: Mapping[str, JSON], called: Callable[[str], str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names of the files and of the store that are named by id."""
    for tool, ids in RESOURCES.items():
        held: Sequence[str] = (resources.get(tool) or {}).get(ids) or ()
        for index, id_ in enumerate(held):
            yield ("tool_resources", tool, ids, str(index)), called(id_)
