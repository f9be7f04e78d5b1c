"""Building of JSON values from the events of libyaml, with the line and column of every problem.

Most documents that `simple_yaml` cannot read are still plain: their value is built by `plain_collection`. Only a
document with something to report, or with aliases or tags, is read by `Builder`.

ruamel's loader is not used. It recurses in C (50,000 nested brackets crash the process) and takes five times as long,
because it resolves tags and records marks of every value. Limits are checked for each event, so that large inputs are
refused early.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.manifests.limits import LESS, MAX_DEPTH, MAX_EXPANDED, MAX_NODES, Allowance, repeated_too_much, size_of
from reconciler.manifests.scalars import Unclear, plain
from reconciler.resources.name_lists import shown
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

_STARTS: Final = (MappingStartEvent, SequenceStartEvent)
_STRING_TAGS: Final = ("!", "tag:yaml.org,2002:str")


class _FatalError(Exception):
    """A problem after which the rest of a document cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    """A collection that is still open."""

    container: dict[str, JSON] | list[JSON]
    before: int
    """Number of nodes of the document before it."""
    bytes_before: int
    anchor: str | None
    key: str | None = None
    skip: bool = False
    """True if the next value is dropped, because its key was reported."""
    height: int = 1


@dataclass(slots=True)
class _Anchored:
    value: JSON
    nodes: int
    height: int
    size: int
    """Number of bytes of its scalars and keys."""


@dataclass(slots=True)
class Builder:
    """Builds the value of one document from events."""

    file: str
    line: int
    spare: int
    allowance: Allowance
    problems: list[Problem] = field(default_factory=list)
    root: JSON = None
    place: Place | None = None
    dollars: bool = False
    empty: bool = True
    nodes: int = 0
    repeated: int = 0
    bytes: int = 0
    repeated_bytes: int = 0
    stopped: bool = False
    """True after a problem that ends the reading."""
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)
    """None for a collection that is still open."""

    def at(self, mark: Any) -> Place:
        return Place(self.file, self.line + mark.line + 1, mark.column + 1)

    def read(self, stream: Iterator[Any]) -> MarkedYAMLError | None:
        """Build the value from events; return the syntax error that ends them."""
        try:
            self.run(stream)
        except MarkedYAMLError as error:
            return error
        except _FatalError as fatal:
            self.problems.append(fatal.problem)
            self.stopped = True
        return None

    def run(self, stream: Iterator[Any]) -> None:
        handlers = {
            ScalarEvent: self.scalar,
            MappingStartEvent: self.open,
            SequenceStartEvent: self.open,
            MappingEndEvent: self.close,
            SequenceEndEvent: self.close,
            AliasEvent: self.alias,
            DocumentStartEvent: self.document,
        }
        for event in stream:
            handle = handlers.get(event.__class__)
            if handle:
                handle(event)

    def document(self, event: Any) -> None:
        if self.place:
            raise _FatalError(Problem("syntax", "a second document without `---` before it", self.at(event.start_mark)))

    def scalar(self, event: Any) -> None:
        text: str = event.value
        self.bytes += size_of(text)
        if "$" in text:
            self.dollars = True
        frame = self.stack[-1] if self.stack else None
        if frame and frame.key is None and frame.container.__class__ is dict:
            self.key(frame, event)
            return
        value = self.value(event)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, 1, 0, size_of(text))
        self.count(1, event)
        if frame:
            self.put(frame, value)
        else:
            self.begin(event)
            self.root, self.empty = value, text == "" and event.implicit[0]

    def value(self, event: Any) -> JSON:
        if event.tag is not None:
            if event.tag not in _STRING_TAGS:
                self.unknown_tag(event)
        elif event.implicit[0]:
            value = plain(event.value)
            if not isinstance(value, Unclear):
                return value
            self.report("unclear-scalar", value.reason, event)
        return event.value

    def unknown_tag(self, event: Any) -> None:
        self.report("unknown-tag", f"the tag {event.tag} is not supported", event, "remove the tag")

    def key(self, frame: _Frame, event: Any) -> None:
        key = frame.key = event.value
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(key, 1, 0, size_of(key))
        if event.implicit[0] and key == "<<":
            frame.skip = True
            self.report("merge-key", "merge keys (<<) are not supported", event, "write the fields instead")
        elif key in frame.container:
            frame.skip = True
            self.report("duplicate-key", f"the key {shown(key)} is repeated", event, "remove one of the two")
        elif not isinstance(self.value(event), str):
            self.report("non-string-key", f"the key {shown(key)} is not a string", event, "write it in quotes")

    def open(self, event: Any) -> None:
        if self.stack and self.stack[-1].key is None and self.stack[-1].container.__class__ is dict:
            self.fail("non-string-key", "a key must be a string", event)
        if len(self.stack) >= MAX_DEPTH:
            self.fail("too-deep", f"nested deeper than {MAX_DEPTH} levels", event)
        if event.tag is not None:
            self.unknown_tag(event)
        if not self.stack:
            self.begin(event)
            self.empty = False
        if event.anchor:
            self.anchors[event.anchor] = None
        container: dict[str, JSON] | list[JSON] = {} if event.__class__ is MappingStartEvent else []
        self.stack.append(_Frame(container, self.nodes, self.bytes, event.anchor))
        self.count(1, event)

    def close(self, _event: Any) -> None:
        frame = self.stack.pop()
        if frame.anchor:
            nodes, size = self.nodes - frame.before, self.bytes - frame.bytes_before
            self.anchors[frame.anchor] = _Anchored(frame.container, nodes, frame.height, size)
        if not self.stack:
            self.root = frame.container
            return
        parent = self.stack[-1]
        parent.height = max(parent.height, frame.height + 1)
        self.put(parent, frame.container)

    def alias(self, event: Any) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is None or (frame.key is None and frame.container.__class__ is dict):
            self.fail("alias", "an alias is not allowed here", event)
            return
        if event.anchor not in self.anchors:
            message = f"*{event.anchor} refers to an anchor that does not exist above it"
            self.report("unknown-alias", message, event, "quote text that starts with `*` or `&`")
            self.put(frame, None)
            return
        found = self.anchors[event.anchor]
        if found is None:
            self.fail("recursive-alias", f"*{event.anchor} is inside the value that it refers to", event)
            return
        if len(self.stack) + found.height > MAX_DEPTH:
            self.fail("too-deep", f"nested deeper than {MAX_DEPTH} levels", event)
        frame.height = max(frame.height, found.height + 1)
        self.repeated += found.nodes
        if self.repeated > self.spare:
            self.fail("too-large", f"aliases repeat more than {MAX_NODES:,} values of this file", event)
        self.repeat(found.size, event)
        self.count(found.nodes, event)
        self.put(frame, found.value)

    def repeat(self, size: int, event: Any) -> None:
        self.bytes += size
        self.repeated_bytes += size
        if self.repeated_bytes > MAX_EXPANDED:
            message = f"aliases repeat more than {MAX_EXPANDED // 2**20} MiB of text in this document"
            self.fail("too-large", message, event, LESS)
        if not self.allowance.take(size):
            self.fail("too-large", repeated_too_much(), event, LESS)

    def put(self, frame: _Frame, value: JSON) -> None:
        if isinstance(frame.container, list):
            frame.container.append(value)
            return
        if not frame.skip and frame.key is not None:
            frame.container[frame.key] = value
        frame.key, frame.skip = None, False

    def begin(self, event: Any) -> None:
        self.place = self.at(event.start_mark)

    def count(self, nodes: int, event: Any) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values in one document, including those that aliases repeat"
            self.fail("too-large", message, event)

    def report(self, code: str, message: str, event: Any, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.at(event.start_mark), hint))

    def fail(self, code: str, message: str, event: Any, hint: str = "") -> None:
        raise _FatalError(Problem(code, message, self.at(event.start_mark), hint))


class NotPlainError(Exception):
    """A document that `Builder` must read."""


def plain_collection(stream: Iterator[Any]) -> tuple[JSON, Any]:
    """Return the value of a document and the mark of its start; raises NotPlainError if there is something to report
    or to count in it, or if it is not a mapping or a list, and MarkedYAMLError if it is not valid.
    """
    event = next(one for one in stream if isinstance(one, NodeEvent | StreamEndEvent))
    if event.__class__ not in _STARTS:
        raise NotPlainError
    value = _plain_value(event, stream, 1)
    if any(one.__class__ is DocumentStartEvent for one in stream):
        raise NotPlainError
    return value, event.start_mark


def _plain_value(event: Any, stream: Iterator[Any], depth: int) -> JSON:
    """Return the value that begins with `event`; `depth` is that of a collection."""
    if event.anchor is not None:
        raise NotPlainError
    if event.__class__ is ScalarEvent:
        return _plain_scalar(event)
    if event.tag is not None or depth > MAX_DEPTH:
        raise NotPlainError
    if event.__class__ is MappingStartEvent:
        return _plain_mapping(stream, depth)
    items: list[JSON] = []
    for item in stream:
        if item.__class__ is SequenceEndEvent:
            break
        items.append(_plain_value(item, stream, depth + 1))
    return items


def _plain_mapping(stream: Iterator[Any], depth: int) -> dict[str, JSON]:
    fields: dict[str, JSON] = {}
    for event in stream:
        if event.__class__ is MappingEndEvent:
            break
        if event.__class__ is not ScalarEvent or event.anchor is not None:
            raise NotPlainError
        key = _plain_scalar(event)
        if key.__class__ is not str or key in fields or (key == "<<" and event.implicit[0]):
            raise NotPlainError
        fields[sys.intern(key)] = _plain_value(next(stream), stream, depth + 1)
    return fields


def _plain_scalar(event: Any) -> JSON:
    if event.tag is not None:
        raise NotPlainError
    if not event.implicit[0]:
        return event.value
    value = plain(event.value)
    if value.__class__ is Unclear:
        raise NotPlainError
    return value
