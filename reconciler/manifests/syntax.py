"""What libyaml says about a text, with what to do about it in plain words."""

import re
from collections.abc import Callable
from typing import Any, Final

from ruamel.yaml.error import MarkedYAMLError

from reconciler.resources.problems import Place, Problem

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
