"""Changes of values in a YAML document that leave every other byte unchanged.

The text is edited at the positions of its nodes. Loading and dumping it would reformat the unchanged parts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.editing.alignment import alignment
from reconciler.manifests.editing.folding import block_scalar, reflowed
from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node, compose, descendants
from reconciler.manifests.editing.styles import Style, headed, inline, key_text
from reconciler.manifests.libyaml import BYTE_ORDER_MARK
from reconciler.manifests.parsing import parse_document
from reconciler.resources.values import JSON, same

_LONGEST: Final = 100
"""Largest number of characters of a list item in flow style. Longer items are written in block style."""
_CARRIAGE_RETURN: Final = re.compile(r"\r(?!\n)")
_HEADER: Final = re.compile(r"[|>][-+0-9]*")


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
    with its anchor is replaced by the value. Raises `UneditableError` if an alias prevents the change, or if the result
    would not be read as exactly `wanted`.
    """
    if text.startswith(BYTE_ORDER_MARK):
        return BYTE_ORDER_MARK + edited(text.removeprefix(BYTE_ORDER_MARK), wanted)
    lone = _CARRIAGE_RETURN.search(text)
    if lone and "\n" not in text:
        return edited(text.replace("\r", "\n"), wanted).replace("\n", "\r")
    if lone:
        line = text.count("\n", 0, lone.start()) + 1
        raise UneditableError("the line ends with a carriage return without a line feed", line)
    root, aliases = compose(text)
    if same(root.node.value, wanted):
        return text
    for thorough in (False, True):
        result = _Editor(Layout(text), root, aliases, _style(root.node), thorough).run(wanted)
        document = parse_document(result, "")
        if not document.problems and same(document.value, wanted):
            return result
    raise UneditableError(
        "the layout of the document does not allow this change", _first_difference(root, wanted, text)
    )


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
        for entry in kept:
            self.change(entry, wanted[str(entry.key)])
        self.layout.remove(node, [entry for entry in node.entries if entry.key not in wanted], thorough=self.thorough)
        added = {key: value for key, value in wanted.items() if key not in node.value}
        if not added:
            return
        last = kept[-1]
        if node.flow:
            texts = [f"{key_text(key, last.quoted)}: {_inline(value, last)}" for key, value in added.items()]
            self.layout.add_to_flow(last, texts)
        else:
            lines = [headed(f"{key_text(key)}:", self.style.lines(item, node.column)) for key, item in added.items()]
            self.add_after(last, node.column, lines)

    def change_sequence(self, entry: Entry, wanted: list[JSON]) -> None:
        node = entry.node
        kept, removed, added = alignment(node.value, wanted)
        if not kept:
            self.replace(entry, wanted)
            return
        for index, item in kept.items():
            self.change(node.entries[index], item)
        self.layout.remove(node, [node.entries[index] for index in removed], thorough=self.thorough)
        for index, items in added.items():
            above = [at for at in kept if at < index]
            neighbour = node.entries[max(above, default=min(kept))]
            self.add_items(node, neighbour, items, above=bool(above))

    def add_items(self, node: Node, neighbour: Entry, items: Sequence[JSON], *, above: bool) -> None:
        """Add items below the `neighbour`, or above it if it is the first item that is kept."""
        if node.flow:
            texts = [_inline(item, neighbour) for item in items]
            if above:
                self.layout.add_to_flow(neighbour, texts)
            else:
                self.layout.edit(neighbour.start, neighbour.start, "".join(f"{text}, " for text in texts))
            return
        lines = [self.item(node, neighbour, item) for item in items]
        if above:
            self.add_after(neighbour, node.column, lines)
        else:
            self.layout.add_before(neighbour, node.column, lines)

    def item(self, node: Node, neighbour: Entry, value: JSON) -> list[str]:
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
        untouched = not any(start <= last.after <= end for start, end, _ in self.layout.edits)
        if last.node.block_scalar and ends and untouched:
            self.replace(last, last.node.value)
        self.layout.add_after(entry, column, entries)

    # Replacing a value

    def replace(self, entry: Entry, wanted: JSON) -> None:
        """Replace a value, in the same style if possible."""
        node, layout = entry.node, self.layout
        layout.removed += [(inner.start, inner.node.end) for inner in node.entries]
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
        if (node.flow and not isinstance(wanted, str)) or node.style in {"'", '"'} or self.thorough:
            return [inline(wanted, node.style, flow=node.flow)]
        return self.style.lines(wanted, column, dashed=dashed)

    def put_inline(self, entry: Entry, new: str) -> None:
        node = entry.node
        if node.empty:
            self.layout.edit(entry.after, entry.after, f" {new}" if entry.colon else f": {new}")
        else:
            self.layout.edit(node.content, node.end, new)

    def put_lines(self, entry: Entry, lines: Sequence[str]) -> None:
        """Write lines after a key or dash, with its anchor and comment."""
        node, layout = entry.node, self.layout
        first, *rest = lines
        anchor = f"&{node.anchor}" if node.anchor else ""
        head = "".join(f" {part}" for part in (anchor, first) if part)
        end = layout.tail(entry)
        new = layout.newline.join([head + self.comment(entry), *rest])
        at_root = entry.parent is None
        ends = end == len(layout.text) and len(lines) > 1
        layout.edit(entry.after, end, (new.lstrip() if at_root else new) + (layout.newline if ends else ""))

    def comment(self, entry: Entry) -> str:
        """Return the comment on the first line of a value, with the spaces before it."""
        node, text = entry.node, self.layout.text
        if node.block_scalar:
            header = _HEADER.match(text, node.content)
            at = header.end() if header else node.content
        else:
            at = entry.end if not node.block else node.start + len(node.anchor) + 1 if node.anchor else entry.after
        found = re.compile(r"[ \t]+#[^\r\n]*").match(text, at)
        return found[0] if found else ""

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


def _first_difference(entry: Entry, wanted: JSON, text: str) -> int:
    """Return the line of the first value that differs."""
    node = entry.node
    if node.kind == "mapping" and isinstance(wanted, dict) and node.value.keys() <= wanted.keys():
        for inner in node.entries:
            if not same(inner.node.value, wanted[str(inner.key)]):
                return _first_difference(inner, wanted[str(inner.key)], text)
    return text.count("\n", 0, entry.start) + 1
