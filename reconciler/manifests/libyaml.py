"""Events and syntax errors of YAML texts, from libyaml where it reads YAML 1.2.2 correctly.

libyaml refuses some texts that are valid, such as `{url: https://example.com}`, and reads others differently, such as
`[?x]`. Such texts are parsed by `yaml12`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

# The import fails if the C parser is missing. ruamel.yaml would silently use its Python parser.
from _ruamel_yaml import CParser  # type: ignore[import-not-found]
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent

from reconciler.resources.problems import Place, Problem

_NO_BREAKS: Final = "\x85\u2028\u2029"
"""Line breaks in YAML 1.1 and libyaml. In YAML 1.2, Git and editors they are ordinary characters."""
BYTE_ORDER_MARK: Final = "\ufeff"
_PRIVATE_USE: Final = range(0xE000, 0xF900)
_KEY: Final = r"\?(?<![^\s\[{,]\?)(?=\S)"
"""A question mark at the start of a word, without the space that makes it an indicator."""
_NAME: Final = r"[0-9A-Za-z_-]+[?:%@`]"
"""A name of an anchor or an alias with one of the characters at which libyaml ends it."""
_HEADER: Final = r"[-+]?(?:[-+0-9]*#|[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)(?: *(?:\r\n?|\n))* +[\r\n])"
"""The rest of a header of a block scalar with a comment that no space separates, or with spaces in an empty line above
the text.
"""
_MISREAD: Final = {
    "?": re.compile(_KEY),
    "&": re.compile(f"&{_NAME}"),
    "*": re.compile(rf"\*{_NAME}"),
    "|": re.compile(rf"\|{_HEADER}"),
    ">": re.compile(f">{_HEADER}"),
}
"""Tokens that libyaml may misread, by their first character. Patterns that begin with a character are found quickly."""
_HINTS: Final = {
    "did not find expected key": "indent it like the line above, or quote the text if it contains a colon or quotes",
    "expected <block end>": "indent it like the line above",
    "did not find expected '-' indicator": "indent it like the line above: this is not an item of the list above",
    "mapping values are not allowed": "quote the text if it contains a colon, or indent it like the line above",
    "could not find expected ':'": "write `key: value`, or indent a text of several lines after `|`",
    "found unexpected end of stream": "close the quote that opens here, or use the other kind of quotes",
    "cannot start any token": "quote text that starts with this character",
    "unknown escape character": "write the backslash once in single quotes, or twice in double quotes",
    "expected ',' or": "close the bracket that opens at {opening}, or put a comma between the values",
    "expected alphabetic or numeric character": "quote text that starts with `*` or `&`",
}
"""Hints by a part of the message of a parser."""


class MisreadError(MarkedYAMLError):
    """A token that libyaml reads differently from YAML 1.2.2."""


def events(text: str) -> Iterable[Any]:
    """Return the events of a text (`ruamel.yaml.events`) that `parsing.parse_document` can read. Does not recurse.

    Lines end with a line feed, a carriage return, or both (YAML 1.2, section 5.4).
    """
    try:
        return list(fast_events(text))
    except MarkedYAMLError:
        return thorough_events(text)


def fast_events(text: str) -> Iterator[Any]:
    """Yield the events of a text from libyaml; raises MarkedYAMLError if it refuses or misreads the text. Then
    `thorough_events` decides, unless it refuses what libyaml refuses too.

    Positions do not count a byte order mark at the start.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    if text.isascii() or not any(char in text for char in _NO_BREAKS):
        return _libyaml(text)
    return _without_odd_breaks(text, _libyaml)


def thorough_events(text: str) -> Iterator[Any]:
    """Yield the events of a text by YAML 1.2.2, slowly; raises MarkedYAMLError."""
    from reconciler.manifests.yaml12 import parsed

    return _without_odd_breaks(text.removeprefix(BYTE_ORDER_MARK), parsed)


def _libyaml(text: str) -> Iterator[Any]:
    stream = iter(CParser(text).get_event, None)
    return _checked(text, stream) if any(token.search(text) for token in _MISREAD.values()) else stream


def _checked(text: str, stream: Iterator[Any]) -> Iterator[Any]:
    """Yield the events, but raise MisreadError at the first event that libyaml reads differently from YAML 1.2.2."""
    for event in stream:
        if _is_misread(text, event):
            raise MisreadError(problem="libyaml misreads this token", problem_mark=event.start_mark)
        yield event


def _is_misread(text: str, event: Any) -> bool:
    if not isinstance(event, NodeEvent):
        return False
    start = event.start_mark.index
    if text[start - 1 : start] == "?" or _MISREAD["?"].match(text, start):
        return True
    if isinstance(event, AliasEvent):
        return _MISREAD["*"].match(text, start) is not None
    if event.anchor and _MISREAD["&"].match(text, text.index("&", start)):
        return True
    style = getattr(event, "style", None)
    return style in {"|", ">"} and _MISREAD[style].match(text, text.index(style, start)) is not None


def _without_odd_breaks(text: str, parse: Callable[[str], Iterator[Any]]) -> Iterator[Any]:
    """Yield the events of a text with such characters. For the parser, they are replaced by unused characters."""
    used = set(text)
    unused = islice((code for code in _PRIVATE_USE if chr(code) not in used), len(_NO_BREAKS))
    # Not strict: if every private character is used, nothing can be replaced.
    there = dict(zip(map(ord, _NO_BREAKS), map(chr, unused), strict=False))
    back = {ord(stand_in): chr(char) for char, stand_in in there.items()}
    for event in parse(text.translate(there)):
        if isinstance(getattr(event, "value", None), str):
            event.value = event.value.translate(back)
        yield event


def is_outdated(error: MarkedYAMLError, later: MarkedYAMLError) -> bool:
    """Return True if libyaml's error is none in YAML 1.2.2: the other parser has read that line, and met `later`."""
    is_refused = error.problem == "found unexpected ':'"  # a colon in plain text in a flow collection
    return is_refused or isinstance(error, MisreadError) or _line_of(later) > _line_of(error)


def _line_of(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line if mark else 0


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
