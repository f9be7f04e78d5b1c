"""Shapes of the objects that the API returns, as far as Reconciler depends on them.

An object of another shape is an error that names the object and the field: nothing can be concluded from it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from reconciler.live.errors import LiveError, plain
from reconciler.live.requests import Object
from reconciler.resources.problems import Problem
from reconciler.resources.values import ADDRESS_KEY, has_reserved_key

_LAST_TIME: Final = 253_402_300_799
"""The last second of the year 9999, beyond which there are no dates."""
_HINT: Final = "Check that the base URL is that of an OpenAI API, and that no gateway changes its responses."
_MISREAD: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors of code that reads a value of an unexpected type."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A condition on a value that is not null."""

    holds: Callable[[Any], bool]
    what: str
    """The condition in words."""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


TEXT: Final = Shape(lambda value: isinstance(value, str), "text")
TIME: Final = Shape(lambda value: _is_number(value) and 0 <= value <= _LAST_TIME, "a Unix time")
SIZE: Final = Shape(lambda value: isinstance(value, int) and _is_number(value) and value >= 0, "a number of bytes")
NUMBER: Final = Shape(_is_number, "a number")
OBJECT: Final = Shape(_is_object, "an object")
TYPED: Final = Shape(
    lambda value: (
        isinstance(value, list) and all(_is_object(one) and isinstance(one.get("type"), str) for one in value)
    ),
    "a list of objects with a type",
)
TEXTS: Final = Shape(
    lambda value: _is_object(value) and all(isinstance(item, str) for item in value.values()), "an object of texts"
)
SCALARS: Final = Shape(
    lambda value: _is_object(value) and not any(isinstance(item, (dict, list)) for item in value.values()),
    "an object of texts, numbers and truth values",
)


def check(type_: str, body: Object, shapes: Mapping[str, Shape]) -> None:
    """Raise LiveError if a field of `body`, an object of type `type_`, has another shape. Null and absent are valid."""
    with understood(type_, body, shapes):
        pass


@contextmanager
def understood(type_: str, body: Object, shapes: Mapping[str, Shape], *, hides: bool = False) -> Iterator[None]:
    """Do the same as `check`, and raise LiveError if the context reads another value of an unexpected type.

    With `hides`, the error has no value of the object: a server may return a secret in any of its fields.
    """
    try:
        _check(type_, body, shapes, hides=hides)
        yield
    except _MISREAD as error:
        if hides:
            raise _unreadable(type_, body, "it has a value of an unexpected type") from None
        raise _unreadable(type_, body, f"it has a value of an unexpected type ({plain(error)[:80]})") from error


def _check(type_: str, body: Object, shapes: Mapping[str, Shape], *, hides: bool) -> None:
    if has_reserved_key(body):
        hint = f"Rename the key `{ADDRESS_KEY}` at OpenAI: Reconciler uses it for references."
        raise _unreadable(type_, body, f"it has the reserved key `{ADDRESS_KEY}`", hint)
    for name, shape in shapes.items():
        value = body.get(name)
        if value is not None and not shape.holds(value):
            found = "" if hides else f": {plain(value)[:80]}"
            raise _unreadable(type_, body, f"its field `{name}` is not {shape.what}{found}")


def _unreadable(type_: str, body: Object, what: str, hint: str = _HINT) -> LiveError:
    message = f"{type_.replace('_', ' ')} {plain(body['id'])[:80]} cannot be read: {what}"
    return LiveError(Problem("unreadable", message, hint=hint))
