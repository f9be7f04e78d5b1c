"""Checks of the JSON Schemas in an assistant: of function arguments and results, and of structured output."""

from collections.abc import Iterator
from typing import Any, Final

from reconciler.resources.assistants import agent_tools, agents, assistants, response_tools, responses
from reconciler.resources.assistants.schema_refusals import (
    LISTS,
    MAPS,
    Subschemas,
    check_format,
    check_parameters,
    subschemas,
)
from reconciler.resources.base import Path
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON

_TYPES: Final = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_ARGUMENTS: Final = (
    agent_tools.Function,
    response_tools.Function,
    response_tools.NamespaceFunction,
    response_tools.ToolSearch,
    assistants.FunctionDefinition,
)


def check_tool(path: Path, tool: Any) -> Iterator[Finding]:
    if isinstance(tool, _ARGUMENTS) and tool.parameters is not None:
        may_be_empty = isinstance(tool, assistants.FunctionDefinition)  # the same as no parameters
        must_say_object = isinstance(tool, agent_tools.Function) or (may_be_empty and tool.parameters != {})
        parts = subschemas((*path, "parameters"), tool.parameters)
        yield from _check(parts, must_say_object=must_say_object)
        yield from check_parameters(parts, strict=bool(vars(tool).get("strict")))
    if vars(tool).get("output_schema") is not None:
        yield from _well_formed(subschemas((*path, "output_schema"), tool.output_schema))


def check_text(text: agents.Text | responses.Text | None) -> Iterator[Finding]:
    """Yield findings for the schema of structured output."""
    resource_type = text.format if text else None
    if isinstance(resource_type, (agents.JSONSchemaFormat, responses.JSONSchemaFormat)):
        is_strict = bool(getattr(resource_type, "strict", None))
        yield from check_output(("text", "format", "schema"), resource_type.schema_, is_strict=is_strict)


def check_output(path: Path, schema: dict[str, JSON], *, is_strict: bool) -> Iterator[Finding]:
    """Yield findings for a schema of structured output."""
    parts = subschemas(path, schema)
    yield from _check(parts, must_say_object=True)
    if is_strict:
        yield from check_format(parts)


def _check(parts: Subschemas, *, must_say_object: bool) -> Iterator[Finding]:
    """Yield findings if a schema is not well formed or does not describe an object."""
    path, schema = parts[0]
    kind = schema.get("type")
    if kind != "object" and (must_say_object or kind is not None):
        at = (*path, "type") if "type" in schema else path
        yield Finding(at, "schema-root", "the root of this schema must have `type: object`")
    yield from _well_formed(parts)


def _well_formed(parts: Subschemas) -> Iterator[Finding]:
    for at, part in parts:
        if isinstance(part, bool):
            continue
        if not isinstance(part, dict):
            yield Finding(at, "schema", "a schema must be a mapping, true or false")
            continue
        yield from _keywords(at, part)


def _keywords(path: Path, schema: dict[str, JSON]) -> Iterator[Finding]:
    kind, required = schema.get("type"), schema.get("required")
    for name in kind if isinstance(kind, list) else [kind] if "type" in schema else []:
        if not isinstance(name, str) or name not in _TYPES:
            message, hint = f"{name!r} is not a type of JSON Schema", f"use one of {', '.join(sorted(_TYPES))}"
            yield Finding((*path, "type"), "schema", message, hint)
    if "required" in schema and not (isinstance(required, list) and all(isinstance(name, str) for name in required)):
        yield Finding((*path, "required"), "schema", "`required` must be a list of property names")
    for keyword in MAPS:
        if keyword in schema and not isinstance(schema[keyword], dict):
            yield Finding((*path, keyword), "schema", f"`{keyword}` must be a mapping from names to schemas")
    for keyword in LISTS:
        if keyword in schema and not isinstance(schema[keyword], list):
            yield Finding((*path, keyword), "schema", f"`{keyword}` must be a list of schemas")
