"""Changes of values in a YAML document that leave every other byte unchanged.

The text is edited at the positions of its nodes. Loading and dumping it would reformat the unchanged parts.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.editing.comments import lost
from reconciler.manifests.editing.flow import Added, change_flow
from reconciler.manifests.editing.folding import block_scalar, reflowed
from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node, compose, descendants, first_difference, is_movable
from reconciler.manifests.editing.styles import Style, headed, inline, key_text
from reconciler.manifests.libyaml import BYTE_ORDER_MARK
from reconciler.manifests.parsing import parse_document
from reconciler.resources.list_items import Items, additions, in_order, sources_of
from reconciler.resources.values import JSON, same

_LONGEST: Final = 100
"""Largest number of characters of a list item in flow style. Longer items are written in block style."""
_CARRIAGE_RETURN: Final = re.compile(r"\r(?!\n)")
_COMMENT: Final = re.compile(r"(?:[ \t]+|^)#[^\r\n]*", re.MULTILINE)
_OPENING: Final = re.compile(r"[\[{][ \t]+#[^\r\n]*")


class UneditableError(Exception):
    """The reason that a document cannot be edited, and the line (from 1, within the document) that prevents it."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def edited(text: str, wanted: JSON) -> str:
    """Return the YAML document `text`, which has no problems, with the value `wanted`.

    Only the necessary lines are changed: comments, order, quotes, block scalars, anchors, flow style and line ends are
    kept, and a new value is written in the style of the one it replaces, if possible. An alias whose value would change
    with its anchor is replaced by the value. Raises `UneditableError` if an alias prevents the change, if the result
    would not be read as exactly `wanted`, or if it would lack a comment of a value that is not removed.
    """
    if text.startswith(BYTE_ORDER_MARK):
        return BYTE_ORDER_MARK + edited(text.removeprefix(BYTE_ORDER_MARK), wanted)
    lone = _CARRIAGE_RETURN.search(text)
    if lone and "\n" not in text:
        return edited(text.replace("\r", "\n"), wanted).replace("\n", "\r")
    if lone:
        line = text.count("\n", 0, lone.start()) + 1
        raise UneditableError("the line ends with a carriage return without a line feed", line)
    return _edited(text, wanted)[0]


def _edited(text: str, wanted: JSON) -> tuple[str, Sequence[tuple[int, int]]]:
    """Return the text with the value `wanted`, and the spans of `text` whose comments are removed with their values."""
    root, aliases = compose(text)
    if same(root.node.value, wanted):
        return text, ()
    comment: int | None = None
    for thorough in (False, True):
        editor = _Editor(Layout(text), root, aliases, _style(root.node), thorough)
        result = editor.run(wanted)
        document = parse_document(result, "")
        if not document.problems and same(document.value, wanted):
            missing = lost(text, result, editor.layout.ownerless)
            if missing is None:
                return result, editor.layout.ownerless
            comment = missing if comment is None else comment
    if comment is not None:
        message = "the layout of the document does not allow this change without the loss of this comment"
        raise UneditableError(message, text.count("\n", 0, comment) + 1)
    raise UneditableError("the layout of the document does not allow this change", first_difference(root, wanted, text))


@dataclass
class _Editor:
    layout: Layout
    root: Entry
    aliases: Sequence[Entry]
    style: Style
    thorough: bool
    """Remove comments and empty lines below a removed value too, and quote block scalars."""
    wants: dict[int, JSON] = field(default_factory=dict)
    """New values of aliases, by start. Other aliases are unchanged."""
    now: dict[int, JSON] = field(default_factory=dict)
    """New values of anchored nodes that are kept, by start."""

    def run(self, wanted: JSON) -> str:
        self.change(self.root, wanted)
        for alias in self.aliases:
            self.settle(alias)
        return self.layout.applied()

    def change(self, entry: Entry, wanted: JSON) -> None:
        node = entry.node
        if node.kind == "alias":
            self.wants[node.start] = wanted
        elif not same(node.value, wanted):
            if node.anchor:
                self.now[node.start] = wanted
            if node.kind == "mapping" and isinstance(wanted, dict) and wanted.keys() & node.value.keys():
                self.change_mapping(node, wanted)
            elif node.kind == "sequence" and isinstance(wanted, list):
                self.change_sequence(entry, wanted)
            else:
                self.replace(entry, wanted)

    def change_mapping(self, node: Node, wanted: dict[str, JSON]) -> None:
        kept = [entry for entry in node.entries if entry.key in wanted]
        gone = [entry for entry in node.entries if entry.key not in wanted]
        for entry in kept:
            self.change(entry, wanted[str(entry.key)])
        for entry in gone:
            self.layout.disown(entry)
        added = {key: value for key, value in wanted.items() if key not in node.value}
        last = kept[-1]
        if node.flow:
            texts = (f"{key_text(key, last.quoted)}: {_inline(value, last)}" for key, value in added.items())
            change_flow(self.layout, node, [*kept, *map(Added, texts)])
            return
        self.layout.remove(node, gone, thorough=self.thorough)
        if added:
            lines = [headed(f"{key_text(key)}:", self.style.lines(item, node.column)) for key, item in added.items()]
            self.add_after(last, node.column, lines)

    def change_sequence(self, entry: Entry, wanted: list[JSON]) -> None:
        node = entry.node
        sources = wanted.sources if isinstance(wanted, Items) else sources_of(node.value, wanted)
        stay = in_order(sources)
        if not stay:
            self.replace(entry, wanted)
            return
        for at in stay:
            self.change(node.entries[sources[at] or 0], wanted[at])
        for one in node.entries:
            if one.index not in sources:
                self.layout.disown(one)
        kept = {sources[at] for at in stay}
        first = node.entries[min(index for index in kept if index is not None)]
        if node.flow:
            slots = [
                node.entries[source or 0] if at in stay else self.flow_item(node, first, item, source)
                for at, (item, source) in enumerate(zip(wanted, sources, strict=True))
            ]
            change_flow(self.layout, node, slots)
            return
        gone = [one for one in node.entries if one.index not in kept]
        self.layout.remove(node, gone, replaced=0 not in stay, thorough=self.thorough)
        for above, added in additions(wanted, sources, stay):
            neighbour = first if above is None else node.entries[above]
            lines = [self.item(node, neighbour, item, source) for item, source in added]
            if above is None:
                self.layout.add_before(node, neighbour, lines)
            else:
                self.add_after(neighbour, node.column, lines)

    def flow_item(self, node: Node, neighbour: Entry, value: JSON, source: int | None) -> Added:
        """Return an item to add to a flow sequence. An item from another place in it brings its text and comments."""
        if source is None:
            return Added(_inline(value, neighbour))
        layout, entry = self.layout, node.entries[source]
        end, _ = layout.flow_end(entry)
        beside = _COMMENT.search(layout.text, entry.end, end)
        return Added(self.moved(entry, value), layout.above(entry), beside[0] if beside else "")

    def moved(self, entry: Entry, value: JSON) -> str:
        """Return the text of an item of a flow sequence that moves, with the new value."""
        layout = self.layout
        own = layout.text[entry.start : entry.end]
        if is_movable(entry, value):
            return own
        if is_movable(entry, entry.node.value) and own[0] in "[{":
            with suppress(UneditableError):
                text, ownerless = _edited(f"- {own}{layout.newline}", Items([value], [0]))
                layout.ownerless += [(start + entry.start - 2, end + entry.start - 2) for start, end in ownerless]
                return text[2:].removesuffix(layout.newline)
        return _inline(value, entry)

    def item(self, node: Node, neighbour: Entry, value: JSON, source: int | None) -> list[str]:
        """Return the lines of an item to add. An item from another place in the list brings its text and comments."""
        if source is None:
            return self.fresh(node, neighbour, value)
        layout, entry, indent = self.layout, node.entries[source], " " * node.column
        own = layout.text[entry.start : layout.end(entry)]
        if is_movable(entry, entry.node.value) and not layout.keeps(entry.node):
            with suppress(UneditableError):
                own, ownerless = _edited(indent + own + layout.newline, Items([value], [0]))
                shift = entry.start - len(indent)
                layout.ownerless += [(start + shift, end + shift) for start, end in ownerless]
                lines = own.removeprefix(indent).removesuffix(layout.newline).split(layout.newline)
                return self.indented(node, layout.above(entry), lines)
        first, *rest = self.fresh(node, entry, value)
        return self.indented(node, layout.above(entry), [first + self.comment(entry), *rest])

    def indented(self, node: Node, above: Sequence[str], own: Sequence[str]) -> list[str]:
        """Return the lines of an item with the comments above it, of which the first line is not indented."""
        first, *rest = [*above, own[0]]
        return [first, *(" " * node.column + line for line in rest), *own[1:]]

    def fresh(self, node: Node, neighbour: Entry, value: JSON) -> list[str]:
        text = _inline(value, neighbour)
        if neighbour.node.style in {"'", '"'} or (neighbour.node.flow and len(text) <= _LONGEST):
            return [f"- {text}"]
        return headed("-", self.style.lines(value, node.column, dashed=True))

    def add_after(self, entry: Entry, column: int, entries: Sequence[Sequence[str]]) -> None:
        """Add entries below `entry`. A block scalar at the end of the text without a line break would gain one, so it
        is rewritten first.
        """
        last = entry
        while last.node.block:
            last = last.node.entries[-1]
        ends = self.layout.tail(entry) == len(self.layout.text)
        untouched = not any(start <= last.after <= end for start, end, _, _ in self.layout.edits)
        if last.node.block_scalar and ends and untouched:
            self.replace(last, last.node.value)
        self.layout.add_after(entry, column, entries)

    # Replacing a value

    def replace(self, entry: Entry, wanted: JSON) -> None:
        """Replace a value, in the same style if possible."""
        node, layout = entry.node, self.layout
        layout.removed += [(inner.start, inner.node.end) for inner in node.entries]
        if node.entries:
            first, last = node.entries[0], node.entries[-1]
            start = min(layout.next_line(entry.after), first.start) if node.block else layout.lead(first)
            layout.ownerless.append((start, layout.end(last) if node.block else node.end))
        if isinstance(wanted, str) and node.kind == "scalar" and not (node.block_scalar or self.thorough):
            lines = reflowed(layout.text[node.content : node.end], wanted, node.style)
            if lines:
                layout.edit(node.content, node.end, layout.newline.join(lines))
                return
        in_flow = entry.parent is not None and entry.parent.flow
        if in_flow:
            self.put_inline(entry, _inline(wanted, entry))
            return
        lines = self.lines(entry, wanted)
        if len(lines) == 1 and not node.block_scalar and not node.block:
            self.put_inline(entry, lines[0])
        else:
            self.put_lines(entry, lines)

    def lines(self, entry: Entry, wanted: JSON) -> list[str]:
        """Return the text after the key or dash: the rest of that line, then whole lines."""
        node, column = entry.node, entry.parent.column if entry.parent else -self.style.step
        dashed = entry.parent is not None and entry.parent.kind == "sequence"
        if isinstance(wanted, str) and node.block_scalar and not self.thorough:
            old = self.layout.text[node.content : self.layout.tail(entry)]
            block = block_scalar(wanted, node.style, old, column, column + (2 if dashed else self.style.step))
            return block or [inline(wanted)]
        below_anchor = dashed and node.anchor and not isinstance(wanted, str)  # no first entry can be beside an anchor
        flows = node.flow and not isinstance(wanted, str)
        if flows or below_anchor or node.style in {"'", '"'} or self.thorough:
            return [inline(wanted, node.style, flow=node.flow)]
        return self.style.lines(wanted, column, dashed=dashed)

    def put_inline(self, entry: Entry, new: str) -> None:
        node, layout = entry.node, self.layout
        if node.empty:
            self.layout.edit(entry.after, entry.after, f" {new}" if entry.colon else f": {new}")
        else:
            layout.edit(node.content, node.end, new)
            opening = _OPENING.match(layout.text, node.content) if node.flow else None
            if opening and layout.flow_end(entry)[1]:
                in_flow = entry.parent is not None and entry.parent.flow
                at = layout.past(entry) if in_flow else node.end
                layout.edit(at, at, opening[0][1:], rank=2 if in_flow else 0)

    def put_lines(self, entry: Entry, lines: Sequence[str]) -> None:
        """Write lines after a key or dash, with its anchor and comment."""
        node, layout = entry.node, self.layout
        first, *rest = lines
        anchor = f"&{node.anchor}" if node.anchor else ""
        head = "".join(f" {part}" for part in (anchor, first) if part)
        end = layout.end(node.entries[-1]) if node.block else layout.tail(entry)
        comment = self.comment(entry)
        if first[:1] in {"|", ">"}:  # comments below it would be read as its text
            below, end = layout.text[end : layout.end(entry)], layout.end(entry)
            comment += "".join(f"  {one[0].strip()}" for one in _COMMENT.finditer(below))
        new = layout.newline.join([head + comment, *rest])
        at_root = entry.parent is None
        ends = end == len(layout.text) and len(lines) > 1
        layout.edit(entry.after, end, (new.lstrip() if at_root else new) + (layout.newline if ends else ""))

    def comment(self, entry: Entry) -> str:
        """Return the comments beside a value and between its key and itself, with the spaces before them."""
        node, text = entry.node, self.layout.text
        parts = [text[entry.after : node.entries[0].floor if node.block else node.content]]
        if node.block:
            head = self.layout.line_end(entry.after)
            parts = [text[entry.after : max(entry.after, min(head, node.entries[0].start))]]
        elif node.block_scalar:
            parts.append(text[node.content : self.layout.line_end(node.content)])
        else:
            opening = _OPENING.match(text, node.content) if node.flow else None
            parts += [opening[0][1:] if opening else "", text[entry.end : self.layout.line_end(entry.end)]]
        found = [one[0].rstrip() for part in parts for one in _COMMENT.finditer(part)]
        return "".join(one if one[0] in " \t" else f"  {one}" for one in found)

    # Aliases

    def settle(self, alias: Entry) -> None:
        """Keep an alias that still has the right value, and replace one that does not."""
        node = alias.node
        if node.target is None or self._is_removed(node):
            return
        wanted = self.wants.get(node.start, node.value)
        changed = self._is_removed(node.target) or node.target.start in self.now
        value = self.now.get(node.target.start, node.value)
        if not self._is_removed(node.target) and same(wanted, value):
            return
        if changed and same(wanted, node.value):
            line = self.layout.line_of(node.target.start)
            used = self.layout.line_of(node.start)
            raise UneditableError(f"line {used} uses this value as an alias; replace the alias with the value", line)
        self.replace(alias, wanted)

    def _is_removed(self, node: Node) -> bool:
        return any(start <= node.start < end for start, end in self.layout.removed)


def _inline(value: JSON, like: Entry) -> str:
    """Return `value` in flow style with the quotes of a neighbour, so that JSON stays JSON."""
    quotes = {node.style for node in descendants(like.node) if node.style in {"'", '"'}}
    style = '"' if like.quoted else quotes.pop() if len(quotes) == 1 else ""
    return inline(value, style, flow=True)


def _style(root: Node) -> Style:
    """Return the indentation of the document: that of its first nested mapping and of its first sequence in a key."""
    step = dash = None
    for node in descendants(root):
        for entry in node.entries:
            inner = entry.node
            if node.block and node.kind == "mapping" and inner.block:
                if inner.kind == "mapping":
                    step = step or inner.column - node.column
                elif dash is None:
                    dash = inner.column - node.column
    step = step or 2
    return Style(step, step if dash is None else dash)
