"""The canonical form of agents, requests and saved assistants: normalized numbers, sorted sets, and tools by key."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from reconciler.resources.values import JSON, Fields, same

Tool: TypeAlias = dict[str, JSON]

OPAQUE: Final = frozenset({"parameters", "output_schema", "schema", "request_metadata"})
"""Fields whose content the API does not interpret. All lists in them keep their order."""

SETS: Final = frozenset(
    {
        "allowed_callers",
        "allowed_domains",
        "allowed_tools",
        "env_vars",
        "file_ids",
        "include",
        "search_content_types",
        "tool_names",
        "vector_store_ids",
    }
)
"""Lists whose order has no meaning."""

_UNCHANGED: Final = frozenset({str, int, bool, type(None)})
"""Types of the values that `tidied` returns as they are. Most values have one, and a call for each takes longer."""
_MAPPINGS: Final = (dict, Mapping)
IDENTIFIED_BY: Final = {"function": "name", "custom": "name", "namespace": "name", "mcp": "server_label"}


def tidied(value: JSON, name: str = "", opaque: bool = False) -> JSON:
    """Return the value of field `name` with integral floats as integers, and with sorted sets."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, _MAPPINGS):
        inside = opaque or name in OPAQUE
        return {key: item if item.__class__ in _UNCHANGED else tidied(item, key, inside) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        inside = opaque or name in OPAQUE
        items = [item if item.__class__ in _UNCHANGED else tidied(item, "", inside) for item in value]
        return sorted(items, key=_text) if name in SETS and not opaque else items
    return value


def _text(value: JSON) -> str:
    return json.dumps(value, sort_keys=True)


def keyed(tools: Iterable[Tool] | Mapping[str, Tool] | None, canonical: Callable[[Tool], Tool]) -> dict[str, Tool]:
    """Return tools by key: `function:NAME`, `mcp:LABEL`, `custom:NAME`, `namespace:NAME`, otherwise the type.

    The result is sorted. Tools with the same key are numbered by content (`#2`, `#3`, …), so that their order in the
    list affects neither comparisons nor output.
    """
    same: dict[str, list[Tool]] = defaultdict(list)
    for tool in tools.values() if isinstance(tools, Mapping) else tools or ():
        same[_key(tool)].append(canonical(tool))
    return {
        key if number == 1 else f"{key}#{number}": tool
        for key, group in sorted(same.items())
        for number, tool in enumerate(sorted(group, key=_text) if len(group) > 1 else group, 1)
    }


def _key(tool: Tool) -> str:
    """Return the key of a tool. A saved assistant has the name inside, in the part that is called like the type."""
    kind = str(tool.get("type"))
    part = tool.get(kind)
    name = (part if isinstance(part, Mapping) else tool).get(IDENTIFIED_BY.get(kind, ""))
    return f"{kind}:{name}" if name else kind


def listed(tools: Mapping[str, Tool]) -> list[Tool]:
    """Return the list of tools by key: the inverse of `keyed`, including the tools inside namespaces."""
    return [
        {**tool, "tools": listed(tool["tools"])} if isinstance(tool.get("tools"), dict) else tool
        for tool in tools.values()
    ]


def rendered(fields: Fields) -> dict[str, JSON]:
    """Return canonical fields as a request body. References are not resolved."""
    return {name: listed(value) if name == "tools" and value is not None else value for name, value in fields.items()}


def canonical_request(field: str, value: JSON) -> JSON:
    """Return the canonical form of a field of a request. No defaults are added, because no server sets any. Metadata is
    never null, because it is published with a pair of Reconciler.
    """
    tidy = tidied(value, field)
    if field == "metadata":
        return tidy or {}
    return keyed(tidy, _in_namespace) if field == "tools" else tidy


def _in_namespace(tool: Tool) -> Tool:
    return {**tool, "tools": keyed(tool["tools"], _in_namespace)} if tool.get("type") == "namespace" else tool


def beyond_defaults(value: Mapping[str, JSON], defaults: Fields) -> dict[str, JSON]:
    """Return the items of `value` that are neither null nor the default."""
    return {
        key: item
        for key, item in value.items()
        if item is not None and not (key in defaults and same(item, defaults[key]))
    }


def as_extra(unknown: Fields) -> dict[str, JSON]:
    """Return `extra` with the fields of the API that this version does not support; nothing if there are none."""
    extra = {key: value for key, value in unknown.items() if value is not None}
    return {"extra": extra} if extra else {}
