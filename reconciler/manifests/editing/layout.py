"""Lines of a document: the end of an entry, and the edits that add and remove entries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.manifests.editing.nodes import Entry, Node


@dataclass
class Layout:
    """A text and its pending edits."""

    text: str
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    removed: list[tuple[int, int]] = field(default_factory=list)
    """Spans of the removed values, with their keys."""

    @property
    def newline(self) -> str:
        found = re.search(r"\r?\n", self.text)
        return found[0] if found else "\n"

    def edit(self, start: int, end: int, new: str) -> None:
        self.edits.append((start, end, new))

    def applied(self) -> str:
        """Return the text with all edits; of overlapping edits, the earlier one wins."""
        made: list[str] = []
        at = 0
        for start, end, new in sorted(self.edits, key=lambda edit: edit[:2]):
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
        """Return True if there are only spaces before `at` on its line."""
        return not self.text[self.line_start(at) : at].strip(" ")

    def tail(self, entry: Entry) -> int:
        """Return the end of the last line of an entry in a block collection, after its comment."""
        node = last_of(entry).node
        end = entry.end
        if not node.block_scalar:
            return self.line_end(end)
        if "+" in self.text[node.content : self.line_end(node.content)].split("#")[0]:
            return self.line_end(max(end - 1, node.content)) if self.text[end - 1] == "\n" else end
        written = len(self.text[node.content : end].rstrip()) + node.content
        return self.line_end(written)

    # Adding

    def add_after(self, entry: Entry, column: int, entries: Sequence[Sequence[str]]) -> None:
        """Add entries of a block collection below `entry`: lists of lines, of which the first is not indented."""
        tail = self.tail(entry)
        lines = [line for first, *rest in entries for line in (" " * column + first, *rest)]
        ends = tail == len(self.text) and len(entries[-1]) > 1  # a block scalar ends with a line break
        self.edit(tail, tail, "".join(self.newline + line for line in lines) + (self.newline if ends else ""))

    def add_before(self, entry: Entry, column: int, entries: Sequence[Sequence[str]]) -> None:
        """Add entries of a block collection above `entry`, whose indentation is before its start."""
        indent = self.newline + " " * column
        self.edit(entry.start, entry.start, "".join(self.newline.join(lines) + indent for lines in entries))

    def add_to_flow(self, entry: Entry, texts: Sequence[str]) -> None:
        """Add entries of a flow collection after `entry`, on separate lines if it has a line of its own."""
        comma = re.compile(r"\s*,").match(self.text, entry.end)
        last = entry.parent is not None and entry is entry.parent.entries[-1]
        if not last or not self._alone(entry, comma.end() if comma else entry.end):
            self.edit(entry.end, entry.end, "".join(f", {text}" for text in texts))
            return
        indent = self.newline + self.text[self.line_start(entry.start) : entry.start]
        at = self.line_end(comma.end() if comma else entry.end)
        if comma:
            self.edit(at, at, "".join(f"{indent}{text}," for text in texts))
        else:
            self.edit(entry.end, entry.end, ",")
            self.edit(at, at, ",".join(indent + text for text in texts))

    def _alone(self, entry: Entry, end: int) -> bool:
        """Return True if there is no other entry on the lines of an entry of a flow collection."""
        rest = self.text[end : self.line_end(end)]
        return self.leads(entry.start) and (not rest.strip() or (rest.lstrip(" ").startswith("#") and rest[:1] == " "))

    # Removing

    def remove(self, node: Node, removed: Sequence[Entry], *, thorough: bool) -> None:
        """Remove entries of a collection that keeps others."""
        self.removed += [(entry.start, entry.node.end) for entry in removed]
        doomed = {entry.start for entry in removed}
        for run in _runs(node.entries, doomed):
            first, after = node.entries[run[0]], node.entries[run[1]] if run[1] < len(node.entries) else None
            last = node.entries[run[1] - 1]
            if node.flow:
                self._remove_from_flow(node.entries[run[0] - 1] if run[0] else None, first, last, after)
            else:
                self._remove_lines(node.entries[run[0] : run[1]], after, thorough)

    def _remove_from_flow(self, before: Entry | None, first: Entry, last: Entry, after: Entry | None) -> None:
        if after is None:
            start = before.end if before else first.start
            self.edit(start, last.end, "")
        elif self.leads(first.start) and self.leads(after.start):
            comma = self.text.find(",", last.end)
            self.edit(self.line_start(first.start), self.next_line(comma), "")
        else:
            self.edit(first.start, after.start, "")

    def _remove_lines(self, run: Sequence[Entry], after: Entry | None, thorough: bool) -> None:
        first, last = run[0], run[-1]
        if thorough and after:
            self.edit(first.start, after.start, "")
        elif thorough:
            self._remove_whole_lines(first.start, self._with_blank_lines(last.end))
        elif not self.leads(first.start) and after and not self.text[self.tail(last) : after.start].strip():
            self.edit(first.start, after.start, "")
        else:
            for entry in run:
                self._remove_whole_lines(entry.start, self.tail(entry))

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


def last_of(entry: Entry) -> Entry:
    """Return the innermost last entry of an entry of a block collection; the entry itself if it contains none."""
    while entry.node.block:
        entry = entry.node.entries[-1]
    return entry


def _runs(entries: Sequence[Entry], doomed: set[int]) -> list[tuple[int, int]]:
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
