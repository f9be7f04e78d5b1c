"""Responses without a model: the request with all defaults, and one fixed message as output.

Defaults: field docs of `openai.types.responses.response` and of the tools in `openai.types.responses`. A function tool
may omit `strict`, although the SDK requires it: the API then decides by the schema.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming, StreamOptions
from starlette.requests import Request
from starlette.responses import Response

from reconciler.emulator import input_items, json_schemas
from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.bodies import json_object
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.input_items import objects
from reconciler.emulator.limits import between, pairs
from reconciler.emulator.resources import containers, conversations, models, vector_stores
from reconciler.emulator.schema import missing
from reconciler.emulator.store import Document

KIND = "response"
ECHOED = (
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "safety_identifier",
    "user",
)
DEFAULTS: Mapping[str, Any] = {
    "background": False,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}
TOOLS: Mapping[str, Document] = {
    "file_search": {
        "filters": None,
        "max_num_results": 20,
        "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
    },
    "function": {"description": None},
    "web_search": {"filters": None, "search_context_size": "medium", "user_location": None},
}


USAGE: Mapping[str, Any] = {
    "input_tokens": 0,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 0,
}
NAMED = ("function", "custom")
"""The types of a tool choice that name a tool."""
TEXT = "This is the embedded API. It has no model; the request was accepted."
"""The text of every output message."""
STARTS = ("prompt", "input", "previous_response_id", "conversation")
"""The parameters of which a request needs one."""


def create(call: Call) -> Document | Response:
    given = call.body
    for index, tool in enumerate(given.get("tools") or []):
        if tool["type"] == "function":
            json_schemas.check_function(tool, f"tools[{index}]")
    models.check_parameters(given.get("model"), given)
    json_schemas.check_format((given.get("text") or {}).get("format"), "text.format.schema")
    _check_references(call)
    response = {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(call.now),
        "completed_at": int(call.now),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": given.get("model", "gpt-6-luna"),
        "output": [_message()],
        **{name: given.get(name) for name in ECHOED},
        **{name: default if given.get(name) is None else given[name] for name, default in DEFAULTS.items()},
        "reasoning": {"effort": None, "summary": None, **(given.get("reasoning") or {})},
        "service_tier": _tier(given.get("service_tier")),
        "text": {"format": {"type": "text"}, "verbosity": "medium", **(given.get("text") or {})},
        "tools": [{**TOOLS.get(tool["type"], {}), **tool} for tool in given.get("tools") or []],
        "usage": USAGE,
    }
    if conversation := _conversation(given):
        response["conversation"] = {"id": conversation}
        conversations.add_items(call, conversation, [*_asked(given.get("input")), *response["output"]])
    if given.get("store") is not False:
        call.store.put(KIND, response)
    return _streamed(response) if given.get("stream") else response


def retrieve(call: Call) -> Document:
    response = call.store.get(KIND, call.id)
    if response is None:
        raise not_found(f"Response with id '{call.id}' not found.")
    return response


def delete(call: Call) -> Document:
    retrieve(call)
    call.store.delete(KIND, call.id)
    return deleted(call, "response")


def _check_references(call: Call) -> None:
    """Raise ApiError for a missing start of the conversation, and for objects that do not exist."""
    given = call.body
    if all(given.get(name) is None for name in ("model", "prompt")):
        raise missing("model")
    if all(given.get(name) is None for name in STARTS):
        raise missing("input")
    former = given.get("previous_response_id")
    if former is not None and call.store.get(KIND, former) is None:
        message = f"Previous response with id '{former}' not found."
        raise invalid(message, "previous_response_id", "previous_response_not_found")
    if conversation := _conversation(given):
        if former is not None:
            message = "You cannot provide both 'previous_response_id' and 'conversation'."
            raise invalid(message, "conversation", "mutually_exclusive_parameters")
        conversations.existing(call, conversation)
    tools = given.get("tools") or []
    wanted = [id_ for tool in tools for id_ in tool.get("vector_store_ids", ())]
    known = call.store.get_all(vector_stores.KIND, wanted)
    if unknown := [id_ for id_ in wanted if id_ not in known]:
        raise not_found(f"Vector store with id '{unknown[0]}' not found.", "tools")
    containers.check_references(call, tools)
    chosen = given.get("tool_choice")
    if isinstance(chosen, dict) and chosen["type"] in NAMED:
        named = {tool.get("name") for tool in tools if tool["type"] == chosen["type"]}
        if chosen["name"] not in named:
            raise invalid(f"Tool choice '{chosen['name']}' not found in 'tools' parameter.", "tool_choice")


def _conversation(given: Mapping[str, Any]) -> str | None:
    """Return the id of the conversation that a request continues."""
    wanted = given.get("conversation")
    return wanted["id"] if isinstance(wanted, dict) else wanted


def _asked(given: Any) -> list[Document]:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given or []


def _message() -> Document:
    part = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
    return {"id": new_id("msg_"), "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def _streamed(response: Document) -> Response:
    lines = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _events(response))
    return Response("".join(lines), media_type="text/event-stream")


def _events(response: Document) -> Iterator[Document]:
    """Yield the events of a streamed response, in the order of the API reference, "streaming events"."""
    message = response["output"][0]
    part = message["content"][0]
    begun = {**response, "status": "in_progress", "completed_at": None, "output": [], "usage": None}
    item = {"output_index": 0, "item_id": message["id"], "content_index": 0}
    events: list[Document] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**message, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **item, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **item, "delta": TEXT, "logprobs": []},
        {"type": "response.output_text.done", **item, "text": TEXT, "logprobs": []},
        {"type": "response.content_part.done", **item, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.completed", "response": response},
    ]
    return ({**event, "sequence_number": number} for number, event in enumerate(events))


async def _read(request: Request) -> Document:
    """Read a body that may omit what the API adds, although the types of the SDK require it: `strict` and `parameters`
    of functions, and members of input items. Versions of skills may be numbers.
    """
    body = await json_object(request)
    input_items.complete(body.get("input"))
    for tool in objects(body.get("tools")):
        if tool.get("type") == "function":
            tool.setdefault("strict", None)
            tool.setdefault("parameters", None)
        environment = tool.get("environment")
        for skill in objects(environment.get("skills") if isinstance(environment, dict) else None):
            if type(skill.get("version")) is int:
                skill["version"] = str(skill["version"])
    return body


def _tier(asked: str | None) -> str:
    """Return the tier used for a requested tier."""
    return "default" if asked in (None, "auto") else asked


class _Params(ResponseCreateParamsNonStreaming, total=False):
    """The parameters of a request, streamed or not."""

    stream: bool | None  # type: ignore[misc]
    stream_options: StreamOptions | None


LIMITS = {
    "metadata": pairs,
    "temperature": between(0, 2, "decimal"),
    "top_p": between(0, 1, "decimal"),
    "top_logprobs": between(0, 20),
}
CREATE = Body(_Params, LIMITS, read=_read)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/responses", handle=create, body=CREATE),
    Endpoint(method="GET", path="/v1/responses/{id}", handle=retrieve),
    Endpoint(method="DELETE", path="/v1/responses/{id}", handle=delete),
]
