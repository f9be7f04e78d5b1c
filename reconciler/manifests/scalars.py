"""Values of plain (unquoted) YAML scalars by the core schema of YAML 1.2; an error if YAML versions disagree."""

import math
import re
from dataclasses import dataclass
from typing import Final

LARGEST_INTEGER: Final = 2**53 - 1
"""Larger integers are not exact in every JSON parser (RFC 7493, I-JSON, section 2.2)."""

_CONSTANTS: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_MAY_BE_SPECIAL: Final = frozenset("+-.0123456789")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")
_OLD_NUMBER: Final = re.compile(r"[-+]?(?:0[0-9][0-9_]*(?:\.[0-9_]*)?|0b[01_]+|[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?)")
_WORDS: Final = frozenset({"", "~", "null", "true", "false", "y", "n", "yes", "no", "on", "off", "=", "<<"})
"""Truth values, nulls, the default key and the merge key of any version of YAML, in any case."""
_NUMBER: Final = re.compile(
    r"""[-+]?(?:
        0[bB][01_]+ | 0[oO]?[0-7_]+ | 0[xX][0-9a-fA-F_]+
        | [0-9][0-9_,]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)? | \.[0-9_]+(?:[eE][-+]?[0-9]+)?
        | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
        | \.(?:inf|Inf|INF|nan|NaN|NAN)
    )""",
    re.VERBOSE,
)
"""Numbers of YAML 1.1 and 1.2 and of common parsers, such as `0b11`, `1_000`, `1,000`, `12:30:45` and `.5`."""
_LONGEST_NUMBER: Final = 64


@dataclass(frozen=True, slots=True)
class Unclear:
    """The reason that a scalar has no unambiguous value."""

    reason: str


def plain(text: str) -> str | int | float | bool | Unclear | None:
    """Return the value of an unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _special(text) if text[0] in _MAY_BE_SPECIAL else text


def needs_quotes(text: str) -> bool:
    """Return True if a YAML parser may read the unquoted text as a value of another type.

    Such text is written in quotes, so that parsers of all versions read the same value.
    """
    return (
        text.lower() in _WORDS
        or text.startswith(":")  # a symbol in Ruby
        or _NUMBER.fullmatch(text) is not None
        or _DATE.fullmatch(text) is not None
    )


def _special(text: str) -> str | int | float | Unclear:
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        return integer(text)
    if _FLOAT.fullmatch(text):
        return floating(text)
    if _NOT_FINITE.fullmatch(text):
        return Unclear(f"{text} is not a number in JSON")
    if _DATE.fullmatch(text):
        return Unclear(f"{text} is a date in YAML, but the API expects text: write it in quotes")
    if _OLD_NUMBER.fullmatch(text):
        return Unclear(
            f"{_short(text)} has different values in YAML 1.1 and 1.2: write a plain number, or quotes for text"
        )
    return text


def integer(text: str) -> int | Unclear:
    """Return the value of an integer in YAML or JSON."""
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    value = int(text, base) if len(text) <= _LONGEST_NUMBER else LARGEST_INTEGER + 1
    if abs(value) <= LARGEST_INTEGER:
        return value
    return Unclear(f"{_short(text)} is larger than 2**53 - 1 and not exact in JSON: write an id in quotes")


def floating(text: str) -> float | Unclear:
    """Return the value of a number with a fraction or an exponent in YAML or JSON."""
    value = float(text) if len(text) <= _LONGEST_NUMBER else math.inf
    return value if math.isfinite(value) else Unclear(f"{_short(text)} is too large or has too many digits")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
