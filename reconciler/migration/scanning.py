"""A scanner for JSON values in other text: concatenated pages, JSON Lines, log output, truncated files."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from reconciler.resources.values import JSON

_BETWEEN: Final = re.compile(r"(?:[\s,;\]}\x00\x1e\ufeff]|(?://|#)[^\n]*|/\*(?s:.*?)\*/)*")
"""Separators between values, including comments and remains of an enclosing list."""
_NEXT: Final = re.compile(r"^[{\[]", re.MULTILINE)
"""The start of a top-level value: the next line of JSON Lines, or the next document."""
_OBJECT: Final = re.compile(r"\{")
_PYTHON: Final = re.compile(r"\[?\s*(<?[A-Za-z_][\w.]*(\[[\w.]+\])?\(|\{\s*'|\{\s*\"\w+\": (None|True|False)\b)")
_DECODER: Final = json.JSONDecoder(strict=False)
_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_COMMENT: Final = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/|\#[^\n]*", re.DOTALL)
_TRAILING: Final = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_BLANKED: Final = re.compile(r"[^\n]")
_WHOLE: Final = 2**20
"""Number of characters up to which the rest of a text is read as one value that was edited by hand, if the part up to
the next value is not one. Of a longer text, only that part is read, so that the cost stays linear."""
MOST_ATTEMPTS: Final = 1_000
"""Maximum failed attempts to read objects inside one broken value; each may be as long as the file."""

MOST_FAULTS: Final = 1_000
"""Maximum faults reported for one file."""


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value and the position of its text."""

    value: JSON
    start: int
    end: int
    rescued: bool = False
    """True for a value inside a broken value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A range of text without a readable JSON value."""

    code: str
    message: str
    at: int
    start: int
    end: int


def scan(text: str) -> Iterator[Value | Fault]:
    """Return the values of `text` in order; for a broken value its fault, then every complete object inside it."""
    at, faults = _after_separators(text, 0), 0
    while at < len(text):
        if faults == MOST_FAULTS:
            yield Fault(
                "syntax",
                f"more than {MOST_FAULTS:,} places are not valid JSON; the rest of the file was not read",
                at,
                at,
                len(text),
            )
            return
        try:
            value, end = _decoded(text, at)
            yield Value(value, at, end)
        except ValueError as error:
            following = _NEXT.search(text, at + 1)
            end = following.start() if following else len(text)
            faults += 1
            yield _fault(text, at, end, error)
            yield from _inside(text, at + 1, end)
        at = _after_separators(text, end)


def _after_separators(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _decoded(text: str, at: int) -> tuple[JSON, int]:
    """Decode the value at `at`, also if it was edited by hand; raises the ValueError of strict JSON."""
    try:
        return _decode(text, at)
    except json.JSONDecodeError:
        if text[at] not in "{[":
            raise
        following = _NEXT.search(text, at + 1)
        ends = [following.start()] if following else []
        ends += [len(text)] if not following or len(text) - at <= _WHOLE else []
        for end in ends:
            with suppress(ValueError):
                value, length = _decode(_plain(text[at:end]), 0)
                return value, at + length
        raise


def _plain(text: str) -> str:
    """Return `text` with spaces for comments, and for commas before a closing bracket."""
    without = _COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else _BLANKED.sub(" ", found[0]), text)
    return _TRAILING.sub(lambda found: found[0] if found[0][0] == '"' else " ", without)


def _decode(text: str, at: int) -> tuple[JSON, int]:
    """Decode the value at `at`, also with line breaks and tabs inside texts; raises ValueError."""
    if text[at] not in '{["':
        raise json.JSONDecodeError("not JSON", text, at)
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deep", text, at) from error


def _inside(text: str, start: int, end: int) -> Iterator[Value]:
    failures = 0
    while (found := _OBJECT.search(text, start, end)) and failures < MOST_ATTEMPTS:
        try:
            value, start = _decode(text, found.start())
            yield Value(value, found.start(), start, rescued=True)
        except ValueError:
            start, failures = found.end(), failures + 1


def _fault(text: str, start: int, end: int, error: ValueError) -> Fault:
    at = error.pos if isinstance(error, json.JSONDecodeError) else start
    if _PYTHON.match(text, start):
        return Fault("python-print", "this is the output of Python's print, not JSON", start, start, end)
    if text[start] not in '{["':
        return Fault("no-json", "skipped text that is not JSON", start, start, end)
    torn = isinstance(error, json.JSONDecodeError) and error.msg.startswith("Unterminated")
    if torn or at >= len(text.rstrip()):
        return Fault("truncated", "the JSON ends in the middle of an object", start, start, end)
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return Fault("syntax", f"invalid JSON: {reason[:1].lower()}{reason[1:]}", at, start, end)
