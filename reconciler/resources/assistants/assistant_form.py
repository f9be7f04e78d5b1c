"""Canonical form of saved assistants, with the defaults that the API sets, and their parts as the other targets have
them.

Sources: field docs of `openai.types.beta.assistant`, `assistant_create_params`, `file_search_tool` and
`shared.function_definition`, and the defaults in the OpenAPI description of `POST /v1/assistants`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.resources.address import working_file
from reconciler.resources.assistants.assistants import AssistantsSpec
from reconciler.resources.assistants.canonical import Tool, keyed, rendered, tidied
from reconciler.resources.assistants.risks import risks as common_risks
from reconciler.resources.names import UPLOAD_ID
from reconciler.resources.references import localised
from reconciler.resources.risks import Hazard
from reconciler.resources.values import ADDRESS_KEY, JSON, Fields, is_reference, references_in

RESOURCES: Final[Mapping[str, str]] = {"code_interpreter": "file_ids", "file_search": "vector_store_ids"}
"""The list in `tool_resources` of each type of tool that has one."""
DEFAULTS: Final[Fields] = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": {},
    "tool_resources": {tool: {ids: []} for tool, ids in RESOURCES.items()},
    "temperature": 1,
    "top_p": 1,
    "response_format": "auto",
    "metadata": {},
}
"""Values of fields that are not set."""
SAMPLING: Final = ("temperature", "top_p")
NO_PARAMETERS: Final[Fields] = {"type": "object", "properties": {}}
"""The parameters of a function for which none are written: an empty list of parameters."""
RANKING: Final[Fields] = {"ranker": "auto", "score_threshold": 0}
RESOLVED_RANKER: Final = "default_2024_08_21"
"""The ranker that a server may return for `auto`."""
_SMALL: Final = "gpt-3.5-turbo"


def canonical(field: str, value: JSON) -> JSON:
    """Return the canonical form of the value of a top-level field of a manifest or of a response.

    Labels must be removed from metadata before. For a field that is missing in a response, pass None.
    """
    complete = _COMPLETE.get(field)
    tidy = tidied(value, field)
    return complete(tidy) if complete else tidy


def render(fields: Fields) -> dict[str, JSON]:
    """Return canonical fields as a request body. References are not resolved.

    `tool_resources` always has all lists, because a list that is sent replaces the former one. A temperature of 1 is
    sent as null, which means the same and is accepted for every model.
    """
    default = {name: None for name in SAMPLING if fields.get(name) == DEFAULTS[name]}
    return {**rendered(fields), **default}


def localise(fields: Fields, addresses: Callable[[str], Sequence[str]], expected: Fields) -> Fields:
    """Return live fields with the ids of managed objects replaced by references, and without values of `file_search`
    that the server chose for settings which `expected` leaves to it.
    """
    found = localised((AssistantsSpec,), fields, addresses, frozenset(references_in(dict(expected))))
    tools, wanted = found.get("tools"), (expected.get("tools") or {}).get("file_search")
    if isinstance(tools, Mapping) and "file_search" in tools:
        own = tools["file_search"]
        searches = {**own, "file_search": _as_asked(own["file_search"], (wanted or {}).get("file_search"), found)}
        found = {**found, "tools": {**tools, "file_search": searches}}
    return {name: value if value is fields.get(name) else canonical(name, value) for name, value in found.items()}


def _as_asked(live: Fields, wanted: Fields | None, fields: Fields) -> dict[str, JSON]:
    """Return the live settings of a search with the values of `wanted` where both mean the same."""
    asked = _search(wanted)
    number = {"max_num_results": 5 if str(fields.get("model")).startswith(_SMALL) else 20}
    made = dict(live)
    if {**number, **made}["max_num_results"] == {**number, **asked}["max_num_results"]:
        made.pop("max_num_results", None)
        made.update({name: asked[name] for name in number if name in asked})
    ranking = made["ranking_options"]
    if ranking["ranker"] == RESOLVED_RANKER and asked["ranking_options"]["ranker"] == RANKING["ranker"]:
        made["ranking_options"] = {**ranking, "ranker": RANKING["ranker"]}
    return made


def _given(value: JSON) -> dict[str, JSON]:
    return {key: item for key, item in (value or {}).items() if item is not None}


def _function(value: JSON) -> dict[str, JSON]:
    given = _given(value)
    parameters = given.get("parameters") or NO_PARAMETERS
    return {**given, "parameters": parameters, "strict": given.get("strict", False)}


def _search(value: JSON) -> dict[str, JSON]:
    given = _given(value)
    return {**given, "ranking_options": {**RANKING, **_given(given.get("ranking_options"))}}


_PARTS: Final[Mapping[str, Callable[[JSON], dict[str, JSON]]]] = {"function": _function, "file_search": _search}


def _tool(tool: Tool) -> Tool:
    kind = tool.get("type", "")
    given = _given(tool)
    return {**given, kind: _PARTS[kind](given.get(kind))} if kind in _PARTS else given


def _resources(value: JSON) -> dict[str, JSON]:
    """Return the list of each tool without repeated ids. Other members, which some servers return, are not compared."""
    held = {tool: ((value or {}).get(tool) or {}).get(ids) or [] for tool, ids in RESOURCES.items()}
    return {
        tool: {ids: [item for at, item in enumerate(held[tool]) if item not in held[tool][:at]]}
        for tool, ids in RESOURCES.items()
    }


def _response_format(value: JSON) -> JSON:
    """Return the format with its defaults. Some servers return `schema` under its name in Python, `schema_`."""
    if not isinstance(value, Mapping):
        return value or DEFAULTS["response_format"]
    if not isinstance(value.get("json_schema"), Mapping):
        return value
    given = _given(value["json_schema"])
    schema = given if "schema" in given else {key.removesuffix("_"): item for key, item in given.items()}
    return {**value, "json_schema": {**schema, "strict": schema.get("strict", False)}}


def _or_default(field: str) -> Callable[[JSON], JSON]:
    return lambda value: DEFAULTS[field] if value is None else value


_COMPLETE: Final[Mapping[str, Callable[[JSON], JSON]]] = {
    "tools": lambda tools: keyed(tools, _tool),
    "tool_resources": _resources,
    "response_format": _response_format,
    **{field: _or_default(field) for field in (*SAMPLING, "metadata")},
}
"""Functions that complete the fields that the API does not return as they were sent."""


def risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield the risks of a change, between any two targets. Both sides must have the same top-level fields."""
    yield from common_risks(as_request(before), as_request(after))
    was, is_ = _held(before, "code_interpreter"), _held(after, "code_interpreter")
    paths = set(map(working_file, is_))
    removed = [one for one in was if working_file(one) not in paths and not _is_superseded(one)]
    if "tool_resources" in after and removed:
        yield Hazard("knowledge-removed", {"change": "files", "names": removed, "of": len(was)})
    stays = {_working(name) for name in _held(after, "file_search")}
    if "tools" not in after and (gone := [one for one in _held(before, "file_search") if _working(one) not in stays]):
        yield Hazard("knowledge-removed", {"change": "stores", "names": gone})


def as_request(fields: Fields) -> Fields:
    """Return canonical fields with the names and the nesting of the other targets, as far as their rules need it."""
    made = {name: value for name, value in fields.items() if name not in ("tools", "response_format")}
    if "tools" in fields:
        stores = _resource(fields, "file_search")
        searches = {"vector_store_ids": stores} if stores else {}
        made["tools"] = {
            key: {**tool, **_part(tool), **(searches if tool.get("type") == "file_search" else {})}
            for key, tool in (fields["tools"] or {}).items()
        }
    if isinstance(form := fields.get("response_format"), Mapping):
        schema = {key: value for key, value in (form.get("json_schema") or {}).items() if value is not False}
        made["text"] = {"format": {"type": form.get("type"), **schema}}
    if (effort := fields.get("reasoning_effort")) is not None:
        made["reasoning"] = {"effort": effort}
    return {name: value for name, value in made.items() if name not in SAMPLING or value != DEFAULTS[name]}


def _part(tool: Tool) -> Mapping[str, JSON]:
    part = tool.get(str(tool.get("type")))
    return part if isinstance(part, Mapping) else {}


def _resource(fields: Fields, tool: str) -> list[JSON]:
    part = (fields.get("tool_resources") or {}).get(tool) or {}
    held: list[JSON] = part.get(RESOURCES[tool]) or []
    return held


def _held(fields: Fields, tool: str) -> list[str]:
    return [item[ADDRESS_KEY] if is_reference(item) else str(item) for item in _resource(fields, tool)]


def _is_superseded(file: str) -> bool:
    """Return True for an upload that a new one replaced: it has its id in its address, and the file is still there."""
    _, at, id_ = file.rpartition("@")
    return bool(at) and UPLOAD_ID.fullmatch(id_) is not None


def _working(store: str) -> str:
    """Return the working store of a frozen copy: `vectorstore/kb` for `vectorstore/kb@010d`."""
    return store.partition("@")[0]
