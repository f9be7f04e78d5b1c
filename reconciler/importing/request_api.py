"""The API that a request body is for: Responses, Agents, or one whose bodies only `migrate` reads."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from reconciler.importing.request_body import configuration
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

_OLD_FIELDS: Final = ("messages", "functions", "tool_resources", "file_ids", "assistant_id", "thread")
"""Fields of Chat Completions and Assistants that no request to Responses or Agents has."""
_NESTED: Final = ("function", "custom", "file_search")
"""Members of a tool that Chat Completions and Assistants use for its settings."""
_REQUIRED: Final = {"code_interpreter": "container", "file_search": "vector_store_ids"}
"""The field of a hosted tool that Responses requires and Assistants does not have."""
_BATCH: Final = frozenset({"custom_id", "method", "url", "body"})


def unwrapped(body: dict[str, JSON]) -> dict[str, JSON]:
    """Return the request of one line of a batch; any other body is returned unchanged."""
    inner = body.get("body")
    return inner if isinstance(inner, dict) and body.keys() <= _BATCH else body


def of_other_api(body: Mapping[str, JSON], file: Path) -> Problem | None:
    """Return the refusal of a body of Chat Completions or Assistants, with the way to its manifest."""
    fields = [*_old_fields(body)]
    if not fields:
        return None
    message = f"{file} has {' and '.join(fields)}: it is not a request to the Responses API"
    hint = f"Run: reconciler migrate {shlex.quote(str(file))} --target responses"
    if "assistant_id" in body:
        hint = (
            f"Export the assistant (GET /v1/assistants/{body['assistant_id']}), and run `reconciler migrate` with the "
            "export: a run has only changes to it."
        )
    return Problem("other-api", message, Place(str(file)), hint)


def _old_fields(body: Mapping[str, JSON]) -> Iterator[str]:
    yield from (f"`{name}`" for name in _OLD_FIELDS if name in body)
    tools = body.get("tools")
    given = tools if isinstance(tools, list) else []
    yield from dict.fromkeys(filter(None, (_old_tool(tool, is_request="input" in body) for tool in given)))


def _old_tool(tool: JSON, *, is_request: bool) -> str:
    """Return what shows that a tool is of Chat Completions or Assistants; empty for other tools."""
    if not isinstance(tool, Mapping):
        return ""
    type_ = str(tool.get("type"))
    if type_ in _NESTED and isinstance(tool.get(type_), Mapping):
        return f"`tools` with `{type_}` inside"
    if not is_request and type_ in _REQUIRED and _REQUIRED[type_] not in tool:
        return f"the tool `{type_}` without `{_REQUIRED[type_]}`"
    return f"the tool `{type_}`" if type_ == "retrieval" else ""


def target_of(body: Mapping[str, JSON]) -> str:
    """Return the target of a body: `agents` if it has a setting that only agents have, otherwise `responses`."""
    fields = {target: KIND.models[target].model_fields.keys() for target in ("agents", "responses")}
    if body.keys() & (fields["agents"] - fields["responses"] - {"name"}):
        return "agents"
    return "agents" if not _fits(body, "responses") and _fits(body, "agents") else "responses"


def _fits(body: Mapping[str, JSON], target: str) -> bool:
    try:
        KIND.models[target].model_validate(configuration(body, target).spec)
    except ValidationError:
        return False
    return True
