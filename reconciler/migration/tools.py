"""Tools for target responses."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.migration.model import (
    TOOLS,
    Part,
    changed,
    list_of,
    lost,
    mapped,
    mapping_of,
    text_of,
)
from reconciler.migration.resources import Resources
from reconciler.resources.values import JSON

Tool: TypeAlias = Mapping[str, JSON]
NO_ARGUMENTS: Final[dict[str, JSON]] = {"type": "object", "properties": {}}
"""What a function without `parameters` has (`FunctionDefinition.parameters`)."""

_NO_STORE: Final = (
    "put the files it should search into the project, write a VectorStore for them, and add "
    "`{type: file_search, vector_store_ids: [NAME]}`"
)
_RESULTS: Final = (
    "without max_num_results, assistants took 20 results (5 with gpt-3.5-turbo); set it if the number matters"
)


def tools(value: JSON, resources: Resources) -> Iterator[Part]:
    if not isinstance(value, list):
        yield lost("tools", "expected a list")
    for index, tool in enumerate(list_of(value)):
        at = f"tools[{index}]"
        kind = text_of(mapping_of(tool).get("type"))
        if not kind:
            yield lost(at, "a tool without a type")
        else:
            yield _MAPPERS.get(kind, _other)(f"{at} {kind}", tool, resources)


def definition(tool: Tool) -> Tool:
    """What a function tool says of its function: beside `type` here, inside `function` in Assistants."""
    inner = tool.get("function")
    return inner if isinstance(inner, dict) else {key: item for key, item in tool.items() if key != "type"}


def parameters(given: JSON) -> tuple[JSON, str]:
    """The JSON Schema of a function's arguments, and what was changed about it."""
    if given is None or given == {}:
        return NO_ARGUMENTS, ""
    if isinstance(given, dict) and "type" not in given:
        return {"type": "object", **given}, "`type: object` was added to the parameters"
    return given, ""


def _function(at: str, tool: Tool, _resources: Resources) -> Part:
    given = definition(tool)
    schema, note = parameters(given.get("parameters"))
    strict = given.get("strict")
    notes = [note] if note else []
    if strict is None:
        notes.append("`strict: false` is written out, as it was Assistants' default and is not that of responses")
    made: dict[str, JSON] = {"type": "function", "name": given.get("name")}
    if given.get("description") is not None:
        made["description"] = given["description"]
    made |= {"parameters": schema, "strict": False if strict is None else strict}
    rest = {key: item for key, item in given.items() if key not in made and item is not None}
    return _part(f"{at} {text_of(given.get('name'))}".rstrip(), {**made, **rest}, notes)


def _part(at: str, tool: JSON, notes: list[str]) -> Part:
    return changed(at, TOOLS, tool, "; ".join(notes)) if notes else mapped(at, TOOLS, tool)


def _code_interpreter(at: str, tool: Tool, resources: Resources) -> Part:
    container = _without_gone(tool.get("container"), resources)
    if container is None:
        container = {"type": "auto"} | ({"file_ids": list(resources.files)} if resources.files else {})
    note = "files that the code makes are gone 20 minutes after its container was last used"
    return changed(at, TOOLS, {"type": "code_interpreter", "container": container}, note)


def _without_gone(value: JSON, resources: Resources) -> JSON:
    """`value` without ids of what no longer exists."""
    if isinstance(value, dict):
        return {key: _without_gone(item, resources) for key, item in value.items()}
    if isinstance(value, list):
        return [item for item in value if not (isinstance(item, str) and item in resources.gone)]
    return value


def _file_search(at: str, tool: Tool, resources: Resources) -> Part:
    stores = _without_gone(list_of(tool.get("vector_store_ids")), resources) or list(resources.stores)
    if not stores:
        note = "it searches no vector store: none is named, or none still exists (threads could bring their own)"
        return lost(at, note, _NO_STORE)
    options = mapping_of(tool.get("file_search")) or tool
    made: dict[str, JSON] = {"type": "file_search", "vector_store_ids": stores}
    made |= {key: options[key] for key in ("filters", "max_num_results") if options.get(key) is not None}
    ranking, notes = _ranking(mapping_of(options.get("ranking_options")))
    notes += [_RESULTS] if "max_num_results" not in made else []
    made |= {"ranking_options": ranking} if ranking else {}
    part = _part(at, made, notes)
    return Part(part.entry, part.keys, part.value, "`reconciler import` can bring these stores into the manifests")


def _ranking(options: Tool) -> tuple[dict[str, JSON], list[str]]:
    """The ranker of Assistants is gone; responses have `auto` and one of their own."""
    kept = {key: item for key, item in options.items() if item is not None}
    if kept.get("ranker") == "default_2024_08_21":
        return {**kept, "ranker": "auto"}, ["ranker default_2024_08_21 is gone; `auto` stands for it"]
    return kept, []


def _retrieval(at: str, tool: Tool, resources: Resources) -> Part:
    part = _file_search(at, {**tool, "type": "file_search"}, resources)
    return part if part.entry.outcome == "lost" else changed(at, TOOLS, part.value, "retrieval is called file_search")


def _mcp(at: str, tool: Tool, resources: Resources) -> Part:
    if not tool.get("authorization"):
        return _other(at, tool, resources)
    made = {key: item for key, item in tool.items() if key != "authorization"}
    hint = "the application adds `authorization` to the tool before it sends the request; replace the token, it leaked"
    return changed(at, TOOLS, made, "the token is left out: secrets are not for Git", hint)


def _other(at: str, tool: Tool, _resources: Resources) -> Part:
    """As it is: prompts have the tools of responses, and what those do not have is found out by validation."""
    return mapped(at, TOOLS, {key: item for key, item in tool.items() if item is not None})


_MAPPERS: Final[Mapping[str, Callable[[str, Tool, Resources], Part]]] = {
    "function": _function,
    "code_interpreter": _code_interpreter,
    "file_search": _file_search,
    "retrieval": _retrieval,
    "mcp": _mcp,
}
