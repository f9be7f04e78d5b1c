"""Tools for target agents, which supports neither files nor file search, and code only in a session's environment."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.migration.model import TOOLS, Case, Part, changed, list_of, lost, mapped, mapping_of, text_of
from reconciler.migration.resources import texts_in, where
from reconciler.migration.tools import Tool, definition, parameters
from reconciler.resources.assistants.server_secrets import without_secrets
from reconciler.resources.values import JSON

_SEARCH: Final = (
    "use target responses; or define a function that your application answers with POST /vector_stores/{id}/search; "
    "or add an MCP server that searches"
)
_CODE: Final = "choose an environment (`openai_hosted`) when the session starts, or use target responses"
_FILES: Final = "add the files to the environment of the session, or use target responses"


def agent_tools(value: JSON, field: str = "tools") -> Iterator[Part]:
    """Map every tool in a field of an export to a tool of an agent."""
    if not isinstance(value, list):
        yield lost(field, "expected a list")
    for index, tool in enumerate(list_of(value)):
        kind = text_of(mapping_of(tool).get("type"))
        if not kind:
            yield lost(f"{field}[{index}]", "the tool has no type")
        else:
            yield _MAPPERS.get(kind, _other)(f"{field}[{index}] {kind}", tool)


def agent_resources(case: Case) -> Iterator[Part]:
    """Report the files and vector stores of an export as lost; an agent references none."""
    for field, value in mapping_of(case.export.value.get("tool_resources")).items():
        if value:
            hint = _SEARCH if field == "file_search" else _FILES
            kept = _kept(case, value)
            yield lost(f"tool_resources.{field}", f"agents do not support files and vector stores{kept}", hint)
    if case.export.value.get("file_ids"):
        yield lost("file_ids", f"agents do not support files{_kept(case, case.export.value['file_ids'])}", _FILES)


def _kept(case: Case, value: JSON) -> str:
    """Return what became of files and vector stores of a server, which are in the project but in no agent."""
    ids = list(dict.fromkeys(texts_in(value)))
    stores = [f"{id_} is now vectorstore/{case.stores[id_]}" for id_ in ids if id_ in case.stores]
    unread = [f"{id_}: {case.unread[id_]}" for id_ in ids if id_ in case.unread]
    files = [where(case.files[id_]) for id_ in ids if id_ in case.files]
    return "".join(f"; {one}" for one in (*stores, *unread, *files))


def _function(at: str, tool: Tool) -> Part:
    given = definition(tool)
    name = given.get("name")
    schema, note = parameters(given.get("parameters"))
    notes = [note] if note else []
    if given.get("strict"):
        notes.append("`strict` is removed: agents do not enforce it, so validate the arguments")
    description = text_of(given.get("description"))
    if not description:
        description = text_of(name)
        notes.append("agents require a description of each function; the name is used")
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
    return changed(at, TOOLS, given, "settings renamed: context_size, location, allowed_domains")


def _mcp(at: str, tool: Tool) -> Part:
    if not tool.get("server_url"):
        hint = "set the URL of the server in `transport: {type: http, server_url: …}`"
        return lost(at, "agents do not support connectors and tunnels", hint)
    public, secrets = without_secrets(tool)
    made: dict[str, JSON] = {
        "type": "mcp",
        "server_label": tool.get("server_label"),
        "transport": {"type": "http", "server_url": public["server_url"]},
    }
    if isinstance(tool.get("allowed_tools"), list):
        made["allowed_tools"] = tool["allowed_tools"]
    kept = {"type", "server_label", "server_url", "allowed_tools"}
    removed = sorted(key for key, item in tool.items() if key not in kept and item is not None)
    removed += [one for one in secrets if one.endswith("`server_url`")]
    note = "the URL moved to `transport`" + (f"; removed: {', '.join(removed)}" if removed else "")
    hint = "write a `Credential` for each token, and set `credential_id` to its name" if removed else ""
    return changed(at, TOOLS, made, note, hint)


def _no_code(at: str, _tool: Tool) -> Part:
    return lost(at, "agents do not support code_interpreter", _CODE)


def _no_search(at: str, _tool: Tool) -> Part:
    return lost(at, "agents do not support file search", _SEARCH)


def _other(at: str, tool: Tool) -> Part:
    """Keep any other tool; validation removes what agents do not support."""
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
