"""Checks of the JSON Schemas in requests for responses, with the error messages of the API.

Sources: the guide "Structured outputs" for strict schemas, and errors that users report. What the API does with a
keyword that neither names is unknown: it is accepted.
"""

from collections.abc import Iterator
from typing import Any

from reconciler.emulator.errors import invalid
from reconciler.emulator.store import Document

TOP_LEVEL = ("anyOf", "oneOf", "allOf", "enum", "not")
FORBIDDEN = (
    *("allOf", "oneOf", "not", "if", "then", "else"),
    *("dependentRequired", "dependentSchemas", "patternProperties", "prefixItems"),
)
NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
LISTED = ("anyOf", "allOf", "oneOf", "prefixItems")
SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
TYPED = ("type", "$ref", "anyOf", "enum", "const")
MOST = {"levels of nesting": 10, "properties": 5_000, "enum values": 1_000}

ROOT = "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."

Context = tuple[Any, ...]


def check_function(tool: Document, path: str) -> None:
    """Raise ApiError if the parameters of a function are refused.

    Where `strict` is not given, the function becomes strict if its schema permits it, perhaps after
    `additionalProperties: false` is added, as in answers of the API that users recorded.
    """
    schema = tool.get("parameters")
    if tool.get("strict") is None:
        closed = _closed(schema)
        tool["strict"] = schema is None or next(_function_errors(closed, strict=True), None) is None
        tool["parameters"] = closed if tool["strict"] else schema
    wrong = None if schema is None else next(_function_errors(tool["parameters"], strict=tool["strict"]), None)
    if wrong is not None:
        message = f"Invalid schema for function '{tool['name']}': {wrong}"
        raise invalid(message, f"{path}.parameters", "invalid_function_parameters")


def _closed(schema: Any) -> Any:
    """Return a schema whose objects do not allow other properties, unless they say so."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: part if name in ("enum", "const", "default") else _closed(part) for name, part in schema.items()}
    return closed | ({"additionalProperties": False} if _is_open(schema) else {})


def _is_open(schema: Document) -> bool:
    return schema.get("type") == "object" and "additionalProperties" not in schema


def check_format(given: Document | None, param: str) -> None:
    """Raise ApiError, for the parameter `param`, if the schema of a text format is refused."""
    if given is None or given.get("type") != "json_schema" or not given.get("strict"):
        return
    wrong = next(_format_errors(given["schema"]), None)
    if wrong is not None:
        message = f"Invalid schema for response_format '{given['name']}': {wrong}"
        raise invalid(message, param, "invalid_json_schema")


def _function_errors(root: Any, *, strict: bool) -> Iterator[str]:
    if root.get("type") == "object" and any(name in root for name in TOP_LEVEL):
        yield ROOT
    if root.get("type") == "object" and "properties" not in root:
        yield "In context=(), object schema missing properties."
    if strict:
        yield from _strict_errors(root)
        return
    if root and "type" not in root:
        yield "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."
    for context, part in _parts(root):
        if "array" in _types(part) and "items" not in part:
            yield f"In context={context}, array schema missing items."


def _format_errors(root: Any) -> Iterator[str]:
    if "anyOf" in root:
        yield ROOT
    yield from _strict_errors(root)


def _strict_errors(root: Any) -> Iterator[str]:
    parts = list(_parts(root))
    for context, part in parts:
        yield from (f"In context={context}, {wrong}" for wrong in _wrong(part, root))
    yield from _too_large(parts)


def _wrong(part: Document, root: Document) -> Iterator[str]:
    yield from (f"'{name}' is not permitted." for name in FORBIDDEN if name in part)
    if not any(name in part for name in TYPED):
        yield "schema must have a 'type' key."
    if "array" in _types(part) and "items" not in part:
        yield "array schema missing items."
    if "$ref" in part and not _known(part["$ref"], root):
        yield f"reference to component '{part['$ref']}' which was not found in the schema."
    if "object" in _types(part):
        yield from _wrong_object(part)


def _wrong_object(part: Document) -> Iterator[str]:
    if part.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    names, required = part.get("properties") or {}, part.get("required") or []
    for name in names:
        if name not in required:
            yield (
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{name}'."
            )
    for name in required:
        if name not in names:
            yield f"Extra required key '{name}' supplied."


def _known(reference: Any, root: Document) -> bool:
    if not isinstance(reference, str):
        return True
    start, *names = reference.split("/")
    at: Any = root
    for name in names:
        key = name.replace("~1", "/").replace("~0", "~")
        if isinstance(at, list):
            at = at[int(key)] if key.isdecimal() and int(key) < len(at) else None
        else:
            at = at.get(key) if isinstance(at, dict) else None
        if at is None:
            return False
    return start == "#"


def _too_large(parts: list[tuple[Context, Document]]) -> Iterator[str]:
    counts = {
        "levels of nesting": max(
            (sum(one in ("properties", "items") for one in context) for context, _ in parts), default=0
        ),
        "properties": sum(len(part.get("properties") or {}) for _, part in parts),
        "enum values": sum(len(part["enum"]) for _, part in parts if isinstance(part.get("enum"), list)),
    }
    yield from (f"schema exceeds {MOST[what]} {what}." for what, count in counts.items() if count > MOST[what])


def _parts(schema: Any, context: Context = ()) -> Iterator[tuple[Context, Document]]:
    if not isinstance(schema, dict):
        return
    yield context, schema
    for name in SINGLE:
        yield from _parts(schema.get(name), (*context, name))
    for name in NAMED:
        parts = schema.get(name)
        for key, part in parts.items() if isinstance(parts, dict) else ():
            yield from _parts(part, (*context, name, key))
    for name in LISTED:
        parts = schema.get(name)
        for index, part in enumerate(parts) if isinstance(parts, list) else ():
            yield from _parts(part, (*context, name, str(index)))


def _types(part: Document) -> list[Any]:
    kind = part.get("type")
    return kind if isinstance(kind, list) else [kind]
