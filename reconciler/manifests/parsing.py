"""Parsing of YAML text to JSON values, document by document, with the line and column of every problem.

Values are built from libyaml's events, not by ruamel's loader. The loader recurses in C (50,000 nested brackets crash
the process) and takes five times as long, because it resolves tags and records marks of every value. Limits are checked
for each event, so that large inputs are refused early.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.manifests.libyaml import fast_events, is_outdated, syntax_problem, thorough_events
from reconciler.manifests.scalars import Unclear, plain
from reconciler.resources.name_lists import shown
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

if TYPE_CHECKING:
    from reconciler.manifests.bodies import Body

MAX_DOCUMENTS: Final = 10_000
MAX_DEPTH: Final = 64
MAX_NODES: Final = 100_000
MAX_EXPANDED: Final = 16 * 2**20
"""Largest number of bytes that aliases, included files and variables may add to one document."""
MAX_REPEATED: Final = 256 * 2**20
"""Largest number of bytes that they may repeat in all documents of one run."""
LESS: Final = "use shorter values or files, or use them less often"

_DIRECTIVES: Final = r"\ufeff?(?:%[^\n]*\n(?:[ \t]*(?:#[^\n]*|\r)?\n){0,100}){0,3}"
_MARKER: Final = re.compile(r"---(?<=^---)(?=[ \t\r\n]|\Z)", re.MULTILINE)
"""The start of a document: `---` at the start of a line."""
_MARKER_WITH_DIRECTIVES: Final = re.compile(rf"^{_DIRECTIVES}---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_HEAD: Final = re.compile(_DIRECTIVES)
_VERSION: Final = re.compile(r"^\ufeff?%YAML[ \t]+([^\s#]+)", re.MULTILINE)
YAML_VERSION: Final = "1.2"
_CONTROL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STRING_TAGS: Final = ("!", "tag:yaml.org,2002:str")


class _FatalError(Exception):
    """A problem after which the rest of a document cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Allowance:
    """The bytes that all documents of one run may still repeat."""

    spare: int = MAX_REPEATED

    def take(self, size: int) -> bool:
        """Take `size` bytes; return False if they are not left."""
        self.spare -= size
        return self.spare >= 0


def repeated_too_much() -> str:
    return f"aliases, included files and variables repeat more than {MAX_REPEATED // 2**20} MiB of text in this project"


def size_of(text: str) -> int:
    """Return the number of bytes of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document with its value, which is None if the document is empty or cannot be read."""

    file: str
    line: int
    """Number of lines of the file above the document."""
    text: str
    """Text of the document; of a manifest in Markdown, the front matter with the line above it."""
    value: JSON
    place: Place
    """Place of the first value."""
    dollars: bool
    """True if a key or a value contains `$`, so that there may be something to include or to replace."""
    problems: tuple[Problem, ...] = ()
    empty: bool = False
    repeated: int = 0
    """Number of values that aliases repeat."""
    repeated_bytes: int = 0
    """Size of the text that aliases repeat."""
    outset: JSON = None
    """Part of the value above an error that ends the parsing of the document."""
    body: "Body | None" = None
    """Text below the front matter of a manifest in Markdown."""

    @property
    def source(self) -> str:
        """The text of the document with its body."""
        return self.text if self.body is None else self.text + self.body.source

    @property
    def written(self) -> JSON:
        """The value, or the part of it that can be read."""
        return self.outset if self.value is None else self.value


def parse(text: str, file: str, allowance: Allowance | None = None) -> Iterator[Document]:
    """Yield the documents of a file, including those after one that cannot be read. What their aliases repeat is taken
    from `allowance`.
    """
    allowance = allowance or Allowance()
    control = _CONTROL.search(text)
    if control:
        yield _unreadable(text, file, control)
        return
    has_directives = text[:1] in {"%", "\ufeff"} or "\n%" in text or "\n\ufeff" in text
    marker = _MARKER_WITH_DIRECTIVES if has_directives else _MARKER
    starts = [0, *islice((found.start() for found in marker.finditer(text) if found.start()), MAX_DOCUMENTS + 1)]
    if len(starts) > MAX_DOCUMENTS:
        problem = Problem("too-large", f"more than {MAX_DOCUMENTS:,} documents in one file", Place(file))
        yield Document(file, 0, "", None, Place(file), dollars=False, problems=(problem,))
        return
    line, spare = 0, MAX_NODES
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        document = parse_document(text[start:end], file, line, spare, allowance)
        spare -= document.repeated
        yield document
        line += text.count("\n", start, end)


def _unreadable(text: str, file: str, control: re.Match[str]) -> Document:
    line = text.count("\n", 0, control.start())
    column = control.start() - (text.rfind("\n", 0, control.start()) + 1)
    place = Place(file, line + 1, column + 1)
    problem = Problem("control-character", f"the character U+{ord(control[0]):04X} is not allowed in YAML", place)
    return Document(file, 0, text, None, place, dollars=False, problems=(problem,))


def parse_document(
    text: str, file: str, line: int = 0, spare: int = MAX_NODES, allowance: Allowance | None = None
) -> Document:
    """Parse a text that is one document. Its aliases may repeat at most `spare` values, and text of `allowance`."""
    allowance = allowance or Allowance()
    problem = _version_problem(text, file, line) if "%YAML" in text else None
    if problem:
        return Document(file, line, text, None, Place(file, line + 1), dollars=False, problems=(problem,))
    bytes_left = allowance.spare
    builder = _Builder(file, line, spare, allowance)
    error = builder.read(fast_events(text))
    if error is not None:
        allowance.spare = bytes_left
        second = _Builder(file, line, spare, allowance)
        second_error = second.read(thorough_events(text))
        if second_error is None or is_outdated(error, second_error):
            builder, error = second, second_error
    if error is not None:
        builder.problems.append(syntax_problem(error, builder.at, text))
    problems = tuple(builder.problems)
    if error is not None or builder.stopped:
        place, outset = Place(file, line + 1), builder.stack[0].container if builder.stack else None
        return Document(file, line, text, None, place, dollars=False, problems=problems, outset=outset)
    place = builder.place or Place(file, line + 1)
    empty, repeated, size = builder.empty, builder.repeated, builder.repeated_bytes
    return Document(file, line, text, builder.root, place, builder.dollars, problems, empty, repeated, size)


def _version_problem(text: str, file: str, line: int) -> Problem | None:
    head = _HEAD.match(text)
    found = _VERSION.search(head[0]) if head else None
    if found is None or found[1] == YAML_VERSION:
        return None
    place = Place(file, line + text.count("\n", 0, found.start()) + 1, 1)
    message = f"the document is written in YAML {found[1]}, but manifests are read as YAML {YAML_VERSION}"
    hint = f"remove the line `%YAML {found[1]}`, and put quotes around text such as yes, no, on and off"
    return Problem("yaml-version", message, place, hint)


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
class _Builder:
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
