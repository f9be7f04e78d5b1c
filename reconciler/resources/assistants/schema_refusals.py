"""JSON Schemas that OpenAI refuses although they are well formed.

Sources: the guide "Structured outputs", sections "Supported schemas" and "JSON Schema keywords", and answers of the API
that users report (`invalid_function_parameters`, `invalid_json_schema`), as of 2026-11-28.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.resources.base import Path
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON

MAPS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
LISTS: Final = ("anyOf", "allOf", "oneOf", "prefixItems")
SINGLES: Final = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
"""The keywords whose values are schemas: by name, in a list, and single ones."""
_INSIDE: Final = frozenset({*MAPS, *LISTS, *SINGLES})

Subschemas: TypeAlias = list[tuple[Path, JSON]]
"""A schema and the schemas inside it, each with its path. The whole schema is the first."""
_NOT_STRICT: Final = (
    *("allOf", "oneOf", "not", "if", "then", "else"),
    *("dependentRequired", "dependentSchemas", "patternProperties", "prefixItems"),
)
_NOT_AT_ROOT: Final = ("anyOf", "oneOf", "allOf", "enum", "not")
_TYPED_BY: Final = ("type", "$ref", "anyOf", "enum", "const", "oneOf", "allOf")
"""Keywords of which a strict schema has one. The last two are reported as such."""
_DEPTH: Final = 10
_PROPERTIES: Final = 5_000
_ENUM_VALUES: Final = 1_000


def subschemas(path: Path, schema: JSON) -> Subschemas:
    """Return `schema` and every schema inside it with its path, well formed or not."""
    found: Subschemas = []
    _collect(path, schema, found)
    return found


def _collect(path: Path, schema: JSON, found: Subschemas) -> None:
    found.append((path, schema))
    if not isinstance(schema, dict) or _INSIDE.isdisjoint(schema):
        return
    for keyword in SINGLES:
        if keyword in schema:
            _collect((*path, keyword), schema[keyword], found)
    for keyword in MAPS:
        if isinstance(schema.get(keyword), dict):
            for name, part in schema[keyword].items():
                _collect((*path, keyword, name), part, found)
    for keyword in LISTS:
        if isinstance(schema.get(keyword), list):
            for index, part in enumerate(schema[keyword]):
                _collect((*path, keyword, index), part, found)


def check_parameters(parts: Subschemas, *, strict: bool) -> Iterator[Finding]:
    """Yield a warning for each part of the parameters of a function that OpenAI refuses."""
    path, schema = parts[0]
    for keyword in _NOT_AT_ROOT:
        if keyword in schema and schema.get("type") == "object":
            message = f"OpenAI refuses `{keyword}` at the root of function parameters"
            yield _warning((*path, keyword), "function-schema", message, "write it inside a property")
    if schema.get("type") == "object" and "properties" not in schema:
        message = "OpenAI refuses an object without `properties` at the root of function parameters"
        yield _warning(path, "function-schema", message, "for a function without parameters, write `properties: {}`")
    if strict:
        yield from _strict_parts(parts)
        return
    if schema and "type" not in schema:
        message = "OpenAI refuses function parameters whose root has no `type`"
        yield _warning(path, "function-schema", message, "write `type: object`")
    for at, part in parts:
        if isinstance(part, dict) and "array" in _types(part) and "items" not in part:
            message = "OpenAI refuses an array without `items` in function parameters"
            yield _warning(at, "function-schema", message, "describe the elements: `items: {type: string}`")


def check_format(parts: Subschemas) -> Iterator[Finding]:
    """Yield a warning for each part of a strict output format that OpenAI refuses."""
    path, schema = parts[0]
    if "anyOf" in schema:
        yield _strict((*path, "anyOf"), "`strict` does not allow `anyOf` at the root", "write it inside a property")
    yield from _strict_parts(parts)


def _strict_parts(found: Subschemas) -> Iterator[Finding]:
    path, schema = found[0]
    parts = [(at, part) for at, part in found if isinstance(part, dict)]
    for at, part in parts:
        yield from _object(at, part)
        yield from _keywords(at, part)
        yield from _reference(at, part, schema)
    yield from _sizes(path, parts)


def _object(path: Path, part: Mapping[str, JSON]) -> Iterator[Finding]:
    if "object" not in _types(part):
        return
    if part.get("additionalProperties") is not False:
        yield _strict(path, "`strict` requires `additionalProperties: false` in every object", "add it")
    properties, required = _names(part.get("properties")), _names(part.get("required"))
    if left_out := sorted(set(properties) - set(required)):
        message = f"`strict` requires all properties in `required`; missing: {', '.join(left_out)}"
        yield _strict(path, message, 'to make a property optional, allow null: `type: [string, "null"]`')
    if unknown := sorted(set(required) - set(properties)):
        message = f"`required` names no property of this object: {', '.join(unknown)}"
        yield _strict((*path, "required"), message, "define these properties, or remove the names")


def _keywords(path: Path, part: Mapping[str, JSON]) -> Iterator[Finding]:
    for keyword in _NOT_STRICT:
        if keyword in part:
            hint = "use `anyOf`" if keyword == "oneOf" else ""
            yield _strict((*path, keyword), f"`strict` does not allow `{keyword}`", hint)
    if "array" in _types(part) and "items" not in part:
        message = "`strict` requires `items` in every array"
        yield _strict(path, message, "describe the elements: `items: {type: string}`")
    if not any(keyword in part for keyword in _TYPED_BY):
        yield _strict(path, "`strict` requires a `type` in every schema", "add it")


def _reference(path: Path, part: Mapping[str, JSON], root: Mapping[str, JSON]) -> Iterator[Finding]:
    target = part.get("$ref")
    if isinstance(target, str) and not _resolves(target, root):
        message = f"`$ref: {target}` does not point to a schema in this document"
        yield _strict((*path, "$ref"), message, "write `#` or `#/$defs/NAME`, and define NAME in `$defs` at the root")


def _resolves(target: str, root: Mapping[str, JSON]) -> bool:
    head, *steps = target.split("/")
    found: JSON = root
    for step in (step.replace("~1", "/").replace("~0", "~") for step in steps):
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, dict) and step in found:
            found = found[step]
        else:
            return False
    return head == "#"


def _sizes(path: Path, parts: list[tuple[Path, dict[str, JSON]]]) -> Iterator[Finding]:
    """Yield a warning for each limit of the size of a strict schema that is exceeded."""
    deepest = max((sum(step in ("properties", "items") for step in at[len(path) :]) for at, _ in parts), default=0)
    properties = sum(len(_names(part.get("properties"))) for _, part in parts)
    values = sum(len(part["enum"]) for _, part in parts if isinstance(part.get("enum"), list))
    for count, limit, what in (
        (deepest, _DEPTH, "levels of nesting"),
        (properties, _PROPERTIES, "properties"),
        (values, _ENUM_VALUES, "values of `enum`"),
    ):
        if count > limit:
            yield _strict(path, f"`strict` allows at most {limit:,} {what}, found {count:,}")


def _strict(path: Path, message: str, hint: str = "") -> Finding:
    return _warning(path, "strict-schema", message, hint or "remove it, or write `strict: false`")


def _warning(path: Path, code: str, message: str, hint: str) -> Finding:
    return Finding(path, code, message, hint, severity="warning")


def _types(part: Mapping[str, JSON]) -> list[JSON]:
    kind = part.get("type")
    return kind if isinstance(kind, list) else [kind]


def _names(value: JSON) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, (dict, list)) else []
