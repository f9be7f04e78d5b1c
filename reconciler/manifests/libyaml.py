"""Events and syntax errors of YAML texts, from libyaml."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

# The import fails if the C parser is missing. ruamel.yaml would silently use its Python parser.
from _ruamel_yaml import CParser  # type: ignore[import-not-found]
from ruamel.yaml.error import MarkedYAMLError

from reconciler.resources.problems import Place, Problem

_NO_BREAKS: Final = "\x85\u2028\u2029"
"""Line breaks in YAML 1.1 and libyaml. In YAML 1.2, Git and editors they are ordinary characters."""
_PRIVATE_USE: Final = range(0xE000, 0xF900)
_HINTS: Final = {
    "did not find expected key": "indent it like the line above, or quote the text if it contains a colon or quotes",
    "did not find expected '-' indicator": "indent it like the line above: this is not an item of the list above",
    "mapping values are not allowed": "quote the text if it contains a colon, or indent it like the line above",
    "could not find expected ':'": "write `key: value`, or indent a text of several lines after `|`",
    "found unexpected end of stream": "close the quote that opens here, or use the other kind of quotes",
    "cannot start any token": "quote text that starts with this character",
    "unknown escape character": "write the backslash once in single quotes, or twice in double quotes",
    "expected ',' or": "close the bracket that opens at {opening}, or put a comma between the values",
    "expected alphabetic or numeric character": "quote text that starts with `*` or `&`",
}
"""Hints by a part of libyaml's message."""


def events(text: str) -> Iterator[Any]:
    """Yield the events of a text (`ruamel.yaml.events`); raises `ruamel.yaml.error.YAMLError`. Does not recurse.

    Lines end with a line feed, a carriage return, or both (YAML 1.2, section 5.4).
    """
    if text.isascii() or not any(char in text for char in _NO_BREAKS):
        return iter(CParser(text).get_event, None)
    return _without_odd_breaks(text)


def _without_odd_breaks(text: str) -> Iterator[Any]:
    """Yield the events of a text with such characters. For the parser, they are replaced by unused characters."""
    used = set(text)
    unused = islice((code for code in _PRIVATE_USE if chr(code) not in used), len(_NO_BREAKS))
    # Not strict: if every private character is used, nothing can be replaced.
    there = dict(zip(map(ord, _NO_BREAKS), map(chr, unused), strict=False))
    back = {ord(stand_in): chr(char) for char, stand_in in there.items()}
    for event in iter(CParser(text.translate(there)).get_event, None):
        if isinstance(getattr(event, "value", None), str):
            event.value = event.value.translate(back)
        yield event


def syntax_problem(error: MarkedYAMLError, at: Callable[[Any], Place], text: str) -> Problem:
    """Return the problem for a text that is not valid YAML. `at` returns the place of a mark."""
    unclosed = error.context == "while scanning a quoted scalar"
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    message = "this quote is not closed" if unclosed else " ".join(filter(None, (error.context, error.problem)))
    return Problem("syntax", f"not valid YAML: {message}", at(mark), _hint(error, mark, text))


def _hint(error: MarkedYAMLError, mark: Any, text: str) -> str:
    line = "".join(re.split(r"\r\n?|\n", text)[mark.line : mark.line + 1])
    reason = error.problem or ""
    if text[mark.index : mark.index + 1] == "\t" or "tab character" in reason:
        return "indent with spaces, not with tabs"
    if "${" in line and "expected ','" in reason:
        return "inside { } and [ ], quote values that contain ${…}"
    opening = error.context_mark or mark
    hint = next((hint for part, hint in _HINTS.items() if part in reason), "")
    return hint.format(opening=f"column {opening.column + 1} of {_line(opening, mark)}")


def _line(opening: Any, mark: Any) -> str:
    above = mark.line - opening.line
    return "this line" if not above else "the line above" if above == 1 else f"the line {above} lines above"
