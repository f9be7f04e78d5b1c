"""The order of the fields that all kinds have."""

import re
from collections.abc import Sequence
from typing import Final

from reconciler.manifests.editing.comments import comments
from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node
from reconciler.manifests.envelope import Envelope, Metadata

_ENVELOPE: Final = tuple(Envelope.model_fields)
_METADATA: Final = tuple(Metadata.model_fields)
_BLANK_LINES: Final = re.compile(r"(?:[ \t]*\r?\n)*")


def ordered(text: str, root: Node) -> str:
    """Return a document with the fields of the envelope in their order; other fields follow them.

    Comments and blank lines above a field move with it. Comments above the first field stay at the top. A mapping in
    flow style with comments inside is unchanged.
    """
    return _sorted(text, root, _ENVELOPE)


def ordered_metadata(text: str, root: Node) -> str:
    """Return a document with the fields of `metadata` in their order."""
    fields = {entry.key: entry.node for entry in root.entries}
    return _sorted(text, fields["metadata"], _METADATA) if "metadata" in fields else text


def _sorted(text: str, node: Node, order: Sequence[str]) -> str:
    layout = Layout(text)
    if node.kind != "mapping":
        return text
    ranks = {key: rank for rank, key in enumerate(order)}
    wanted = sorted(node.entries, key=lambda entry: ranks.get(str(entry.key), len(ranks)))
    if [entry.index for entry in wanted] == list(range(len(wanted))):
        return text
    if node.flow:
        return _sorted_flow(layout, node, wanted)
    return _sorted_block(layout, node, wanted) if all(layout.leads(entry.start) for entry in wanted) else text


def _sorted_flow(layout: Layout, node: Node, wanted: Sequence[Entry]) -> str:
    """Return the text with the fields in the places of one another. Commas and line breaks stay where they are."""
    if any(node.start <= found.start() < node.end for found in comments(layout.text)):
        return layout.text
    for place, entry in zip(node.entries, wanted, strict=True):
        layout.edit(place.start, place.end, layout.text[entry.start : entry.end])
    return layout.applied()


def _sorted_block(layout: Layout, node: Node, wanted: Sequence[Entry]) -> str:
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
