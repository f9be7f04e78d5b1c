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
from reconciler.resources.assistants.server_secrets import without_secrets
from reconciler.resources.values import JSON

Tool: TypeAlias = Mapping[str, JSON]
NO_ARGUMENTS: Final[dict[str, JSON]] = {"type": "object", "properties": {}}
"""Parameters of a function that declares none (`FunctionDefinition.parameters`)."""

_NO_STORE: Final = (
    "add the files to search to the project, write a VectorStore for them, and add "
    "`{type: file_search, vector_store_ids: [NAME]}`"
)
_RESULTS: Final = (
    "the default of assistants was 20 results (5 with gpt-3.5-turbo); set max_num_results if the number matters"
)


def tools(value: JSON, resources: Resources, field: str = "tools") -> Iterator[Part]:
    """Map every tool in a field of an export to a tool of the Responses API."""
    if not isinstance(value, list):
        yield lost(field, "expected a list")
    for index, tool in enumerate(list_of(value)):
        at = f"{field}[{index}]"
        kind = text_of(mapping_of(tool).get("type"))
        if not kind:
            yield lost(at, "the tool has no type")
        else:
            yield _MAPPERS.get(kind, _other)(f"{at} {kind}", tool, resources)


def older_functions(value: Mapping[str, JSON]) -> list[JSON]:
    """Return the `functions` of a request to Chat Completions, its older form of tools, as tools."""
    return [{"type": "function", "function": one} for one in list_of(value.get("functions"))]


def definition(tool: Tool) -> Tool:
    """Return the definition of a function tool: inside `function` in Assistants, beside `type` in responses."""
    inner = tool.get("function")
    return inner if isinstance(inner, dict) else {key: item for key, item in tool.items() if key != "type"}


def parameters(given: JSON) -> tuple[JSON, str]:
    """Return the JSON Schema of the arguments of a function, and a note about what was changed."""
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
        notes.append("`strict: false` is written explicitly: the default of Assistants, but not of responses")
    made: dict[str, JSON] = {"type": "function", "name": given.get("name")}
    if given.get("description") is not None:
        made["description"] = given["description"]
    made |= {"parameters": schema, "strict": False if strict is None else strict}
    rest = {key: item for key, item in given.items() if key not in made and item is not None}
    return _part(f"{at} {text_of(given.get('name'))}".rstrip(), {**made, **rest}, notes)


def _part(at: str, tool: JSON, notes: list[str]) -> Part:
    return changed(at, TOOLS, tool, "; ".join(notes)) if notes else mapped(at, TOOLS, tool)


def _code_interpreter(at: str, tool: Tool, resources: Resources) -> Part:
    container = _without_missing(tool.get("container"), resources)
    if container is None:
        container = {"type": "auto"} | ({"file_ids": list(resources.files)} if resources.files else {})
    note = "files that the code creates are deleted 20 minutes after the last use of the container"
    return changed(at, TOOLS, {"type": "code_interpreter", "container": container}, note)


def _without_missing(value: JSON, resources: Resources) -> JSON:
    """Return `value` without ids that no longer exist."""
    if isinstance(value, dict):
        return {key: _without_missing(item, resources) for key, item in value.items()}
    if isinstance(value, list):
        return [item for item in value if not (isinstance(item, str) and item in resources.missing)]
    return value


def _file_search(at: str, tool: Tool, resources: Resources) -> Part:
    stores = _without_missing(list_of(tool.get("vector_store_ids")), resources) or list(resources.stores)
    if not stores:
        note = "no vector store to search: none is listed, or none exists (threads could have their own)"
        return lost(at, note, _NO_STORE)
    options = mapping_of(tool.get("file_search")) or tool
    made: dict[str, JSON] = {"type": "file_search", "vector_store_ids": stores}
    made |= {key: options[key] for key in ("filters", "max_num_results") if options.get(key) is not None}
    ranking, notes = _ranking(mapping_of(options.get("ranking_options")))
    notes += [_RESULTS] if "max_num_results" not in made else []
    made |= {"ranking_options": ranking} if ranking else {}
    part = _part(at, made, notes)
    if all(isinstance(name, str) and name in resources.moved for name in stores):
        return part
    return Part(part.entry, part.keys, part.value, "to manage these vector stores, run `reconciler import`")


def _ranking(options: Tool) -> tuple[dict[str, JSON], list[str]]:
    """Return the ranking options for responses, which do not support the ranker of Assistants."""
    kept = {key: item for key, item in options.items() if item is not None}
    if kept.get("ranker") == "default_2024_08_21":
        return {**kept, "ranker": "auto"}, ["ranker default_2024_08_21 is not supported; `auto` is used"]
    return kept, []


def _retrieval(at: str, tool: Tool, resources: Resources) -> Part:
    part = _file_search(at, {**tool, "type": "file_search"}, resources)
    return part if part.entry.outcome == "lost" else changed(at, TOOLS, part.value, "retrieval was renamed file_search")


def _mcp(at: str, tool: Tool, resources: Resources) -> Part:
    made, removed = without_secrets(tool)
    if not removed:
        return _other(at, tool, resources)
    hint = "the application adds it to the request; revoke the secret in the export"
    return changed(at, TOOLS, made, f"removed, because secrets must not be committed: {', '.join(removed)}", hint)


def _custom(at: str, tool: Tool, resources: Resources) -> Part:
    """Map a custom tool; Chat Completions have its settings inside `custom`, and its grammar inside `grammar`."""
    inner = tool.get("custom")
    given = {"type": "custom", **inner} if isinstance(inner, dict) else dict(tool)
    form = mapping_of(given.get("format"))
    if isinstance(form.get("grammar"), dict):
        given["format"] = {"type": "grammar", **form["grammar"]}
    return _other(at, given, resources)


def _other(at: str, tool: Tool, _resources: Resources) -> Part:
    """Keep any other tool; validation removes what responses do not support."""
    return mapped(at, TOOLS, {key: item for key, item in tool.items() if item is not None})


_MAPPERS: Final[Mapping[str, Callable[[str, Tool, Resources], Part]]] = {
    "function": _function,
    "code_interpreter": _code_interpreter,
    "custom": _custom,
    "file_search": _file_search,
    "retrieval": _retrieval,
    "mcp": _mcp,
}
