"""Positions of the values of a YAML or JSON text. They are computed only if a message needs one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple, TypeAlias

from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.manifests.libyaml import events
from reconciler.resources.base import Path

Mark: TypeAlias = tuple[int, int]
"""Line and column, both from 0."""


@dataclass(slots=True)
class PositionTree:
    """The position of a value, and of the values inside it."""

    mark: Mark
    keys: dict[str | int, Mark] = field(default_factory=dict)
    items: dict[str | int, "PositionTree"] = field(default_factory=dict)
    text: str = ""
    """Source of a scalar."""

    def find(self, path: Path) -> tuple[Mark, int]:
        """Return the position of the value at `path`, or of the closest value around it, and the number of parts of
        `path` that led to it.
        """
        node = self
        for used, part in enumerate(path):
            if part not in node.items:
                return node.mark, used
            node = node.items[part]
        return node.mark, len(path)

    def source(self, path: Path) -> str:
        """Return the source of the scalar at `path`; empty if there is none."""
        node = self
        for part in path:
            if part not in node.items:
                return ""
            node = node.items[part]
        return node.text

    def find_key(self, path: Path) -> Mark:
        """Return the position of the key at the end of `path`, or of the closest value around it."""
        node = self
        for part in path[:-1]:
            if part not in node.items:
                return node.mark
            node = node.items[part]
        return node.keys.get(path[-1], node.mark) if path else node.mark


class _Token(NamedTuple):
    type: Literal["mapping", "sequence", "end", "scalar", "alias"]
    mark: Mark
    text: str = ""
    anchor: str | None = None


def yaml_positions(text: str) -> PositionTree:
    """Return the positions in one YAML document that `parsing.parse_document` can read."""
    return _tree(_yaml_tokens(text))


def json_positions(text: str) -> PositionTree:
    """Return the positions in a JSON text that `json.loads` can read."""
    return _tree(_json_tokens(text))


@dataclass(slots=True)
class _Open:
    node: PositionTree
    mapping: bool
    key: _Token | None = None

    def add(self, node: PositionTree) -> None:
        if not self.mapping:
            self.node.items[len(self.node.items)] = node
        elif self.key is not None:
            if self.key.text not in self.node.items:
                self.node.keys[self.key.text] = self.key.mark
                self.node.items[self.key.text] = node
            self.key = None


def _tree(tokens: Iterable[_Token]) -> PositionTree:
    root = _Open(PositionTree((0, 0)), mapping=False)
    stack, anchors = [root], dict[str, PositionTree]()
    for token in tokens:
        parent = stack[-1]
        if token.type == "end":
            stack.pop()
        elif token.type == "scalar" and parent.mapping and parent.key is None:
            parent.key = token
        else:
            target = anchors.get(token.text) if token.type == "alias" else None
            node = replace(target, mark=token.mark) if target else PositionTree(token.mark, text=token.text)
            parent.add(node)
            if token.anchor:
                anchors[token.anchor] = node
            if token.type in {"mapping", "sequence"}:
                stack.append(_Open(node, mapping=token.type == "mapping"))
    return root.node.items.get(0, root.node)


_ENDS: Final = (MappingEndEvent, SequenceEndEvent)


def _yaml_tokens(text: str) -> Iterator[_Token]:
    for event in events(text):
        mark = event.start_mark.line, event.start_mark.column
        if isinstance(event, _ENDS):
            yield _Token("end", mark)
        elif isinstance(event, AliasEvent):
            yield _Token("alias", mark, event.anchor)
        elif isinstance(event, ScalarEvent):
            yield _Token("scalar", mark, event.value, event.anchor)
        elif isinstance(event, MappingStartEvent):
            yield _Token("mapping", mark, "", event.anchor)
        elif isinstance(event, SequenceStartEvent):
            yield _Token("sequence", mark, "", event.anchor)


_JSON: Final = re.compile(
    r'(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<open>[\[{])|(?P<end>[\]}])|(?P<line>\n)|(?P<word>[^\s\[\]{},:"]++)'
)


def _json_tokens(text: str) -> Iterator[_Token]:
    line, start = 0, 0
    for found in _JSON.finditer(text):
        mark = line, found.start() - start
        match found.lastgroup:
            case "line":
                line, start = line + 1, found.end()
            case "open":
                yield _Token("mapping" if found[0] == "{" else "sequence", mark)
            case "end":
                yield _Token("end", mark)
            case "string":
                yield _Token("scalar", mark, _unquoted(found[0]))
            case _:
                yield _Token("scalar", mark, found[0])


def _unquoted(text: str) -> str:
    import json

    return str(json.loads(text)) if "\\" in text else text[1:-1]
