"""JSON values in text that is not all JSON: pages one after the other, lines, a log around them, an end torn off."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.resources.values import JSON

_BETWEEN: Final = re.compile(r"[\s,;\]}\x00\x1e\ufeff]*")
"""What may stand between values, remains of a list around them among it."""
_NEXT: Final = re.compile(r"^[{\[]", re.MULTILINE)
"""Where a value starts that no other surrounds: the next line of JSON Lines, the next of several documents."""
_OBJECT: Final = re.compile(r"\{")
_PYTHON: Final = re.compile(r"\[?\s*(<?[A-Za-z_][\w.]*(\[[\w.]+\])?\(|\{\s*'|\{\s*\"\w+\": (None|True|False)\b)")
_DECODER: Final = json.JSONDecoder()
MOST_ATTEMPTS: Final = 1_000
"""At the objects inside one broken value: each of them may be as long as the file."""

MOST_FAULTS: Final = 1_000
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value and where its text is."""

    value: JSON
    start: int
    end: int
    rescued: bool = False
    """Whether it stands inside a value that is broken."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A stretch of text in which no JSON value could be read."""

    code: str
    message: str
    at: int
    start: int
    end: int


def scan(text: str) -> Iterator[Value | Fault]:
    """The values of `text` in order; of a broken one its fault, then every object inside it that is whole."""
    at, faults = _after_separators(text, 0), 0
    while at < len(text):
        if faults == MOST_FAULTS:
            yield Fault(
                "syntax", f"the rest is not read, after {MOST_FAULTS:,} places that are no JSON", at, at, len(text)
            )
            return
        try:
            value, end = _decode(text, at)
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


def _decode(text: str, at: int) -> tuple[JSON, int]:
    """Raises ValueError."""
    if text[at] not in '{["':
        raise json.JSONDecodeError("this is no JSON", text, at)
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
        return Fault("python-print", "this is what Python prints, not JSON", start, start, end)
    if text[start] not in '{["':
        return Fault("no-json", "this is no JSON and was skipped", start, start, end)
    torn = isinstance(error, json.JSONDecodeError) and error.msg.startswith("Unterminated")
    if torn or at >= len(text.rstrip()):
        return Fault("truncated", "the JSON ends in the middle of an object", start, start, end)
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return Fault("syntax", f"this is no JSON: {reason[:1].lower()}{reason[1:]}", at, start, end)
