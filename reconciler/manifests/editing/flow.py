"""Edits of flow collections: `[a, b]` and `{a: 1, b: 2}`, on one line or on several."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.manifests.editing.layout import Layout, runs
from reconciler.manifests.editing.nodes import Entry, Node


@dataclass(frozen=True, slots=True)
class Added:
    """A new entry of a flow collection, or one from another place in it, with its comments."""

    text: str
    above: Sequence[str] = ()
    beside: str = ""
    """The comment beside it, with the spaces before it."""


def change_flow(layout: Layout, node: Node, slots: Sequence[Entry | Added]) -> None:
    """Give a flow collection new entries: those that it keeps, in order, and added ones. At least one is kept."""
    kept = [slot for slot in slots if isinstance(slot, Entry)]
    stay = {entry.start for entry in kept}
    gone = [entry for entry in node.entries if entry.start not in stay]
    layout.removed += [(entry.node.start, entry.node.end) for entry in gone]
    trailing = layout.comma(node.entries[-1]) is not None
    for entry in kept:
        comma, needed = layout.comma(entry), trailing or slots[-1] is not entry
        if comma is None and needed:
            layout.edit(entry.end, entry.end, ",", rank=1)
        elif comma is not None and not needed:
            layout.edit(comma, comma + 1, "")
    above: Entry | None = None
    for at, slot in enumerate(slots):
        if isinstance(slot, Entry):
            above = slot
        elif above is None:
            _add_above(layout, kept[0], slot)
        else:
            _add_below(layout, node, above, slot, "," if trailing or at + 1 < len(slots) else "")
    for start, end in runs(node.entries, {entry.start for entry in gone}):
        _remove(layout, node, start, end)


def _add_above(layout: Layout, entry: Entry, added: Added) -> None:
    if layout.leads(entry.start):
        at = layout.lead(entry)
        layout.edit(at, at, "".join(f"{line}{layout.newline}" for line in _lines(layout, entry, added, ",")))
    elif added.above or added.beside:
        lines = _lines(layout, entry, added, ",")
        layout.edit(
            entry.start, entry.start, layout.newline + layout.newline.join([*lines, layout.indent(entry.start)])
        )
    else:
        layout.edit(entry.start, entry.start, f"{added.text}, ")


def _add_below(layout: Layout, node: Node, entry: Entry, added: Added, comma: str) -> None:
    end, closes = layout.flow_end(entry)
    leading = next((one for one in node.entries if layout.leads(one.start)), entry)
    lines = _lines(layout, leading, added, comma)
    past = layout.past(entry)
    if closes and ("#" in layout.text[past:end] or layout.leads(entry.start) or len(lines) > 1 or added.beside):
        layout.edit(end, end, "".join(layout.newline + line for line in lines), rank=3)
    elif added.above or added.beside:
        layout.edit(past, past, layout.newline + layout.newline.join([*lines, layout.indent(leading.start)]), rank=3)
    else:
        layout.edit(past, past, f" {added.text}{comma}", rank=3)


def _lines(layout: Layout, like: Entry, added: Added, comma: str) -> list[str]:
    """Return the lines of an entry, indented like another; deeper than its line if that is not the first on it."""
    indent = layout.indent(like.start) + ("" if layout.leads(like.start) else "  ")
    return [*(indent + line for line in added.above), f"{indent}{added.text}{comma}{added.beside}"]


def _remove(layout: Layout, node: Node, start: int, end: int) -> None:
    first, last = node.entries[start], node.entries[end - 1]
    before = node.entries[start - 1] if start else None
    after = node.entries[end] if end < len(node.entries) else None
    stop, closes = layout.flow_end(last)
    past = layout.past(before) if before else first.start
    if not layout.leads(first.start):
        joins = after is not None and not closes
        layout.edit(first.start if joins else past, after.start if after and joins else stop, "")
    elif closes:
        layout.edit(layout.lead(first), layout.next_line(stop), "")
    elif not after and not layout.text[past : first.start].strip():
        layout.edit(past, stop, "")
    else:
        layout.edit(layout.lead(first), layout.line_start(first.start), "")
        layout.edit(first.start, after.start if after else stop, "")
