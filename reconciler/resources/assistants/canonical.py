"""The canonical form that agents and requests share: plain numbers, sorted sets, tools by what identifies them."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from reconciler.resources.values import JSON, Fields

Tool: TypeAlias = dict[str, JSON]

OPAQUE: Final = frozenset({"parameters", "output_schema", "schema", "request_metadata"})
"""Fields whose content is not the API's to interpret. Lists in them keep their order, whatever they are called."""

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
"""Lists whose order means nothing."""

IDENTIFIED_BY: Final = {"function": "name", "custom": "name", "namespace": "name", "mcp": "server_label"}


def tidied(value: JSON, name: str = "", opaque: bool = False) -> JSON:
    """`value`, which stands in field `name`, with whole floats as integers and sets sorted."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, Mapping):
        inside = opaque or name in OPAQUE
        return {key: tidied(item, key, inside) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [tidied(item, "", opaque or name in OPAQUE) for item in value]
        return sorted(items, key=_text) if name in SETS and not opaque else items
    return value


def _text(value: JSON) -> str:
    return json.dumps(value, sort_keys=True)


def keyed(tools: Iterable[Tool] | Mapping[str, Tool] | None, canonical: Callable[[Tool], Tool]) -> dict[str, Tool]:
    """Tools by `function:NAME`, `mcp:LABEL`, `custom:NAME`, `namespace:NAME`, else by type; a second one gets `#2`.

    The result is sorted, and tools of one key are numbered by content, so that the order in which they are listed never
    matters: neither to a comparison nor to what is written.
    """
    same: dict[str, list[Tool]] = defaultdict(list)
    for tool in tools.values() if isinstance(tools, Mapping) else tools or ():
        same[_key(tool)].append(canonical(tool))
    return {
        key if number == 1 else f"{key}#{number}": tool
        for key, group in sorted(same.items())
        for number, tool in enumerate(sorted(group, key=_text), 1)
    }


def _key(tool: Tool) -> str:
    kind = str(tool.get("type"))
    name = tool.get(IDENTIFIED_BY.get(kind, ""))
    return f"{kind}:{name}" if name else kind


def listed(tools: Mapping[str, Tool]) -> list[Tool]:
    """Inverse of `keyed`, also of the tools inside a namespace."""
    return [
        {**tool, "tools": listed(tool["tools"])} if isinstance(tool.get("tools"), dict) else tool
        for tool in tools.values()
    ]


def rendered(fields: Fields) -> dict[str, JSON]:
    """Canonical fields as a request body; references stay references."""
    return {name: listed(value) if name == "tools" and value is not None else value for name, value in fields.items()}
