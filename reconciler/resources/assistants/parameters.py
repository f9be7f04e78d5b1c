"""JSON Schemas of function parameters: differences that break calls by the new schema or handlers of the old one."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.resources.values import JSON

_NUMBERS: Final = {"number": {"number", "integer"}}


def incompatible(before: JSON, after: JSON, path: str = "") -> Iterator[dict[str, JSON]]:
    """Yield each difference that an application written for `before` may not handle, in one pass over both.

    `at` is the path of the parameter, empty for the whole; `change` is `removed`, `required`, `type` (`before` and
    `after` are lists of types), `limited` (`values` is the number of allowed values) or `narrowed` (`values` are the
    values that are no longer allowed, as JSON texts).
    """
    if not isinstance(before, Mapping):
        return
    after = after if isinstance(after, Mapping) else {}
    yield from _narrowed(before, after, path)
    old, new = _properties(before), _properties(after)
    yield from ({"at": _at(path, name), "change": "removed"} for name in old if name not in new)
    known = _list(before, "required")
    required = (str(name) for name in _list(after, "required") if name not in known)
    yield from ({"at": _at(path, name), "change": "required"} for name in required)
    for name in (name for name in old if name in new):
        yield from incompatible(old[name], new[name], _at(path, name))
    if "items" in before and "items" in after:
        yield from incompatible(before["items"], after["items"], f"{path}[]")


def _narrowed(before: Mapping[str, JSON], after: Mapping[str, JSON], path: str) -> Iterator[dict[str, JSON]]:
    if "type" in before and "type" in after and not _types(before) <= _types(after):
        types = {"before": _listed(before["type"]), "after": _listed(after["type"])}
        yield {"at": path, "change": "type", **types}
    was, is_ = ({json.dumps(value, sort_keys=True) for value in _list(side, "enum")} for side in (before, after))
    if is_ and not was:
        yield {"at": path, "change": "limited", "values": len(is_)}
    elif is_ and was - is_:
        yield {"at": path, "change": "narrowed", "values": sorted(was - is_)}


def _types(schema: Mapping[str, JSON]) -> set[str]:
    return {more for one in _listed(schema["type"]) for more in _NUMBERS.get(one, {one})}


def _listed(types: JSON) -> list[str]:
    return [str(one) for one in types] if isinstance(types, list) else [str(types)]


def _list(schema: Mapping[str, JSON], name: str) -> list[JSON]:
    """Return the list at a keyword; empty if it is not a list, because the schema is not valid."""
    found = schema.get(name)
    return found if isinstance(found, list) else []


def _properties(schema: Mapping[str, JSON]) -> Mapping[str, JSON]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
