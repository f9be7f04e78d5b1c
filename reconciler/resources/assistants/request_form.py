"""The canonical form of a request: as it is written, for no server fills anything in. Only metadata is never null: it
is published with our own pair.
"""

from reconciler.resources.assistants.canonical import Tool, keyed, tidied
from reconciler.resources.values import JSON


def canonical(field: str, value: JSON) -> JSON:
    tidy = tidied(value, field)
    if field == "metadata":
        return tidy or {}
    return keyed(tidy, _tool) if field == "tools" else tidy


def _tool(tool: Tool) -> Tool:
    return {**tool, "tools": keyed(tool["tools"], _tool)} if tool.get("type") == "namespace" else tool
