"""The JSON documents of a store: written for people and `git diff`, read with errors that say what to do.

A version of a format is closed. A document with anything added to it is of the next version: an older Reconciler would
drop what it does not know when it writes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.values import JSON

_T = TypeVar("_T")

_HINTS: Final = {
    "state-newer": "Upgrade Reconciler. Nothing was changed.",
    "state-foreign": "Check RECONCILER_STATE and the project's name and environment. Nothing was changed.",
    "state-damaged": "Nothing was changed. Restore it from a backup, or move it away: live objects carry labels.",
}


class StateFormatError(ReconcilerError):
    """A document of the store is not what it should be."""


def line(value: JSON) -> str:
    """`value` as JSON in one line; a number that JSON does not have is a ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)


def array(items: Iterable[JSON]) -> str:
    """A JSON array, one item a line."""
    return _block("[]", map(line, items))


def mapping(items: Iterable[tuple[str, JSON]]) -> str:
    """A JSON object, one member a line."""
    return _block("{}", (f"{line(key)}: {line(value)}" for key, value in items))


def document(parts: Mapping[str, str]) -> bytes:
    """A JSON object of members that are JSON text already."""
    text = ",\n  ".join(f"{line(key)}: {value}" for key, value in parts.items())
    # A lone surrogate cannot be UTF-8; what the handler writes for it, \udXXX, is its JSON escape.
    return f"{{\n  {text}\n}}\n".encode("utf-8", "backslashreplace")


def load(data: bytes, expected: str, source: str) -> dict[str, Any]:
    """The JSON object in `data`, which must be of the format `expected`; `source` names it in errors."""
    try:
        record = json.loads(data)
    except json.JSONDecodeError as error:
        raise bad("state-damaged", f"not valid JSON: {error.msg}", source, error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, or a number of thousands of digits
        raise bad("state-damaged", f"not valid JSON: {error}", source) from error
    resource_type = record.get("format") if isinstance(record, dict) else None
    if resource_type == expected:
        return of(dict, record)
    family, _, version = str(resource_type).rpartition("/v")
    if family == expected.rpartition("/v")[0] and version.isdecimal():
        raise bad("state-newer", f"written by a newer Reconciler ({resource_type}); this one knows {expected}", source)
    raise bad("state-damaged", f"not a document of the format {expected}", source)


def bad(code: str, message: str, source: str, line_number: int = 1, column: int = 1) -> StateFormatError:
    return StateFormatError(Problem(code, message, Place(source, line_number, column), _HINTS[code]))


@contextmanager
def shaped(source: str) -> Iterator[None]:
    """Turns what goes wrong where a document lacks something, or has something else there, into an error for people."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise bad("state-damaged", f"damaged: {reason}", source) from error


def of(kind: type[_T], value: Any) -> _T:
    """`value`, if it is a `kind`; TypeError otherwise."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} stands where a {kind.__name__} should")
    return value


def optional(kind: type[_T], value: Any) -> _T | None:
    return None if value is None else of(kind, value)


def _block(brackets: str, items: Iterable[str]) -> str:
    text = ",\n    ".join(items)
    return f"{brackets[0]}\n    {text}\n  {brackets[1]}" if text else brackets
