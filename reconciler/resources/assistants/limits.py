"""Rules of assistants that the models cannot check: those over several fields, and those that need an exact path.

Sources: field docs of openai-python 3.57; for agents also the errors of `POST /v1/agents` ("duplicate function tool
name", `schema must have top-level type "object"`), as observed in September 2026.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from reconciler.resources.assistants import agent_form, agent_tools, assistant_rules, response_tools as tools, schemas
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.assistants import AssistantsSpec
from reconciler.resources.assistants.canonical import rendered
from reconciler.resources.assistants.hints import HINTS, known_extras
from reconciler.resources.assistants.hosted_tools import ImageGeneration
from reconciler.resources.assistants.responses import ResponsesSpec
from reconciler.resources.assistants.server_secrets import has_secret, secret_headers
from reconciler.resources.base import Path, Resource, Scope
from reconciler.resources.names import PROJECT_FILE
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON

Spec: TypeAlias = AgentsSpec | ResponsesSpec | AssistantsSpec
Placed: TypeAlias = tuple[Path, Any]
TOOL_BYTES: Final = 3 * 1024 * 1024
_ONCE: Final = ("web_search", "tool_search")
_MOST_ADDED: Final = 1_000
_TOOL_HINTS: Final = {
    target: {path.removeprefix("tools."): hint for path, hint in hints.items() if path.startswith("tools.")}
    for target, hints in HINTS.items()
}
_ENDPOINTS: Final = ("server_url", "connector_id", "tunnel_id")
_FUNCTION_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXACT_INTEGER: Final = 2**53 - 1
_TO_VAULT: Final = "write a `Credential`, and set `credential_id` to its name"
_AT_RUN_TIME: Final = "remove it; the application adds it to the request"


def check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    """Yield the violations of an assistant that its model does not detect."""
    spec: Spec = resource.spec
    written = spec.model_dump(by_alias=True, exclude_unset=True)
    rules = assistant_rules.check(spec) if isinstance(spec, AssistantsSpec) else _rules(spec, written)
    numbers = () if _is_exact(written) else _numbers(written)
    for finding in (*rules, *numbers, *_files(resource, scope)):
        yield replace(finding, path=("spec", *finding.path))


def _rules(spec: AgentsSpec | ResponsesSpec, written: Mapping[str, JSON]) -> Iterator[Finding]:
    placed = list(_tools(spec))
    tool_hints = _TOOL_HINTS[spec.target]
    yield from known_extras((), spec, HINTS[spec.target])
    yield from _duplicates(spec, placed)
    yield from schemas.check_text(spec.text)
    if isinstance(spec, AgentsSpec):
        yield from _tool_bytes(written.get("tools") or ())
    for path, tool in placed:
        yield from known_extras(path, tool, tool_hints)
        yield from _name(path, tool)
        yield from schemas.check_tool(path, tool)
        yield from _secrets(path, tool)
        yield from _one_endpoint(path, tool)
        yield from _image(path, tool)


def _tools(spec: AgentsSpec | ResponsesSpec) -> Iterator[Placed]:
    """Yield every tool with its path, including those inside namespaces."""
    for index, tool in enumerate(spec.tools or ()):
        path: Path = ("tools", index)
        yield path, tool
        if isinstance(tool, tools.Namespace):
            yield from (((*path, "tools", number), inner) for number, inner in enumerate(tool.tools))


def _name(path: Path, tool: Any) -> Iterator[Finding]:
    """Yield a warning for a function name that the API saves, but that does not have the documented form
    (`shared_params.function_definition`).
    """
    if tool.type == "function" and not _FUNCTION_NAME.fullmatch(tool.name):
        message = "models may fail to call a function of this name"
        hint = "use at most 64 letters, digits, `_` and `-`"
        yield Finding((*path, "name"), "function-name", message, hint, "warning")


def _duplicates(spec: AgentsSpec | ResponsesSpec, placed: list[Placed]) -> Iterator[Finding]:
    """Yield findings for repeated names of function and custom tools, and for repeated searches of an agent."""
    seen: Counter[tuple[Path, str, str]] = Counter()
    for path, tool in placed:
        kind = tool.type
        named = kind in ("function", "custom")
        if not named and not (kind in _ONCE and isinstance(spec, AgentsSpec)):
            continue
        name = tool.name if named else ""
        seen[path[:-1], kind, name] += 1
        if seen[path[:-1], kind, name] > 1:
            what = f"the {kind} `{name}` is repeated" if named else f"an agent can have only one {kind} tool"
            yield Finding((*path, "name" if named else "type"), "duplicate-tool", what)


def _tool_bytes(written: Sequence[JSON]) -> Iterator[Finding]:
    """Yield a finding if the tools are larger than the API accepts, in the form in which they are sent.

    That form is not made if the tools are not even half as large: defaults add less than `_MOST_ADDED` to a tool.
    """
    if 2 * len(json.dumps(written)) + _MOST_ADDED * len(written) <= TOOL_BYTES:
        return
    sent = rendered({"tools": agent_form.canonical("tools", written)})["tools"]
    size = len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode())
    if size > TOOL_BYTES:
        message = f"the tools have {size:,} bytes of JSON; the API accepts at most {TOOL_BYTES:,}"
        yield Finding(("tools",), "too-large", message)


def _one_endpoint(path: Path, tool: Any) -> Iterator[Finding]:
    if not isinstance(tool, tools.Mcp):
        return
    given = [name for name in _ENDPOINTS if name in tool.model_fields_set]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        message = f"expected exactly one of server_url, connector_id and tunnel_id, found {found}"
        yield Finding(path, "one-of", message)


def _image(path: Path, tool: Any) -> Iterator[Finding]:
    """Yield findings for settings that the output format does not support."""
    if not isinstance(tool, ImageGeneration):
        return
    if tool.output_format == "gif":
        for field in sorted(tool.model_fields_set & {"partial_images", "input_image_mask", "output_compression"}):
            yield Finding((*path, field), "needs-format", f"`{field}` is not supported for GIFs", on_key=True)
    for field, wanted in (("frame_count", "gif"), ("frame_duration_ms", "gif"), ("svg", "svg")):
        if field in tool.model_fields_set and tool.output_format != wanted:
            message = f"`{field}` requires `output_format: {wanted}`"
            yield Finding((*path, field), "needs-format", message, on_key=True)


def _is_exact(value: JSON) -> bool:
    """Return False if `_numbers` finds something in a serialised spec."""
    if value.__class__ is dict or value.__class__ is list:
        for item in value.values() if value.__class__ is dict else value:
            if item.__class__ is not str and not _is_exact(item):
                return False
        return True
    return not any(_numbers(value))


def _numbers(value: JSON, path: Path = ()) -> Iterator[Finding]:
    """Yield findings for numbers that are not exact in every JSON parser, as RFC 8785 requires for digests: finite
    numbers, and integers up to 2^53 - 1.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    elif isinstance(value, int) and abs(value) > _EXACT_INTEGER:
        message = f"{value} is not exact in JSON, because it is outside ±(2^53 - 1)"
        yield Finding(path, "inexact-number", message, f"write {float(value)!r}, or remove it")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Finding(path, "inexact-number", f"{value} is not a number in JSON")


def _files(resource: Resource, scope: Scope) -> Iterator[Finding]:
    for one in resource.references:
        target = one.target
        if target.kind == PROJECT_FILE.prefix and isinstance(found := scope.files.read(target.name), Finding):
            yield replace(found, path=one.path[1:])


def _secrets(path: Path, tool: Any) -> Iterator[Finding]:
    """Yield findings for headers and URLs of MCP servers that contain a secret."""
    if isinstance(tool, tools.Mcp):
        yield from _server(path, tool.server_url, tool.headers, _AT_RUN_TIME)
    elif isinstance(tool, agent_tools.Mcp) and isinstance(tool.transport, agent_tools.Http):
        yield from _server((*path, "transport"), tool.transport.server_url, tool.transport.headers, _TO_VAULT)


def _server(path: Path, url: str | None, headers: dict[str, str] | None, instead: str) -> Iterator[Finding]:
    for name in secret_headers(headers or {}):
        message = f"the header `{name}` may contain a secret, which must not be in Git"
        yield Finding((*path, "headers", name), "secret", message, instead)
    if url and has_secret(url):
        message = "the URL contains a secret, which must not be in Git"
        yield Finding((*path, "server_url"), "secret", message, instead)
