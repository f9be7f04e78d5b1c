"""JSON documents of a store: written one entry a line for `git diff`, read with precise errors.

A format version is closed: any new member requires the next version, because an older version of Reconciler would drop
unknown members when it writes.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Never, TypeVar

from reconciler.resources.address import Address
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference

_T = TypeVar("_T")

_MAY_REFER: Final = (ADDRESS_KEY.encode(), b"\\u", b"\0")
"""Signs of a reference: its key, an escape that may be a part of the key, and an encoding other than UTF-8. Without
them, which is so for most objects, nothing is called for each mapping.
"""
_START_OF_TIME: Final = -62135596800
_END_OF_TIME: Final = 253402300800
_HINTS: Final = {
    "state-newer": "Upgrade Reconciler, then run the same command again. Nothing was changed.",
    "state-foreign": "Check RECONCILER_STATE, and the name and environment of the project. Nothing was changed.",
    "state-damaged": "Nothing was changed. Restore it from a backup, or remove it and rebuild it with `state rebuild`.",
}


MALFORMED: Final = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
"""Errors about missing or mistyped members of a document."""


class StateFormatError(ReconcilerError):
    """A document in the store is damaged, of another identity, or of a newer format."""


class _ReferenceError(ValueError):
    """A reference to something that is not an address."""


def line(value: JSON) -> str:
    """Return `value` as JSON on one line; ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)


def array(items: Iterable[JSON]) -> str:
    """Return a JSON array with one item a line."""
    return _block("[]", map(line, items))


def mapping(items: Iterable[tuple[str, JSON]]) -> str:
    """Return a JSON object with one member a line."""
    return _block("{}", (f"{line(key)}: {line(value)}" for key, value in items))


def document(parts: Mapping[str, str]) -> bytes:
    """Return a JSON object of members whose values are already JSON text."""
    text = ",\n  ".join(f"{line(key)}: {value}" for key, value in parts.items())
    # A lone surrogate has no UTF-8 form; the error handler writes \udXXX, which is its JSON escape.
    return f"{{\n  {text}\n}}\n".encode("utf-8", "backslashreplace")


def load(data: bytes, expected: str, source: str, newest: str = "") -> dict[str, Any]:
    """Return the JSON object in `data`, which has the format `expected` or `newest`; `source` names it in errors."""
    try:
        record = decoded(data)
    except json.JSONDecodeError as error:
        raise format_error(
            "state-damaged", f"not valid JSON: {error.msg}", source, error.lineno, error.colno
        ) from error
    except _ReferenceError as error:
        raise format_error("state-damaged", f"damaged: {error}", source) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, or a number of thousands of digits
        raise format_error("state-damaged", f"not valid JSON: {error}", source) from error
    found = record.get("format") if isinstance(record, dict) else None
    if found in (expected, newest):
        return typed(dict, record)
    family, _, version = str(found).rpartition("/v")
    if family == expected.rpartition("/v")[0] and version.isdecimal():
        message = f"written by a newer version of Reconciler ({found}); this version reads {newest or expected}"
        raise format_error("state-newer", message, source)
    raise format_error("state-damaged", f"not a document in the format {expected}", source)


def _checked(value: dict[str, JSON]) -> dict[str, JSON]:
    """Return `value`; raise `_ReferenceError` for a reference to something that is not an address."""
    if is_reference(value):
        try:
            Address.parse(value[ADDRESS_KEY])
        except ValueError as error:
            raise _ReferenceError(str(error)) from error
    return value


def decoded(data: bytes) -> Any:
    """Return the JSON value in `data`; raises ValueError, also for an invalid reference, or RecursionError."""
    hook = _checked if any(sign in data for sign in _MAY_REFER) else None
    return json.loads(data, object_hook=hook, parse_constant=_no_number, parse_float=_finite)


def _no_number(text: str) -> Never:
    raise ValueError(f"{text} is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:40])


def format_error(code: str, message: str, source: str, line_number: int = 1, column: int = 1) -> StateFormatError:
    return StateFormatError(Problem(code, message, Place(source, line_number, column), _HINTS[code]))


@contextmanager
def format_errors(source: str) -> Iterator[None]:
    """Convert errors about missing or mistyped members of a document into a `StateFormatError`."""
    try:
        yield
    except MALFORMED as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise format_error("state-damaged", f"damaged: {reason}", source) from error


def typed(kind: type[_T], value: Any) -> _T:
    """Return `value` if it is an instance of `kind`; raise TypeError otherwise."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {value!r}")
    return value


def finite(value: Any) -> float:
    """Return `value` as a finite number; raise ValueError, OverflowError or TypeError otherwise."""
    found = float(value)
    return found if math.isfinite(found) else _no_number(str(value)[:40])


def moment(value: Any) -> float:
    """Return the Unix time `value`; raise ValueError or OverflowError if it is not in the years 1 to 9999."""
    found = finite(value)
    if not _START_OF_TIME <= found < _END_OF_TIME:
        raise ValueError(f"{found} is not a Unix time")
    return found


def optional(kind: type[_T], value: Any) -> _T | None:
    return None if value is None else typed(kind, value)


def _block(brackets: str, items: Iterable[str]) -> str:
    text = ",\n    ".join(items)
    return f"{brackets[0]}\n    {text}\n  {brackets[1]}" if text else brackets
