"""The order of the fields that all kinds have."""

import re
from collections.abc import Sequence
from typing import Final

from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node
from reconciler.manifests.envelope import Envelope, Metadata

_ENVELOPE: Final = tuple(Envelope.model_fields)
_METADATA: Final = tuple(Metadata.model_fields)
_BLANK_LINES: Final = re.compile(r"(?:[ \t]*\r?\n)*")


def ordered(text: str, root: Node) -> str:
    """Return a document with the fields of the envelope in their order; other fields follow them.

    Comments and blank lines above a field move with it. Comments above the first field stay at the top.
    """
    return _sorted(text, root, _ENVELOPE)


def ordered_metadata(text: str, root: Node) -> str:
    """Return a document with the fields of `metadata` in their order."""
    fields = {entry.key: entry.node for entry in root.entries}
    return _sorted(text, fields["metadata"], _METADATA) if "metadata" in fields else text


def _sorted(text: str, node: Node, order: Sequence[str]) -> str:
    layout = Layout(text)
    if not node.block or node.kind != "mapping" or not all(layout.leads(entry.start) for entry in node.entries):
        return text
    ranks = {key: rank for rank, key in enumerate(order)}
    wanted = sorted(node.entries, key=lambda entry: ranks.get(str(entry.key), len(ranks)))
    if wanted == node.entries:
        return text
    blanks, texts = _parts(layout, node.entries)
    first, old_first = wanted[0].start, node.entries[0].start
    blanks[old_first], blanks[first] = blanks[first], ""
    made = "".join(blanks[entry.start] + texts[entry.start] for entry in wanted)
    layout.edit(layout.line_start(old_first), layout.next_line(layout.end(node.entries[-1])), made)
    return layout.applied()


def _parts(layout: Layout, entries: Sequence[Entry]) -> tuple[dict[int, str], dict[int, str]]:
    """Return the blank lines above each entry, and the lines of the entry with the comments above it, by its start."""
    blanks: dict[int, str] = {}
    texts: dict[int, str] = {}
    at = layout.line_start(entries[0].start)
    for entry in entries:
        blank = _BLANK_LINES.match(layout.text, at) if texts else None
        blanks[entry.start] = blank[0] if blank else ""
        end = layout.next_line(layout.end(entry))
        texts[entry.start] = layout.text[at + len(blanks[entry.start]) : end]
        at = end
    return blanks, texts
