"""The events of a YAML text, from libyaml."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

# The C parser itself. ruamel.yaml would quietly use its own where it is missing; importing it here fails instead.
from _ruamel_yaml import CParser  # type: ignore[import-not-found]
from ruamel.yaml.error import MarkedYAMLError

from reconciler.resources.problems import Place, Problem

_NO_BREAKS: Final = "\x85\u2028\u2029"
"""Line breaks to libyaml, which is of YAML 1.1; characters like others to YAML 1.2, to Git and to editors."""
_PRIVATE_USE: Final = range(0xE000, 0xF900)
_INDENT: Final = "indent like the line above; or put the text in quotes if it has a colon, or if quotes stand inside it"
_HINTS: Final = {
    "did not find expected key": _INDENT,
    "did not find expected '-' indicator": "indent like the line above: this is no item of the list that stands there",
    "mapping values are not allowed": "put the text in quotes if it has a colon; or indent like the line above",
    "could not find expected ':'": "write `key: value`; text of several lines is indented, after `|`",
    "found unexpected end of stream": "close the quote that opens here, or put the whole text into other quotes",
    "cannot start any token": "put text that starts with this character in quotes",
    "unknown escape character": "write a backslash as it is in single quotes, or twice in double quotes",
    "expected ',' or": "close the bracket that opens at {opening}, or put a comma between the values",
    "expected alphabetic or numeric character": "put text that starts with `*` or `&` in quotes",
}
"""By a part of libyaml's message."""


def events(text: str) -> Iterator[Any]:
    """Events of `ruamel.yaml.events`, as they are parsed; raises `ruamel.yaml.error.YAMLError`. Never recurses.

    A line feed, a carriage return, or both end a line (YAML 1.2, 5.4), and nothing else does.
    """
    if text.isascii() or not any(char in text for char in _NO_BREAKS):
        return iter(CParser(text).get_event, None)
    return _without_odd_breaks(text)


def _without_odd_breaks(text: str) -> Iterator[Any]:
    """The events of a text that has such characters: the parser sees others in their places, which the text has not."""
    used = set(text)
    unused = islice((code for code in _PRIVATE_USE if chr(code) not in used), len(_NO_BREAKS))
    there = dict(zip(map(ord, _NO_BREAKS), map(chr, unused), strict=False))  # a text with all of them keeps its own
    back = {ord(stand_in): chr(char) for char, stand_in in there.items()}
    for event in iter(CParser(text.translate(there)).get_event, None):
        if isinstance(getattr(event, "value", None), str):
            event.value = event.value.translate(back)
        yield event


def syntax_problem(error: MarkedYAMLError, at: Callable[[Any], Place], text: str) -> Problem:
    """The problem that a text which is not YAML is reported as. `at` gives the place of a mark."""
    unclosed = error.context == "while scanning a quoted scalar"
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    message = "this quote is never closed" if unclosed else " ".join(filter(None, (error.context, error.problem)))
    return Problem("syntax", f"not valid YAML: {message}", at(mark), _hint(error, mark, text))


def _hint(error: MarkedYAMLError, mark: Any, text: str) -> str:
    line = "".join(re.split(r"\r\n?|\n", text)[mark.line : mark.line + 1])
    said = error.problem or ""
    if text[mark.index : mark.index + 1] == "\t" or "tab character" in said:
        return "indent with spaces, not with tabs"
    if "${" in line and "expected ','" in said:
        return "inside { } and [ ], write values with ${…} in quotes"
    opening = error.context_mark or mark
    hint = next((hint for part, hint in _HINTS.items() if part in said), "")
    return hint.format(opening=f"column {opening.column + 1} of {_line(opening, mark)}")


def _line(opening: Any, mark: Any) -> str:
    above = mark.line - opening.line
    return "this line" if not above else "the line above" if above == 1 else f"the line {above} lines above"
