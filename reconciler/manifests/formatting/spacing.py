"""Blanks around the colon between a key and a value on the same line."""

import re
from typing import Final

from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node, descendants
from reconciler.manifests.formatting.quotes import PROPERTIES

_BLANKS: Final = re.compile(r"[ \t]+")


def spaced(text: str, root: Node) -> str:
    """Return a document with one blank between a colon and its value, and none before the colon.

    Values directly behind their colon (`{"a":1}`) stay there. Blanks before comments are unchanged.
    """
    layout = Layout(text)
    for entry in (entry for node in descendants(root) for entry in node.entries):
        if entry.key is None or not entry.colon or text.startswith(PROPERTIES, entry.start):
            continue
        _close(layout, entry)
        behind = text[entry.after : entry.node.start]
        if not entry.node.empty and behind != " " and _BLANKS.fullmatch(behind):
            layout.edit(entry.after, entry.node.start, " ")
    return layout.applied()


def _close(layout: Layout, entry: Entry) -> None:
    """Remove the blanks between a key and its colon."""
    colon = entry.after - 1
    end = len(layout.text[:colon].rstrip(" \t"))
    if entry.start < end < colon and layout.text[end - 1] not in "\r\n":
        layout.edit(end, colon, "")
