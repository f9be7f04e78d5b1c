"""Types and limits of JSON Schemas as words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.resources.values import JSON

_NAMES: Final = {"object": "mapping", "array": "list"}
_PLURALS: Final = {"mapping": "mappings", "list": "lists", "string": "strings", "integer": "integers",
                   "number": "numbers", "boolean": "booleans"}  # fmt: skip
_RANGES: Final = (("minLength", "maxLength", "character"), ("minItems", "maxItems", "item"),
                  ("minProperties", "maxProperties", "pair"))  # fmt: skip
_BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
}


def type_of(forms: Sequence[Mapping[str, Any]]) -> str:
    """Return the types of the forms of a value: `string or list of mappings`. `items` and `additionalProperties` are
    lists of forms.
    """
    names = [name for form in forms for name in _types(form)]
    implied = {"null", "integer"} if "number" in names else {"null"}
    ordered = [*dict.fromkeys(name for name in names if name not in implied), *(["null"] if "null" in names else [])]
    *before, last = ordered or ["any value"]
    return f"{', '.join(before)} or {last}" if before else last


def _types(form: Mapping[str, Any]) -> Iterator[str]:
    given = form.get("type")
    types = given if isinstance(given, list) else [given] if given else []
    if not types:
        values = values_of(form)
        types = list(dict.fromkeys(_type_of_value(value) for value in values)) or ["any value"]
    for name in types:
        inner = form.get({"array": "items", "object": "additionalProperties"}.get(name, ""))
        shown = _NAMES.get(str(name), str(name))
        entries = type_of(inner) if isinstance(inner, list) else ""
        if entries in _PLURALS:
            shown = f"{shown} of {_PLURALS[entries]}"
        elif entries and entries != "any value":
            shown = f"{shown} of ({entries})"
        yield shown


def _type_of_value(value: JSON) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "null" if value is None else "string" if isinstance(value, str) else "number"


def values_of(form: Mapping[str, Any]) -> Sequence[JSON]:
    """Return the values that a form lists."""
    return [form["const"]] if "const" in form else form.get("enum", [])


def limits_of(form: Mapping[str, Any]) -> Iterator[str]:
    """Yield the limits of a form in words."""
    for least, most, unit in _RANGES:
        yield from _range(form.get(least), form.get(most), unit)
    for keyword, words in _BOUNDS.items():
        if keyword in form:
            yield words.format(json.dumps(form[keyword]))
    if form.get("uniqueItems"):
        yield "no item twice"
    if "pattern" in form:
        yield f"pattern {form['pattern']}"
    names = form.get("propertyNames", {})
    if "enum" in names:
        yield f"keys {', '.join(map(str, names['enum']))}"
    for limit in limits_of({key: value for key, value in names.items() if key != "enum"}) if names else ():
        yield f"keys: {limit}"


def _range(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least and most is not None and least == most:
        yield f"{most:,} {unit}{'' if most == 1 else 's'}"
    elif least and most is not None:
        yield f"{least:,} to {most:,} {unit}s"
    elif most is not None:
        yield f"at most {most:,} {unit}{'' if most == 1 else 's'}"
    elif least:
        yield f"at least {least:,} {unit}{'' if least == 1 else 's'}"
