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
from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node, compose, descendants, first_difference, is_movable
from reconciler.manifests.editing.replacing import COMMENT, Replacer, inline_like
from reconciler.manifests.editing.styles import Style, headed, key_text
from reconciler.manifests.libyaml import BYTE_ORDER_MARK
from reconciler.manifests.parsing import parse_document
from reconciler.resources.list_items import Items, additions, in_order, sources_of
from reconciler.resources.values import JSON, same

_LONGEST: Final = 100
"""Largest number of characters of a list item in flow style. Longer items are written in block style."""
_CARRIAGE_RETURN: Final = re.compile(r"\r(?!\n)")


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

    @property
    def replacer(self) -> Replacer:
        return Replacer(self.layout, self.style, self.thorough)

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
                self.replacer.replace(entry, wanted)

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
            texts = (f"{key_text(key, last.quoted)}: {inline_like(value, last)}" for key, value in added.items())
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
            self.replacer.replace(entry, wanted)
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
            return Added(inline_like(value, neighbour))
        layout, entry = self.layout, node.entries[source]
        end, _ = layout.flow_end(entry)
        beside = COMMENT.search(layout.text, entry.end, end)
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
        return inline_like(value, entry)

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
        return self.indented(node, layout.above(entry), [first + self.replacer.comment(entry), *rest])

    def indented(self, node: Node, above: Sequence[str], own: Sequence[str]) -> list[str]:
        """Return the lines of an item with the comments above it, of which the first line is not indented."""
        first, *rest = [*above, own[0]]
        return [first, *(" " * node.column + line for line in rest), *own[1:]]

    def fresh(self, node: Node, neighbour: Entry, value: JSON) -> list[str]:
        text = inline_like(value, neighbour)
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
            self.replacer.replace(last, last.node.value)
        self.layout.add_after(entry, column, entries)

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
        self.replacer.replace(alias, wanted)

    def _is_removed(self, node: Node) -> bool:
        return any(start <= node.start < end for start, end in self.layout.removed)


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
