"""Values that replace others in a document, with the comments beside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.manifests.editing.folding import block_scalar, reflowed
from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, descendants
from reconciler.manifests.editing.styles import Style, inline
from reconciler.resources.values import JSON

COMMENT: Final = re.compile(r"(?:[ \t]+|^)#[^\r\n]*", re.MULTILINE)
"""A comment with the spaces before it."""
_OPENING: Final = re.compile(r"[\[{][ \t]+#[^\r\n]*")


@dataclass(frozen=True)
class Replacer:
    """Replaces values in a layout."""

    layout: Layout
    style: Style
    thorough: bool
    """Quote block scalars."""

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
            self._put_inline(entry, inline_like(wanted, entry))
            return
        lines = self._lines(entry, wanted)
        if len(lines) == 1 and not node.block_scalar and not node.block:
            self._put_inline(entry, lines[0])
        else:
            self._put_lines(entry, lines)

    def _lines(self, entry: Entry, wanted: JSON) -> list[str]:
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

    def _put_inline(self, entry: Entry, new: str) -> None:
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

    def _put_lines(self, entry: Entry, lines: Sequence[str]) -> None:
        """Write lines after a key or dash, with its anchor and comment."""
        node, layout = entry.node, self.layout
        first, *rest = lines
        anchor = f"&{node.anchor}" if node.anchor else ""
        head = "".join(f" {part}" for part in (anchor, first) if part)
        end = layout.end(node.entries[-1]) if node.block else layout.tail(entry)
        comment = self.comment(entry)
        if first[:1] in {"|", ">"}:  # comments below it would be read as its text
            below, end = layout.text[end : layout.end(entry)], layout.end(entry)
            comment += "".join(f"  {one[0].strip()}" for one in COMMENT.finditer(below))
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
        found = [one[0].rstrip() for part in parts for one in COMMENT.finditer(part)]
        return "".join(one if one[0] in " \t" else f"  {one}" for one in found)


def inline_like(value: JSON, like: Entry) -> str:
    """Return `value` in flow style with the quotes of a neighbour, so that JSON stays JSON."""
    quotes = {node.style for node in descendants(like.node) if node.style in {"'", '"'}}
    style = '"' if like.quoted else quotes.pop() if len(quotes) == 1 else ""
    return inline(value, style, flow=True)
