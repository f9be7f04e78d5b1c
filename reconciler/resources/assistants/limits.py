"""Rules over several fields of an assistant, and those whose message has to name the place that breaks them.

Sources: field docs of openai-python 3.52; for agents also the errors of `POST /v1/agents` ("duplicate function tool
name", `schema must have top-level type "object"`), as observed in September 2026.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from reconciler.resources.assistants import agent_form, response_tools as tools, schemas, secrets
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.canonical import rendered
from reconciler.resources.assistants.hints import HINTS
from reconciler.resources.assistants.image_tools import ImageGeneration
from reconciler.resources.assistants.responses import ResponsesSpec
from reconciler.resources.assistants.shared import Extensible
from reconciler.resources.base import Path, Resource, Scope
from reconciler.resources.names import PROJECT_FILE
from reconciler.resources.problems import Finding
from reconciler.resources.references import referred
from reconciler.resources.values import JSON

Spec: TypeAlias = AgentsSpec | ResponsesSpec
Placed: TypeAlias = tuple[Path, Any]

TOOL_BYTES: Final = 3 * 1024 * 1024
_ONCE: Final = ("web_search", "tool_search")
_ENDPOINTS: Final = ("server_url", "connector_id", "tunnel_id")
_FUNCTION_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXACT_INTEGER: Final = 2**53 - 1


def check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    """Everything wrong with an assistant that its models cannot see."""
    spec: Spec = resource.spec
    written = spec.model_dump(by_alias=True, exclude_unset=True)
    for finding in (*_rules(spec), *_numbers(written), *_files(written, scope)):
        yield replace(finding, path=("spec", *finding.path))


def _rules(spec: Spec) -> Iterator[Finding]:
    placed = list(_tools(spec))
    hints = HINTS[spec.target]
    tool_hints = {path.removeprefix("tools."): hint for path, hint in hints.items() if path.startswith("tools.")}
    yield from _extra((), spec, hints)
    yield from _duplicates(spec, placed)
    yield from schemas.check_text(spec.text)
    if isinstance(spec, AgentsSpec):
        yield from _tool_bytes(spec)
    for path, tool in placed:
        yield from _extra(path, tool, tool_hints)
        yield from _name(path, tool)
        yield from schemas.check_tool(path, tool)
        yield from secrets.check(path, tool)
        yield from _one_endpoint(path, tool)
        yield from _image(path, tool)


def _tools(spec: Spec) -> Iterator[Placed]:
    """Every tool with the way to it, those inside namespaces too."""
    for index, tool in enumerate(spec.tools or ()):
        path: Path = ("tools", index)
        yield path, tool
        if isinstance(tool, tools.Namespace):
            yield from (((*path, "tools", number), inner) for number, inner in enumerate(tool.tools))


def _extra(path: Path, part: Extensible, hints: Mapping[str, str]) -> Iterator[Finding]:
    """`extra` is for what we do not know; what we know is checked where it belongs."""
    known = {field.alias or name for name, field in type(part).model_fields.items()}
    for key in part.extra:
        if key in known:
            message, hint = f"`{key}` is known: write it beside `extra`, where it is checked", ""
        elif key in hints:
            message, hint = f"`{key}` is not for manifests", hints[key]
        else:
            continue
        yield Finding((*path, "extra", key), "extra-known", message, hint, on_key=True)


def _name(path: Path, tool: Any) -> Iterator[Finding]:
    """Saved as it is; but models are told functions by names of this form (`shared_params.function_definition`)."""
    if tool.type == "function" and not _FUNCTION_NAME.fullmatch(tool.name):
        message = "a model may fail to call this: function names are up to 64 of A-Z, a-z, 0-9, _ and -"
        yield Finding((*path, "name"), "function-name", message, severity="warning")


def _duplicates(spec: Spec, placed: list[Placed]) -> Iterator[Finding]:
    """Function and custom tools have one name each in their list; an agent has at most one web and one tool search."""
    seen: Counter[tuple[Path, str, str]] = Counter()
    for path, tool in placed:
        kind = tool.type
        named = kind in ("function", "custom")
        if not named and not (kind in _ONCE and isinstance(spec, AgentsSpec)):
            continue
        name = tool.name if named else ""
        seen[path[:-1], kind, name] += 1
        if seen[path[:-1], kind, name] > 1:
            what = f"a second {kind} called `{name}`" if named else f"a second {kind}; an agent can have one"
            yield Finding((*path, "name" if named else "type"), "duplicate-tool", what)


def _tool_bytes(spec: AgentsSpec) -> Iterator[Finding]:
    written = [tool.model_dump(by_alias=True, exclude_unset=True) for tool in spec.tools or ()]
    sent = rendered({"tools": agent_form.canonical("tools", written)})["tools"]
    size = len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode())
    if size > TOOL_BYTES:
        yield Finding(("tools",), "too-large", f"the tools are {size:,} bytes of JSON; the API takes {TOOL_BYTES:,}")


def _one_endpoint(path: Path, tool: Any) -> Iterator[Finding]:
    if not isinstance(tool, tools.Mcp):
        return
    given = [name for name in _ENDPOINTS if name in tool.model_fields_set]
    if len(given) != 1:
        what = " and ".join(given) or "none of them"
        message = f"exactly one of server_url, connector_id and tunnel_id is needed; here is {what}"
        yield Finding(path, "one-of", message)


def _image(path: Path, tool: Any) -> Iterator[Finding]:
    """Settings that go with some output formats only."""
    if not isinstance(tool, ImageGeneration):
        return
    if tool.output_format == "gif":
        for field in sorted(tool.model_fields_set & {"partial_images", "input_image_mask", "output_compression"}):
            yield Finding((*path, field), "needs-format", f"`{field}` is not possible for GIFs", on_key=True)
    for field, wanted in (("frame_count", "gif"), ("frame_duration_ms", "gif"), ("svg", "svg")):
        if field in tool.model_fields_set and tool.output_format != wanted:
            message = f"`{field}` needs `output_format: {wanted}`"
            yield Finding((*path, field), "needs-format", message, on_key=True)


def _numbers(value: JSON, path: Path = ()) -> Iterator[Finding]:
    """Numbers that JSON readers agree on (RFC 8785 needs it for digests): finite, integers up to 2^53 - 1."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    elif isinstance(value, int) and abs(value) > _EXACT_INTEGER:
        message = f"{value} cannot be kept exactly in JSON: beyond ±(2^53 - 1)"
        yield Finding(path, "inexact-number", message, f"write {float(value)!r}, or leave the bound out")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Finding(path, "inexact-number", f"{value} is no JSON number")


def _files(written: JSON, scope: Scope) -> Iterator[Finding]:
    for path, address in referred(written):
        if address.kind == PROJECT_FILE.prefix and isinstance(found := scope.files.read(address.name), Finding):
            yield replace(found, path=path)
