"""JSON Schemas of function parameters: what calls by the new schema, or handlers of the old one, trip over."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.resources.values import JSON

_NUMBERS: Final = {"number": {"number", "integer"}}


def incompatible(before: JSON, after: JSON, path: str = "") -> Iterator[str]:
    """What an application that knows only `before` may not cope with; in one pass over both."""
    if not isinstance(before, Mapping):
        return
    after = after if isinstance(after, Mapping) else {}
    yield from _narrowed(before, after, path)
    old, new = _properties(before), _properties(after)
    yield from (f"{_at(path, name)} is gone" for name in old if name not in new)
    known = _list(before, "required")
    yield from (f"{_at(path, str(name))} is required now" for name in _list(after, "required") if name not in known)
    for name in (name for name in old if name in new):
        yield from incompatible(old[name], new[name], _at(path, name))
    if "items" in before and "items" in after:
        yield from incompatible(before["items"], after["items"], f"{path}[]")


def _narrowed(before: Mapping[str, JSON], after: Mapping[str, JSON], path: str) -> Iterator[str]:
    if "type" in before and "type" in after and not _types(before) <= _types(after):
        yield f"{path or 'the whole'} was {_named(before)}, and is {_named(after)}"
    was, is_ = ({json.dumps(value, sort_keys=True) for value in _list(side, "enum")} for side in (before, after))
    if is_ and not was:
        yield f"{path or 'the whole'} takes only {len(is_)} values now"
    elif is_ and was - is_:
        yield f"{path or 'the whole'} no longer takes {', '.join(sorted(was - is_))}"


def _types(schema: Mapping[str, JSON]) -> set[str]:
    return {more for one in _listed(schema["type"]) for more in _NUMBERS.get(one, {one})}


def _named(schema: Mapping[str, JSON]) -> str:
    return " or ".join(_listed(schema["type"]))


def _listed(types: JSON) -> list[str]:
    return [str(one) for one in types] if isinstance(types, list) else [str(types)]


def _list(schema: Mapping[str, JSON], name: str) -> list[JSON]:
    """What is no list is no schema that we understand, and nothing to compare."""
    found = schema.get(name)
    return found if isinstance(found, list) else []


def _properties(schema: Mapping[str, JSON]) -> Mapping[str, JSON]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
