"""The canonical form of a request. No defaults are added, because no server sets any. Metadata is never null, because
it is published with a pair of Reconciler.
"""

from collections.abc import Callable, Sequence

from reconciler.resources.assistants import references
from reconciler.resources.assistants.canonical import Tool, keyed, tidied
from reconciler.resources.values import JSON, Fields, references_in


def canonical(field: str, value: JSON) -> JSON:
    tidy = tidied(value, field)
    if field == "metadata":
        return tidy or {}
    return keyed(tidy, _tool) if field == "tools" else tidy


def _tool(tool: Tool) -> Tool:
    return {**tool, "tools": keyed(tool["tools"], _tool)} if tool.get("type") == "namespace" else tool


def localise(fields: Fields, addresses_of: Callable[[str], Sequence[str]], expected: Fields) -> Fields:
    """Ids of stores and files as references, where we know them."""
    wanted = frozenset(references_in(dict(expected)))
    return {name: canonical(name, references.localised(value, addresses_of, wanted)) for name, value in fields.items()}
