"""Files included with `$file`: their text, the structure of JSON and YAML files, and the places of their values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from reconciler.manifests import scalars
from reconciler.manifests.folder import MAX_INCLUDED, locate, read_text
from reconciler.manifests.limits import MAX_DEPTH, MAX_NODES, size_of
from reconciler.manifests.parsing import Document, parse
from reconciler.manifests.positions import PositionTree, json_positions, yaml_positions
from reconciler.resources.address import composed
from reconciler.resources.base import Path as Keys
from reconciler.resources.name_lists import shown
from reconciler.resources.problems import Finding, Place, Problem
from reconciler.resources.values import JSON

_STRUCTURED: Final = (".json", ".yaml", ".yml")
_LINE_BREAK: Final = re.compile(r"\r\n?")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Source:
    """An included file, before variables are replaced."""

    path: str
    """Relative to the project folder."""
    file: str
    """Path for messages."""
    text: str
    structured: bool
    """True if the name has a suffix of JSON or YAML."""
    value: JSON = None
    nodes: int = 0
    problems: tuple[Problem, ...] = ()
    """Reasons that the file has no value."""

    @cached_property
    def _lines(self) -> str:
        """The text with the line ends of YAML. A checkout may have converted those of the file."""
        return _LINE_BREAK.sub("\n", self.text) if "\r" in self.text else self.text

    @property
    def content(self) -> str:
        """The text without its final newline, which is not part of the value, and with line feeds as line ends."""
        return self._lines.removesuffix("\n")

    @cached_property
    def _positions(self) -> PositionTree:
        return json_positions(self.text) if self.path.endswith(".json") else yaml_positions(self.text)

    def where(self, path: Keys, on_key: bool = False) -> Place:
        line, column = self._positions.find_key(path) if on_key else self._positions.find(path)[0]
        return Place(self.file, line + 1, column + 1)

    def place_of(self, offset: int) -> Place:
        """Return the place of a character of the content."""
        start = self._lines.rfind("\n", 0, offset) + 1
        return Place(self.file, self._lines.count("\n", 0, offset) + 1, offset - start + 1)


@dataclass
class Sources:
    """Included files of one run. Each is read once."""

    root: Path
    shown: str
    """Prefix of paths in messages."""
    edited: Mapping[str, str] = field(default_factory=dict)
    """Texts that are used instead of the files, by path."""
    read: dict[str, Source] = field(default_factory=dict)

    def __call__(self, path: str) -> Source:
        """Return the file at `path`; raises `UnreadableError`."""
        path = composed(path)
        if path not in self.read:
            self.read[path] = self._read(path)
        return self.read[path]

    def _read(self, path: str) -> Source:
        text = self.edited[path] if path in self.edited else read_text(locate(self.root, path), MAX_INCLUDED)
        file = self.shown + path
        if not path.endswith(_STRUCTURED):
            return Source(path, file, text, structured=False)
        value, problems = _json(text, file) if path.endswith(".json") else _yaml(text, file)
        nodes, depth = _nodes(value)
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            bounds = f"more than {MAX_NODES:,} values, or nested deeper than {MAX_DEPTH} levels"
            value, nodes, problems = None, 0, (Problem("too-large", bounds, Place(file)),)
        return Source(path, file, text, True, value, nodes, problems)


def _yaml(text: str, file: str) -> tuple[JSON, tuple[Problem, ...]]:
    documents = list(parse(text, file))
    problems = [problem for document in documents for problem in document.problems]
    full = [document for document in documents if not document.empty]
    if len(full) != 1 and not problems:
        problems.append(Problem("syntax", f"expected one YAML document, found {len(full)}", Place(file)))
    return (None if problems else full[0].value), tuple(problems)


class _RefusedError(ValueError):
    """A value that is valid JSON but not supported."""


def _json(text: str, file: str) -> tuple[JSON, tuple[Problem, ...]]:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=lambda number: _number(scalars.integer(number)),
            parse_float=lambda number: _number(scalars.floating(number)),
            parse_constant=lambda name: _number(scalars.Unclear(f"{name} is not valid JSON")),
        )
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        problem = Problem(
            "syntax", f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", Place(file, error.lineno, error.colno)
        )
    except _RefusedError as error:
        problem = Problem("syntax", str(error), Place(file))
    except RecursionError:
        problem = Problem("too-deep", f"nested deeper than {MAX_DEPTH} levels", Place(file))
    except UnicodeEncodeError:
        problem = Problem("syntax", "a string contains half of a surrogate pair", Place(file))
    else:
        return value, ()
    return None, (problem,)


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    made: dict[str, JSON] = {}
    for key, value in pairs:
        if key in made:
            raise _RefusedError(f"the key {shown(key)} is repeated in one object")
        made[key] = value
    return made


def _number(value: float | scalars.Unclear) -> float:
    if isinstance(value, scalars.Unclear):
        raise _RefusedError(value.reason)
    return value


def text_size(value: JSON) -> int:
    """Return the number of bytes of all texts and keys in `value`, which has at most `MAX_NODES` values."""
    size, level = 0, [value]
    while level:
        size += sum(size_of(one) for one in level if isinstance(one, str))
        size += sum(size_of(key) for one in level if isinstance(one, Mapping) for key in one)
        level = [child for parent in level for child in _children(parent)]
    return size


def _nodes(value: JSON) -> tuple[int, int]:
    """Return the number of values, and their depth of nesting."""
    nodes, depth, level = 1, 0, [value]
    while level := [child for parent in level for child in _children(parent)]:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            break
    return nodes, depth


def _children(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


@dataclass
class Positions:
    """The places of the values of a document, computed on first use."""

    document: Document
    includes: Mapping[Keys, Source] = field(default_factory=dict)

    @cached_property
    def _positions(self) -> PositionTree:
        return yaml_positions(self.document.text)

    def where(self, path: Keys, on_key: bool = False) -> Place:
        """Return the place of the value at `path`, or of the closest value around it. The place of an included value
        is in the included file.
        """
        if self.document.value is None:
            return self.document.place
        if self._is_in_body(path):
            return self.place_in(path, 0)
        for length in range(len(path)):
            source = self.includes.get(path[:length])
            if source and source.structured and not source.problems:
                return source.where(path[length:], on_key)
        line, column = self._positions.find_key(path) if on_key else self._positions.find(path)[0]
        return Place(self.document.file, self.document.line + line + 1, column + 1)

    def place_in(self, path: Keys, offset: int) -> Place:
        """Return the place of a character of the text at `path`, if it is the body of a manifest in Markdown; otherwise
        the place of the text.
        """
        body = self.document.body
        return body.place_of(offset) if body and self._is_in_body(path) else self.where(path)

    def _is_in_body(self, path: Keys) -> bool:
        body = self.document.body
        field = ("spec", body.field) if body and body.text is not None else ()
        return bool(field) and path[:2] == field and self._positions.find(field)[1] < len(field)

    def source(self, path: Keys) -> str:
        """Return the source of the scalar at `path` of the document, such as `1.10`."""
        return self._positions.source(path)

    def problem(self, finding: Finding) -> Problem:
        place = self.where(finding.path, finding.on_key)
        return Problem(finding.code, finding.message, place, finding.hint, finding.severity)


def with_includes(value: JSON, path: Keys, structures: Mapping[Keys, Source], texts: Mapping[Keys, Source]) -> JSON:
    """Return the value at `path` with the content of the files that it includes, before variables are replaced.

    Files in `texts`, and files without a structure, are included as text.
    """
    if path in texts:
        return texts[path].content
    if path in structures:
        source = structures[path]
        return source.value if source.structured else source.content
    if isinstance(value, dict):
        return {key: with_includes(item, (*path, key), structures, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [with_includes(item, (*path, index), structures, texts) for index, item in enumerate(value)]
    return value
