"""White space at the ends of lines."""

import re
from typing import Final

from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Node, descendants

_TRAILING: Final = re.compile(r"[ \t]+(?=\r?$)", re.MULTILINE)


def trimmed(text: str, root: Node) -> str:
    """Return a document without white space at the ends of lines, except in scalars of several lines."""
    layout = Layout(text)
    scalars = [(node.content, node.end) for node in descendants(root) if node.kind == "scalar"]
    scalars = sorted((layout.line_end(start), end) for start, end in scalars if "\n" in text[start:end])
    at = 0
    for found in _TRAILING.finditer(text):
        while at < len(scalars) and scalars[at][1] <= found.start():
            at += 1
        if at == len(scalars) or found.end() <= scalars[at][0]:
            layout.edit(found.start(), found.end(), "")
    return layout.applied()
