"""Quotes of scalars on one line, by the rule of new manifests: only where a YAML parser may need them."""

from collections.abc import Iterator
from typing import Final

from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node, descendants
from reconciler.manifests.editing.styles import DOUBLE, SINGLE, double
from reconciler.manifests.emitting import is_plain
from reconciler.manifests.scalars import needs_quotes

PROPERTIES: Final = ("&", "!", "?", "*")
"""First characters of what may be before a key. Such keys are unchanged."""


def requoted(text: str, root: Node) -> str:
    """Return a document without quotes that no parser needs, and with double quotes around text that a parser of
    another version of YAML may read as another type.

    Quotes are unchanged in flow collections that are written as JSON.
    """
    layout = Layout(text)
    for entry, in_flow in _entries(root):
        if entry.key is not None and entry.colon and not text.startswith(PROPERTIES, entry.start):
            end = len(text[: entry.after - 1].rstrip())
            _requote(layout, entry.start, end, entry.key, in_flow)
        node = entry.node
        has_tag = "!" in text[node.start : node.content]
        if node.kind == "scalar" and isinstance(node.value, str) and not node.block_scalar and not has_tag:
            _requote(layout, node.content, node.end, node.value, in_flow)
    return layout.applied()


def _entries(root: Node) -> Iterator[tuple[Entry, bool]]:
    """Yield the entries of all collections but JSON, and True for those in flow collections."""
    waiting = [(root, False)]
    while waiting:
        node, in_flow = waiting.pop()
        if node.flow and not in_flow and any(entry.quoted for one in descendants(node) for entry in one.entries):
            continue
        for entry in node.entries:
            yield entry, node.flow
            waiting.append((entry.node, node.flow))


def _requote(layout: Layout, start: int, end: int, value: str, in_flow: bool) -> None:
    written = layout.text[start:end]
    style = written[:1] if written[:1] in {SINGLE, DOUBLE} else ""
    if "\n" in written or "\r" in written or not written:
        return
    if style and is_plain(value, in_flow=in_flow):
        layout.edit(start, end, value)
    elif (not style and needs_quotes(value)) or (style == SINGLE and not {DOUBLE, "\\"} & {*value}):
        layout.edit(start, end, double(value))
