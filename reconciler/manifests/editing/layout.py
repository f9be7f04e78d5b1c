"""Lines of a document: the end of an entry, and the edits that add and remove entries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.editing.comments import OF_FILE
from reconciler.manifests.editing.nodes import Entry, Node


@dataclass
class Layout:
    """A text and its pending edits."""

    text: str
    edits: list[tuple[int, int, int, str]] = field(default_factory=list)
    removed: list[tuple[int, int]] = field(default_factory=list)
    """Spans of the removed values, with their keys."""
    ownerless: list[tuple[int, int]] = field(default_factory=list)
    """Spans of the removed values, with their comments."""

    @property
    def newline(self) -> str:
        found = re.search(r"\r?\n", self.text)
        return found[0] if found else "\n"

    def edit(self, start: int, end: int, new: str, rank: int = 0) -> None:
        """Replace a part of the text. Texts that are added at one position are in the order of their ranks: values,
        commas, comments, other entries.
        """
        self.edits.append((start, end, rank, new))

    def applied(self) -> str:
        """Return the text with all edits; of overlapping edits, the earlier one wins."""
        made: list[str] = []
        at = 0
        for start, end, _, new in sorted(self.edits, key=lambda edit: edit[:3]):
            made += [self.text[at : max(start, at)], new]
            at = max(end, at)
        return "".join([*made, self.text[at:]])

    # Positions

    def line_of(self, at: int) -> int:
        """Return the number of the line at a position, from 1."""
        return self.text.count("\n", 0, at) + 1

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Return the end of a line, before its line break."""
        found = self.text.find("\n", at)
        end = len(self.text) if found < 0 else found
        return end - 1 if found > 0 and self.text[end - 1] == "\r" else end

    def next_line(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def leads(self, at: int) -> bool:
        """Return True if there are only spaces before `at` on its line, or a comma."""
        return self.text[self.line_start(at) : at].strip(" ") in {"", ","}

    def indent(self, at: int) -> str:
        """Return the spaces at the start of a line."""
        line = self.line_start(at)
        return " " * (len(self.text[line:at]) - len(self.text[line:at].lstrip(" ")))

    def tail(self, entry: Entry) -> int:
        """Return the end of the last line of an entry in a block collection, after its comment."""
        node = last_of(entry).node
        end = entry.end
        if not node.block_scalar:
            return self.line_end(end)
        if self.keeps(node):
            return self.line_end(max(end - 1, node.content)) if self.text[end - 1] == "\n" else end
        written = len(self.text[node.content : end].rstrip()) + node.content
        return self.line_end(written)

    # Comments

    def lead(self, entry: Entry) -> int:
        """Return the start of the comments directly above an entry, which belong to it; without any, the start of its
        line, or of the entry if it is not the first on its line.

        Comments of the file, such as its licence, belong to no entry.
        """
        if not self.leads(entry.start):
            return entry.start
        floor, before = entry.floor, _before(entry)
        if before is not None:
            floor = max(floor, self.flow_end(before)[0] if before.parent and before.parent.flow else self.end(before))
        own = line = self.line_start(entry.start)
        while line > floor and self._is_comment(above := self.line_start(line - 1)) and above >= floor:
            line = above
        if line == 0 and OF_FILE.search(self.text, line, own):
            return own
        return line

    def end(self, entry: Entry) -> int:
        """Return the end of the last line of an entry of a block collection, with the comments below it that are
        indented deeper than the entry.
        """
        column = entry.parent.column if entry.parent else -1
        end = self.tail(entry)
        line = self.next_line(end)
        while line < len(self.text):
            content = self.text[line : self.line_end(line)]
            written = content.lstrip(" \t")
            if written and not (written.startswith("#") and len(content) - len(written) > column):
                break
            if written:
                end = self.line_end(line)
            line = self.next_line(line)
        return end

    def disown(self, entry: Entry) -> None:
        """Record that an entry is removed and not moved, so that its comments go with it."""
        in_flow = entry.parent is not None and entry.parent.flow
        self.ownerless.append((self.lead(entry), self.flow_end(entry)[0] if in_flow else self.end(entry)))

    def above(self, entry: Entry) -> list[str]:
        """Return the comments directly above an entry."""
        return [line.strip() for line in self.text[self.lead(entry) : self.line_start(entry.start)].splitlines()]

    def _is_comment(self, line: int) -> bool:
        return self.text[line : self.line_end(line)].lstrip(" \t").startswith("#")

    # Adding and removing entries of a block collection

    def add_after(self, entry: Entry, column: int, entries: Sequence[Sequence[str]]) -> None:
        """Add entries of a block collection below `entry`: lists of lines, of which the first is not indented."""
        end = self.end(entry)
        lines = [line for first, *rest in entries for line in (" " * column + first, *rest)]
        ends = end == len(self.text) and len(entries[-1]) > 1  # a block scalar ends with a line break
        self.edit(end, end, "".join(self.newline + line for line in lines) + (self.newline if ends else ""))

    def add_before(self, node: Node, entry: Entry, entries: Sequence[Sequence[str]]) -> None:
        """Add entries of a block collection above `entry`, the first that is kept, and its comments."""
        first, indent = node.entries[0], " " * node.column
        if self.leads(first.start):
            at = self.lead(entry)
            made = "".join(indent + self.newline.join(lines) + self.newline for lines in entries)
            self.edit(at, at, made)
            return
        between = self.newline + indent
        made = between.join(map(self.newline.join, entries)) + (between if first is entry else "")
        if made.startswith("#"):
            self.edit(len(self.text[: first.start].rstrip(" ")), first.start, between + made)
        else:
            self.edit(first.start, first.start, made)

    def remove(self, node: Node, removed: Sequence[Entry], *, replaced: bool = False, thorough: bool = False) -> None:
        """Remove entries of a block collection that keeps others, with their comments. With `replaced`, entries are
        added above those that are kept.
        """
        self.removed += [(entry.start, entry.node.end) for entry in removed]
        doomed = {entry.start for entry in removed}
        for start, end in runs(node.entries, doomed):
            after = node.entries[end] if end < len(node.entries) else None
            run = node.entries[start:end]
            if not start and replaced and not self.leads(run[0].start):
                self.edit(run[0].start, self.end(run[0]), "")
                run = run[1:]
            if run:
                self._remove_lines(run, after, thorough)

    def _remove_lines(self, run: Sequence[Entry], after: Entry | None, thorough: bool) -> None:
        first, last = run[0], run[-1]
        if thorough and after:
            self.edit(first.start, after.start, "")
        elif thorough:
            self._remove_whole_lines(first.start, self._with_blank_lines(last.end))
        elif not self.leads(first.start) and after and not self._between(run, after):
            self.edit(first.start, after.start, "")
        else:
            before = _before(first)
            keeps = before is not None and self.keeps(last_of(before).node)
            for entry in run:
                end = self.end(entry)
                empty = _EMPTY.match(self.text, end) if keeps else None
                self._remove_whole_lines(self.lead(entry), empty.end() if empty else end)

    def _between(self, run: Sequence[Entry], after: Entry) -> str:
        """Return the comments that are between removed entries, and above the entry after them."""
        ends = [*map(self.lead, run[1:]), after.start]
        return "".join(self.text[self.end(entry) : end].strip() for entry, end in zip(run, ends, strict=True))

    def keeps(self, node: Node) -> bool:
        """Return True for a block scalar whose value contains the empty lines below it."""
        return node.block_scalar and "+" in self.text[node.content : self.line_end(node.content)].split("#")[0]

    def _remove_whole_lines(self, start: int, end: int) -> None:
        """Remove lines with the line break above them. Entries that are added below follow the one at their end."""
        line = self.line_start(start)
        if not self.leads(start):
            self.edit(len(self.text[:start].rstrip(" ")), end, "")
        elif line and end < len(self.text):
            self.edit(self.line_end(line - 1), end, "")
        else:
            self.edit(line, self.next_line(end), "")

    def _with_blank_lines(self, end: int) -> int:
        """Return the end of the empty lines after a position."""
        end = self.line_end(end - (self.text[end - 1] == "\n"))
        blank = re.compile(r"(?:\r?\n[ \t]*)*(?=\r?\n|\Z)").match(self.text, end)
        return blank.end() if blank else end

    # Entries of a flow collection

    def comma(self, entry: Entry) -> int | None:
        """Return the position of the comma after an entry of a flow collection."""
        found = _TO_COMMA.match(self.text, entry.end)
        return found.end() - 1 if found else None

    def flow_end(self, entry: Entry) -> tuple[int, bool]:
        """Return the end of an entry of a flow collection with the comma and the comment behind it, and whether nothing
        else follows on the line.
        """
        comma = self.comma(entry)
        at = entry.end if comma is None or "\n" in self.text[entry.end : comma] else comma + 1
        rest = _REST.match(self.text, at)
        return (rest.end(), True) if rest else (at, False)

    def past(self, entry: Entry) -> int:
        """Return the end of an entry with its comma, if that is on the same line."""
        comma = self.comma(entry)
        return entry.end if comma is None or "\n" in self.text[entry.end : comma] else comma + 1


_EMPTY: Final = re.compile(r"(?:\r?\n[ \t]*(?=\r?\n))*")
"""Empty lines after a line."""
_TO_COMMA: Final = re.compile(r"(?:[ \t\r\n]++|(?<=[ \t\r\n])#[^\n]*+)*+,")
_REST: Final = re.compile(r"(?:[ \t]+#[^\r\n]*|[ \t]*)(?=[\r\n]|\Z)")
"""The rest of a line: spaces, or a comment."""


def _before(entry: Entry) -> Entry | None:
    """Return the entry before an entry of a collection."""
    if entry.parent is None or entry.index == 0:
        return None
    return entry.parent.entries[entry.index - 1]


def last_of(entry: Entry) -> Entry:
    """Return the innermost last entry of an entry of a block collection; the entry itself if it contains none."""
    while entry.node.block:
        entry = entry.node.entries[-1]
    return entry


def runs(entries: Sequence[Entry], doomed: set[int]) -> list[tuple[int, int]]:
    """Return the ranges of indices of adjacent removed entries."""
    runs: list[tuple[int, int]] = []
    for index, entry in enumerate(entries):
        if entry.start not in doomed:
            continue
        if runs and runs[-1][1] == index:
            runs[-1] = runs[-1][0], index + 1
        else:
            runs.append((index, index + 1))
    return runs
