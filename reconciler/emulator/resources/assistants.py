"""Assistants (v2), as OpenAI served them until 2026-08-26.

The request is stored, and defaults are resolved when an assistant is read. Limits and defaults: docstrings of
`openai.types.beta.assistant_create_params` and `assistant`. `strict` and the ranking options of a tool are filled as in
answers that users recorded. Choices where the API is not documented: an update of `tool_resources` replaces the lists
that it names, and keeps the resources of other tools; null removes all.
"""

from collections.abc import Callable, Mapping
from typing import Any

from openai.types.beta.assistant_create_params import AssistantCreateParams
from openai.types.beta.assistant_list_params import AssistantListParams
from openai.types.beta.assistant_update_params import AssistantUpdateParams

from reconciler.emulator import ingestion, json_schemas
from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import between, enforce, items, length, matching, pairs
from reconciler.emulator.paging import Paging
from reconciler.emulator.resources import files, vector_stores
from reconciler.emulator.schema import Check
from reconciler.emulator.store import Document

KIND = "assistant"
NULLABLE = ("name", "description", "instructions")
RANKING: Mapping[str, Any] = {"ranker": "default_2024_08_21", "score_threshold": 0.0}


def create(call: Call) -> Document:
    given = {**call.body, "tool_resources": _resources(call, {})}
    assistant = {"id": new_id("asst_"), "created_at": int(call.now), "given": given}
    call.store.put(KIND, assistant)
    return _render(assistant)


def retrieve(call: Call) -> Document:
    return _render(_existing(call))


def update(call: Call) -> Document:
    """Replace the given fields, including all of `metadata` and `tools`, and each given list of `tool_resources`."""
    assistant = _existing(call)
    before = assistant["given"]
    resources = _resources(call, before["tool_resources"])
    assistant["given"] = {**before, **call.body, "tool_resources": resources}
    call.store.put(KIND, assistant)
    return _render(assistant)


def delete(call: Call) -> Document:
    """Delete the assistant. Its files and its vector store stay."""
    _existing(call)
    call.store.delete(KIND, call.id)
    return deleted(call, "assistant.deleted")


def list_assistants(call: Call) -> Document:
    return call.list(KIND, Paging(params=AssistantListParams), _render)


def _existing(call: Call) -> Document:
    assistant = call.store.get(KIND, call.id)
    if assistant is None:
        raise not_found(f"No assistant found with id '{call.id}'.")
    return assistant


def _resources(call: Call, before: Document) -> Document:
    """Return the resources of all tools after a request; makes the vector store of the helper `vector_stores`.

    Raises ApiError for files and vector stores that do not exist.
    """
    if "tool_resources" not in call.body:
        return before
    given = call.body["tool_resources"] or {}
    resources = {**before, **given} if given else {}
    files.found(call, given.get("code_interpreter", {}).get("file_ids", []))
    search = given.get("file_search")
    if search:
        stores = [vector_stores.created(call, store)["id"] for store in search.get("vector_stores", [])]
        wanted = search.get("vector_store_ids", stores)
        known = call.store.get_all(vector_stores.KIND, wanted)
        for id_ in wanted:
            if id_ not in known:
                raise not_found(f"Vector store with id '{id_}' not found.")
        resources["file_search"] = {"vector_store_ids": wanted}
    return resources


def _render(assistant: Document) -> Document:
    given = assistant["given"]
    tools = [_TOOLS[tool["type"]](tool) for tool in given.get("tools", [])]
    return {
        "id": assistant["id"],
        "object": KIND,
        "created_at": assistant["created_at"],
        **{name: given.get(name) for name in NULLABLE},
        "model": given["model"],
        "tools": tools,
        "tool_resources": _shown({tool["type"] for tool in tools}, given["tool_resources"]),
        "metadata": given.get("metadata") or {},
        "temperature": 1.0 if given.get("temperature") is None else given["temperature"],
        "top_p": 1.0 if given.get("top_p") is None else given["top_p"],
        "response_format": given.get("response_format") or "auto",
        # The reasoning effort is accepted, but the API does not return it.
    }


def _shown(tools: set[str], resources: Document) -> Document:
    """Return the resources as the API shows them, with those of each tool of the assistant."""
    shown = {tool: resources.get(tool, {}) for tool in ("code_interpreter", "file_search")}
    shown["code_interpreter"] = {"file_ids": [], **shown["code_interpreter"]}
    return {tool: value for tool, value in shown.items() if tool in tools or tool in resources}


def _function(given: Document) -> Document:
    return {"type": "function", "function": {**given["function"], "strict": bool(given["function"].get("strict"))}}


def _file_search(given: Document) -> Document:
    asked = given.get("file_search", {})
    ranking = {**RANKING, **asked.get("ranking_options", {})}
    return {"type": "file_search", "file_search": {**asked, "ranking_options": ranking}}


_TOOLS: Mapping[str, Callable[[Document], Document]] = {
    "code_interpreter": dict,
    "file_search": _file_search,
    "function": _function,
}
_NAME = matching("[a-zA-Z0-9_-]+")
_TOOL_LIMITS: Mapping[str, Check] = {
    "file_search.max_num_results": between(1, 50),
    "file_search.ranking_options.score_threshold": between(0, 1, "decimal"),
}


def _name(value: str, path: str) -> None:
    length(64)(value, path)
    _NAME(value, path)


def _tools(tools: list[Document], path: str) -> None:
    items(128)(tools, path)
    for index, tool in enumerate(tools):
        enforce(_TOOL_LIMITS, tool, f"{path}[{index}]")
        if tool["type"] == "function":
            function = {**tool["function"], "strict": bool(tool["function"].get("strict"))}
            _name(function["name"], f"{path}[{index}].function.name")
            json_schemas.check_function(function, f"{path}[{index}].function")


def _search(search: Document, path: str) -> None:
    """Check the resources of file search: one vector store, by its id or to be made."""
    if search.get("vector_stores") and search.get("vector_store_ids"):
        raise invalid(f"You cannot specify both 'vector_store_ids' and 'vector_stores' in '{path}'.", path)
    for index, store in enumerate(search.get("vector_stores", [])):
        enforce(_STORE_LIMITS, store, f"{path}.vector_stores[{index}]")


def _schema(given: Any, path: str) -> None:
    if isinstance(given, dict) and given["type"] == "json_schema":
        _name(given["json_schema"]["name"], f"{path}.json_schema.name")
        json_schemas.check_format({"schema": {}, **given["json_schema"], "type": "json_schema"}, path)


_STORE_LIMITS: Mapping[str, Check] = {"metadata": pairs, "file_ids": items(10_000), **ingestion.CHUNKING}
LIMITS: Mapping[str, Check] = {
    "name": length(256),
    "description": length(512),
    "instructions": length(256_000),
    "tools": _tools,
    "tool_resources.code_interpreter.file_ids": items(20),
    "tool_resources.file_search.vector_store_ids": items(1),
    "tool_resources.file_search.vector_stores": items(1),
    "tool_resources.file_search": _search,
    "metadata": pairs,
    "temperature": between(0, 2, "decimal"),
    "top_p": between(0, 1, "decimal"),
    "response_format": _schema,
}
CREATE = Body(AssistantCreateParams, LIMITS)
UPDATE = Body(AssistantUpdateParams, LIMITS)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/assistants", handle=create, body=CREATE),
    Endpoint(method="GET", path="/v1/assistants", handle=list_assistants),
    Endpoint(method="GET", path="/v1/assistants/{id}", handle=retrieve),
    Endpoint(method="POST", path="/v1/assistants/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path="/v1/assistants/{id}", handle=delete),
]
