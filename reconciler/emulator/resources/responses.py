"""Stored responses without a model: the request with all defaults, and no output.

Defaults: field docs of `openai.types.responses.response` and of the tools in `openai.types.responses`.
"""

from collections.abc import Mapping
from typing import Any

from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import not_found
from reconciler.emulator.limits import between, pairs
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


def create(call: Call) -> Document:
    given = call.body
    response = {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(call.now),
        "completed_at": int(call.now),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": given.get("model", "gpt-6-luna"),
        "output": [],
        **{name: given.get(name) for name in ECHOED},
        **{name: default if given.get(name) is None else given[name] for name, default in DEFAULTS.items()},
        "reasoning": {"effort": None, "summary": None, **(given.get("reasoning") or {})},
        "service_tier": _tier(given.get("service_tier")),
        "text": {"format": {"type": "text"}, "verbosity": "medium", **(given.get("text") or {})},
        "tools": [{**TOOLS.get(tool["type"], {}), **tool} for tool in given.get("tools", [])],
    }
    if given.get("store") is not False:
        call.store.put(KIND, response)
    return response


def retrieve(call: Call) -> Document:
    response = call.store.get(KIND, call.id)
    if response is None:
        raise not_found(f"Response with id '{call.id}' not found.")
    return response


def delete(call: Call) -> Document:
    retrieve(call)
    call.store.delete(KIND, call.id)
    return deleted(call, "response")


def _tier(asked: str | None) -> str:
    """Return the tier used for a requested tier."""
    return "default" if asked in (None, "auto") else asked


LIMITS = {"metadata": pairs, "temperature": between(0, 2), "top_p": between(0, 1), "top_logprobs": between(0, 20)}
CREATE = Body(ResponseCreateParamsNonStreaming, LIMITS)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/responses", handle=create, body=CREATE),
    Endpoint(method="GET", path="/v1/responses/{id}", handle=retrieve),
    Endpoint(method="DELETE", path="/v1/responses/{id}", handle=delete),
]
