"""Parsing of YAML text to JSON values, document by document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml.error import MarkedYAMLError

from reconciler.manifests.building import Builder, NotPlainError, plain_collection
from reconciler.manifests.libyaml import fast_events, is_outdated, syntax_problem, thorough_events
from reconciler.manifests.limits import MAX_DOCUMENTS, MAX_NODES, Allowance
from reconciler.manifests.simple_yaml import NotSimpleError, simple_mapping
from reconciler.resources.packs import Pack, Packed
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON, strings_in

if TYPE_CHECKING:
    from reconciler.manifests.bodies import Body

_DIRECTIVES: Final = r"\ufeff?(?:%[^\n]*\n(?:[ \t]*(?:#[^\n]*|\r)?\n){0,100}){0,3}"
_MARKER: Final = re.compile(r"---(?<=^---)(?=[ \t\r\n]|\Z)", re.MULTILINE)
"""The start of a document: `---` at the start of a line."""
_MARKER_WITH_DIRECTIVES: Final = re.compile(rf"^{_DIRECTIVES}---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_HEAD: Final = re.compile(_DIRECTIVES)
_VERSION: Final = re.compile(r"^\ufeff?%YAML[ \t]+([^\s#]+)", re.MULTILINE)
YAML_VERSION: Final = "1.2"
_CONTROL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""A character that YAML does not permit. Those that it permits as a set would take ten times as long to compile."""

_TEXTS: Final = Pack()


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
    packed: Packed | None = field(default=None, init=False, repr=False, compare=False)
    """The text, if it was released."""

    @property
    def source(self) -> str:
        """The text of the document with its body."""
        return self.text if self.body is None else self.text + self.body.source

    @property
    def written(self) -> JSON:
        """The value, or the part of it that can be read."""
        return self.outset if self.value is None else self.value

    def release(self) -> None:
        """Release the memory of the text and the value. The text is in a pack, and the value is parsed again if
        something reads it: once a manifest is validated, nothing reads those of most manifests.
        """
        if self.value is None or self.body is not None or self.problems or self.repeated:
            return  # parsing the text would not have the same result
        object.__delattr__(self, "value")
        if self.packed is None:
            object.__setattr__(self, "packed", _TEXTS.add(self.text.encode()))
            object.__delattr__(self, "text")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "text" and self.packed:
                return self.packed.read().decode()
            if name != "value":
                raise AttributeError(name)
            value = parse_document(self.text, self.file, self.line).value
            object.__setattr__(self, "value", value)
            return value


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
    if plain := _plain(text, file, line):
        return plain
    bytes_left = allowance.spare
    builder = Builder(file, line, spare, allowance)
    error = builder.read(fast_events(text))
    if error is not None:
        allowance.spare = bytes_left
        second = Builder(file, line, spare, allowance)
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


def _plain(text: str, file: str, line: int) -> Document | None:
    """Return a document without anything to report; None if it may not be one."""
    if len(text) >= MAX_NODES:  # it may have more values, which `Builder` counts
        return None
    value: JSON
    try:
        value, first = simple_mapping(text)
        place = Place(file, line + text.count("\n", 0, first) + 1, 1)
    except NotSimpleError:
        try:
            value, mark = plain_collection(fast_events(text))
        except (NotPlainError, MarkedYAMLError):
            return None
        place = Place(file, line + mark.line + 1, mark.column + 1)
    # An escape in double quotes can be a dollar, too.
    dollars = ("$" in text or "\\" in text) and any("$" in one for one in strings_in(value))
    return Document(file, line, text, value, place, dollars)


def _version_problem(text: str, file: str, line: int) -> Problem | None:
    head = _HEAD.match(text)
    found = _VERSION.search(head[0]) if head else None
    if found is None or found[1] == YAML_VERSION:
        return None
    place = Place(file, line + text.count("\n", 0, found.start()) + 1, 1)
    message = f"the document is written in YAML {found[1]}, but manifests are read as YAML {YAML_VERSION}"
    hint = f"remove the line `%YAML {found[1]}`, and put quotes around text such as yes, no, on and off"
    return Problem("yaml-version", message, place, hint)
