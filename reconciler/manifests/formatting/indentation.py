"""Indentation of block collections: two columns for each level, also for lists below a key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import Entry, Node

_STEP: Final = 2
_INDICATED: Final = re.compile(r"[|>][-+]?[1-9]")
"""The header of a block scalar that states its indentation."""


def indented(text: str, root: Node) -> str:
    """Return a document with the canonical indentation. Comments keep their place beside the entries around them.

    A document with explicit keys (`? key`) is unchanged.
    """
    return _Indenter(text).apply(root) if root.block else text


@dataclass(frozen=True)
class _Place:
    """An entry of a block collection, with the columns of the collections around it."""

    line: int
    columns: Mapping[int, int]
    """New columns by the columns in the text."""
    column: int
    """New column of the entry."""
    content: int | None = None
    """New column of the text, if the value is a block scalar."""


@dataclass
class _Indenter:
    text: str
    layout: Layout = field(init=False)
    starts: list[int] = field(init=False)
    """Position of each line."""
    moved: dict[int, int] = field(default_factory=dict)
    """New columns of lines, by their number."""
    fixed: set[int] = field(default_factory=set)
    """Numbers of the lines of block scalars, which are moved separately."""
    places: list[_Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layout = Layout(self.text)
        self.starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def apply(self, root: Node) -> str:
        waiting: list[tuple[Node, int, dict[int, int]]] = [(root, 0, {})]
        while waiting:
            node, column, around = waiting.pop()
            columns = {**around, node.column: column}
            for entry in node.entries:
                if self.text.startswith("?", entry.start) and entry.key is not None:
                    return self.text
                inner = self._entry(entry, column, columns)
                if inner is not None:
                    waiting.append((entry.node, inner, columns))
        self.places.sort(key=lambda place: place.line)
        self._comments()
        for line, column in self.moved.items():
            start = self.starts[line]
            self.layout.edit(start, start + self._indent(line), " " * column)
        return self.layout.applied()

    def _entry(self, entry: Entry, column: int, columns: Mapping[int, int]) -> int | None:
        """Move the lines of an entry. Return the new column of its value, if that is a block collection."""
        node, line = entry.node, self._line(entry.start)
        if self.layout.leads(entry.start):
            self.moved[line] = column
        content = self._block_scalar(entry, column) if node.block_scalar else None
        self.places.append(_Place(line, columns, column, content))
        if node.block:
            return self._collection(entry, line, column)
        if entry.key is None and not self.text[entry.after : node.start].strip(" ") and not node.empty:
            self.layout.edit(entry.after, node.start, " ")
        if content is None and not node.empty:
            shift = column - self._old(entry)
            for below in range(line + 1, self._line(node.end) + 1):
                self.moved[below] = max(self._indent(below) + shift, 0)
        return None

    def _collection(self, entry: Entry, line: int, column: int) -> int:
        """Return the new column of a block collection, and move what is between its key or dash and its first entry."""
        first = entry.node.entries[0]
        between = self.text[entry.after : first.start]
        if self._line(first.start) > line:
            for below in range(line + 1, self._line(first.start)):
                if self._written(below) and not self._written(below).startswith("#"):
                    self.moved[below] = column + _STEP
            return column + _STEP
        if between.strip(" \t"):
            return column + first.start - entry.start
        self.layout.edit(entry.after, first.start, " ")
        return column + entry.after - entry.start + 1

    def _block_scalar(self, entry: Entry, column: int) -> int:
        """Move the text of a block scalar, and return its new column."""
        header = self._line(entry.node.content)
        end = self._line(entry.node.end) + (self.text[entry.node.end - 1 : entry.node.end] != "\n")
        for below in range(self._line(entry.start) + 1, header + 1):
            self.moved[below] = column + _STEP
        lines = range(header + 1, end)
        first = next((line for line in lines if self._written(line)), None)
        self.fixed.update(lines)
        if first is None:
            return column + _STEP
        old = self._indent(first)
        new = column + _STEP
        if _INDICATED.match(self.text, entry.node.content):
            new = old = 0  # the text is moved with its key
            shift = column - self._old(entry)
        else:
            shift = new - old
        for line in lines:
            start, indent = self.starts[line], self._indent(line)
            if not self._written(line) and indent <= max(old, column):
                self.layout.edit(start, start + indent, "")
            else:
                self.layout.edit(start, start + indent, " " * max(indent + shift, 0))
        return self._indent(first) + shift

    def _comments(self) -> None:
        """Move the comments on lines of their own to the column of an entry around them."""
        at = 0
        for line in range(len(self.starts)):
            while at < len(self.places) and self.places[at].line < line:
                at += 1
            is_comment = self._written(line).startswith("#")
            if line in self.moved or line in self.fixed or not is_comment:
                continue
            before = self.places[at - 1] if at else None
            after = next(iter(self.places[at : at + 1]), None)
            self.moved[line] = _column(self._indent(line), before, after)

    # Positions

    def _old(self, entry: Entry) -> int:
        return entry.start - self.starts[self._line(entry.start)]

    def _line(self, at: int) -> int:
        """Return the number of a line, from 0."""
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= at else (low, middle)
        return low

    def _written(self, line: int) -> str:
        """Return a line without white space around it."""
        return self.text[self.starts[line] : self.layout.line_end(self.starts[line])].strip(" \t\r")

    def _indent(self, line: int) -> int:
        content = self.text[self.starts[line] : self.layout.line_end(self.starts[line])]
        return len(content) - len(content.lstrip(" \t"))


def _column(old: int, before: _Place | None, after: _Place | None) -> int:
    """Return the new column of a comment: that of the collection that it is in, by its column in the text."""
    columns = {**(before.columns if before else {}), **(after.columns if after else {})}
    around = max((column for column in columns if column <= old), default=None)
    if around is None:
        return 0
    new = columns[around] + old - around
    in_text = before is not None and before.content is not None and new >= before.content
    return before.column if before is not None and in_text else new
