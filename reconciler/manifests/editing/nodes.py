"""Nodes of a YAML document with their positions in the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.manifests.libyaml import events
from reconciler.manifests.scalars import plain
from reconciler.resources.values import JSON, same

_PROPERTIES: Final = re.compile(r"(?:(?:&[^\s,\[\]{}]+|!(?:!str)?)(?:\s+|\Z)(?:#[^\n]*\s*)*){0,2}")
"""An anchor and a tag, in any order, with the white space after them."""
_COLON: Final = re.compile(r"(?:\s++|(?<=\s)#[^\n]*+)*+:")


@dataclass(slots=True)
class Node:
    """One value of the document."""

    kind: Literal["scalar", "mapping", "sequence", "alias"]
    start: int
    """Start of the value, or of its anchor if it has one."""
    content: int
    """Start of the value, after its anchor."""
    end: int
    """End of the value; for a block collection, of its last entry; for a block scalar, the start of a line."""
    value: JSON = None
    style: str = ""
    """Style of a scalar: `'`, `"`, `|`, `>`, or empty if it is plain."""
    flow: bool = False
    column: int = 0
    """Column of the entries of a block collection."""
    anchor: str | None = None
    target: "Node | None" = None
    """Node that an alias repeats."""
    entries: "list[Entry]" = field(default_factory=list)

    @property
    def block_scalar(self) -> bool:
        return self.style in {"|", ">"}

    @property
    def block(self) -> bool:
        """True for a collection in block style."""
        return bool(self.entries) and not self.flow

    @property
    def empty(self) -> bool:
        """True for a missing value, as in `key:`."""
        return self.kind == "scalar" and not self.style and self.content == self.end


@dataclass(slots=True)
class Entry:
    """A value with its key or dash."""

    parent: Node | None
    start: int
    """Start of the key or the dash; in flow sequences, of the value."""
    after: int
    """End of the colon or the dash."""
    node: Node
    key: str | None = None
    quoted: bool = False
    """True if the key is in double quotes."""
    colon: bool = True
    """False for a key without a colon in a flow mapping."""
    floor: int = 0
    """End of the scalar, the alias or the bracket before the entry. Comments of the entry are below it."""
    index: int = 0
    """Position in the parent."""

    @property
    def end(self) -> int:
        return self.after if self.node.empty else self.node.end


def compose(text: str) -> tuple[Entry, list[Entry]]:
    """Return the root of a document that `parsing.parse_document` reads without problems, and every alias in it."""
    composer = _Composer(text)
    for event in events(text):
        composer.take(event)
    return composer.root, composer.aliases


@dataclass
class _Composer:
    text: str
    stack: list[Node] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    """Key without a value so far, for each open collection."""
    anchors: dict[str, Node] = field(default_factory=dict)
    aliases: list[Entry] = field(default_factory=list)
    last: int = 0
    """End of the last scalar, alias or bracket."""
    floor: int = 0
    """The value of `last` at the start of the entry that is being read."""
    root: Entry = field(init=False)

    def take(self, event: Any) -> None:
        is_value = bool(self.stack) and self.stack[-1].kind == "mapping" and self.keys[-1] is not None
        if not is_value:
            self.floor = self.last
        match event:
            case ScalarEvent() if self.stack and self.stack[-1].kind == "mapping" and self.keys[-1] is None:
                self.keys[-1] = event
                if event.anchor:
                    start, end = _span(event)
                    self.anchors[event.anchor] = Node("scalar", start, start, end, event.value)
            case ScalarEvent():
                self.put(self.scalar(event), event.anchor)
            case AliasEvent():
                target = self.anchors[event.anchor]
                start, end = _span(event)
                self.aliases.append(self.put(Node("alias", start, start, end, target.value, target=target)))
            case MappingStartEvent() | SequenceStartEvent():
                self.open(event)
            case MappingEndEvent() | SequenceEndEvent():
                self.close(event)
        if isinstance(event, ScalarEvent | AliasEvent) and event.start_mark.index < event.end_mark.index:
            self.last = event.end_mark.index

    def scalar(self, event: Any) -> Node:
        start, end = _span(event)
        value = plain(event.value) if event.tag is None and event.implicit[0] else event.value
        return Node("scalar", start, self.content(start), end, value, event.style or "")

    def content(self, start: int) -> int:
        found = _PROPERTIES.match(self.text, start)
        return found.end() if found else start

    def open(self, event: Any) -> None:
        start, end = _span(event)
        mapping, flow = isinstance(event, MappingStartEvent), bool(event.flow_style)
        if not (flow or mapping) and self.text[end : end + 1] != "-":
            end -= 1  # if a sequence is not indented under its key, the event includes the first dash
        column = end - (self.text.rfind("\n", 0, end) + 1)
        content = self.content(start) if flow else end
        self.last = end if flow else self.last
        node = Node("mapping" if mapping else "sequence", start, content, end, flow=flow, column=column)
        self.put(node, event.anchor)
        self.stack.append(node)
        self.keys.append(None)

    def close(self, event: Any) -> None:
        node = self.stack.pop()
        self.keys.pop()
        if node.flow:
            self.last = event.end_mark.index
        node.end = event.end_mark.index if node.flow else node.entries[-1].end
        if node.kind == "mapping":
            node.value = {entry.key: entry.node.value for entry in node.entries}
        else:
            node.value = [entry.node.value for entry in node.entries]

    def put(self, node: Node, anchor: str | None = None) -> Entry:
        if anchor:
            self.anchors[anchor] = node
            node.anchor = anchor
        parent = self.stack[-1] if self.stack else None
        entry = self.entry(parent, node)
        if parent is None:
            self.root = entry
        else:
            entry.index = len(parent.entries)
            parent.entries.append(entry)
        return entry

    def entry(self, parent: Node | None, node: Node) -> Entry:
        if parent is None:
            return Entry(None, node.start, node.start, node, floor=self.floor)
        if parent.kind == "mapping":
            key, self.keys[-1] = self.keys[-1], None
            colon = _COLON.match(self.text, key.end_mark.index)
            after = colon.end() if colon else key.end_mark.index
            quoted = key.style == '"'
            return Entry(parent, self.key_start(key), after, node, key.value, quoted, colon is not None, self.floor)
        if parent.flow:
            return Entry(parent, node.start, node.start, node, floor=self.floor)
        dash = self.dash(parent.column, node.start)
        return Entry(parent, dash, dash + 1, node, floor=self.floor)

    def key_start(self, key: Any) -> int:
        """Return the start of a key, or of the question mark before it."""
        start: int = key.start_mark.index
        mark = self.text.rfind("?", self.text.rfind("\n", 0, start) + 1, start)
        return start if mark < 0 or self.text[mark + 1 : start].strip(" ") else mark

    def dash(self, column: int, start: int) -> int:
        """Return the position of the closest dash in this column before `start`."""
        line = self.text.rfind("\n", 0, start) + 1
        while line and not self._is_dash(line, column, start):
            line = self.text.rfind("\n", 0, line - 1) + 1
        return line + column

    def _is_dash(self, line: int, column: int, start: int) -> bool:
        at = line + column
        return at < start and self.text[at] == "-" and not {"#", "\n"} & set(self.text[line:at])


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def descendants(node: Node) -> Iterator[Node]:
    """Yield the node and all nodes inside it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(entry.node for entry in found.entries)


def is_movable(entry: Entry, value: JSON) -> bool:
    """Return True if the text of an entry has the value wherever it stands: it contains no anchors and no aliases."""
    nodes = descendants(entry.node)
    return same(entry.node.value, value) and not any(one.anchor or one.kind == "alias" for one in nodes)


def first_difference(entry: Entry, wanted: JSON, text: str) -> int:
    """Return the line of the first value that differs."""
    node = entry.node
    inner: Entry | None = None
    if node.kind == "mapping" and isinstance(wanted, dict):
        differs = (one for one in node.entries if one.key not in wanted or not same(one.node.value, wanted[one.key]))
        inner = next(differs, node.entries[-1] if node.entries else None)
        wanted = wanted.get(inner.key) if inner else None
    elif node.kind == "sequence" and isinstance(wanted, list):
        pairs = zip(node.entries, wanted, strict=False)
        inner, wanted = next(
            ((one, item) for one, item in pairs if not same(one.node.value, item)),
            (node.entries[-1] if node.entries else None, None),
        )
    if inner is None or same(inner.node.value, wanted):
        return text.count("\n", 0, (inner or entry).start) + 1
    return first_difference(inner, wanted, text)
