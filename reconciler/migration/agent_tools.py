"""Tools for target agents, which has no files, no search in them, and no code but in a session's environment."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.migration.model import TOOLS, Case, Part, changed, list_of, lost, mapped, mapping_of, text_of
from reconciler.migration.tools import Tool, definition, parameters
from reconciler.resources.values import JSON

_SEARCH: Final = (
    "use target responses; or write a function that your application answers from POST /vector_stores/{id}/search; "
    "or name an MCP server that searches"
)
_CODE: Final = "choose an environment (`openai_hosted`) when the session starts, or use target responses"
_FILES: Final = "put the files into the environment of the session, or use target responses"


def agent_tools(value: JSON) -> Iterator[Part]:
    if not isinstance(value, list):
        yield lost("tools", "expected a list")
    for index, tool in enumerate(list_of(value)):
        kind = text_of(mapping_of(tool).get("type"))
        if not kind:
            yield lost(f"tools[{index}]", "a tool without a type")
        else:
            yield _MAPPERS.get(kind, _other)(f"tools[{index}] {kind}", tool)


def agent_resources(case: Case) -> Iterator[Part]:
    """Files and vector stores: an agent names none."""
    for field, value in mapping_of(case.export.value.get("tool_resources")).items():
        if value:
            hint = _SEARCH if field == "file_search" else _FILES
            yield lost(f"tool_resources.{field}", "an agent has no files and no vector stores", hint)
    if case.export.value.get("file_ids"):
        yield lost("file_ids", "an agent has no files", _FILES)


def _function(at: str, tool: Tool) -> Part:
    given = definition(tool)
    name = given.get("name")
    schema, note = parameters(given.get("parameters"))
    notes = [note] if note else []
    if given.get("strict"):
        notes.append("`strict` is gone: an agent's functions never are, so check the arguments")
    description = text_of(given.get("description"))
    if not description:
        description = text_of(name)
        notes.append("an agent's functions need a description; the name stands for it")
    made: dict[str, JSON] = {"type": "function", "name": name, "description": description, "parameters": schema}
    rest = {key: item for key, item in given.items() if key not in {*made, "strict"} and item is not None}
    where = f"{at} {text_of(name)}".rstrip()
    done = {**made, **rest}
    return changed(where, TOOLS, done, "; ".join(notes)) if notes else mapped(where, TOOLS, done)


def _web_search(at: str, tool: Tool) -> Part:
    location = {key: item for key, item in mapping_of(tool.get("user_location")).items() if key != "type"}
    made = {
        "type": "web_search",
        "context_size": tool.get("search_context_size"),
        "location": location or None,
        "allowed_domains": mapping_of(tool.get("filters")).get("allowed_domains"),
    }
    given = {key: item for key, item in made.items() if item is not None}
    return changed(at, TOOLS, given, "its settings have other names: context_size, location, allowed_domains")


def _mcp(at: str, tool: Tool) -> Part:
    if not tool.get("server_url"):
        hint = "name the server's URL as `transport: {type: http, server_url: …}`"
        return lost(at, "an agent has no connectors and no tunnels", hint)
    made: dict[str, JSON] = {
        "type": "mcp",
        "server_label": tool.get("server_label"),
        "transport": {"type": "http", "server_url": tool["server_url"]},
    }
    if isinstance(tool.get("allowed_tools"), list):
        made["allowed_tools"] = tool["allowed_tools"]
    gone = sorted(tool.keys() - {"type", "server_label", "server_url", "allowed_tools"} - _unset(tool))
    note = "the address stands in `transport`" + (f"; gone: {', '.join(gone)}" if gone else "")
    hint = "put tokens into a vault credential and name it as `credential_id`" if gone else ""
    return changed(at, TOOLS, made, note, hint)


def _unset(tool: Tool) -> set[str]:
    return {key for key, item in tool.items() if item is None}


def _no_code(at: str, _tool: Tool) -> Part:
    return lost(at, "an agent has no code_interpreter", _CODE)


def _no_search(at: str, _tool: Tool) -> Part:
    return lost(at, "an agent has no file search", _SEARCH)


def _other(at: str, tool: Tool) -> Part:
    """As it is; what agents do not have is found out by validation."""
    return mapped(at, TOOLS, {key: item for key, item in tool.items() if item is not None})


_MAPPERS: Final[Mapping[str, Callable[[str, Tool], Part]]] = {
    "function": _function,
    "code_interpreter": _no_code,
    "file_search": _no_search,
    "retrieval": _no_search,
    "web_search": _web_search,
    "web_search_preview": _web_search,
    "mcp": _mcp,
}
