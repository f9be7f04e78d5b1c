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
    if _commas_lead(layout, node):
        _change_led(layout, node, slots, kept[0], gone)
        return
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


def _commas_lead(layout: Layout, node: Node) -> bool:
    """Return True if the entries are on lines of their own, and each but the first has its comma before it."""
    *others, last = node.entries
    commas = [layout.comma(entry) for entry in others]
    led = all(comma is not None and not layout.text[layout.line_start(comma) : comma].strip(" ") for comma in commas)
    return bool(others) and led and layout.comma(last) is None


def _change_led(
    layout: Layout, node: Node, slots: Sequence[Entry | Added], first: Entry, gone: Sequence[Entry]
) -> None:
    """Give a collection with commas at the start of its lines new entries; `first` is the first that it keeps."""
    indent = layout.indent(node.entries[1].start)
    above: Entry | None = None
    head: list[str] = []
    for at, slot in enumerate(slots):
        if isinstance(slot, Entry):
            above = slot
            continue
        lines = [*(indent + line for line in slot.above), f"{indent}{', ' if at else '  '}{slot.text}{slot.beside}"]
        if above is None:
            head += lines
            continue
        end, closes = layout.flow_end(above)
        lines += [] if closes or not slot.beside else [indent]
        layout.edit(end, end, "".join(layout.newline + line for line in lines), rank=3)
    if head:
        _add_head(layout, first, indent, head)
    elif first.index:
        comma = layout.comma(node.entries[first.index - 1])
        layout.edit(comma or 0, (comma or 0) + 1, " ")
    for entry in gone:
        _remove_led(layout, node, entry)


def _add_head(layout: Layout, first: Entry, indent: str, lines: Sequence[str]) -> None:
    if layout.leads(first.start):
        at = layout.lead(first)
        layout.edit(at, at, "".join(line + layout.newline for line in lines))
    else:
        layout.edit(first.start, first.start, layout.newline.join(["", *lines, indent]))
    if first.index:
        return
    start = layout.line_start(first.start) if layout.leads(first.start) else first.start
    layout.edit(start, first.start, (indent if start < first.start else "") + ", ", rank=1)


def _remove_led(layout: Layout, node: Node, entry: Entry) -> None:
    stop, closes = layout.flow_end(entry)
    if not layout.leads(entry.start):
        layout.edit(len(layout.text[: entry.start].rstrip(" ")), stop, "")
    elif closes:
        layout.edit(layout.lead(entry), layout.next_line(stop), "")
    else:
        comma = layout.comma(node.entries[entry.index - 1])
        layout.edit(layout.lead(entry), layout.line_start(entry.start), "")
        layout.edit(comma or 0, stop, "")
