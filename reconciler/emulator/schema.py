"""Strict checks derived from the SDK's request types.

Pydantic reads the TypedDicts of the SDK leniently: it ignores unknown members and does not check the items of
`Iterable`. Here each type is converted once into a function that checks every member, rejects unknown ones, and reports
the place with the error messages of the API.
"""

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from openai._types import FileTypes
from openai._utils import PropertyInfo
from typing_extensions import get_type_hints, is_typeddict

from reconciler.emulator.errors import ApiError, invalid

Check = Callable[[Any, str], None]


class Upload:
    """A file from a form: its name and its bytes."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.content = content


@cache
def checker(annotation: Any) -> Check:
    """Return a function of (value, path) that raises ApiError if the value does not match the annotation."""
    if is_typeddict(annotation):
        return strict(members(annotation))
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if get_origin(annotation) in _GENERIC:
        return _GENERIC[get_origin(annotation)](get_args(annotation))
    raise TypeError(f"no strict form is known for {annotation!r}")


@cache
def members(type_: Any) -> Mapping[str, Any]:
    """Return the annotations of a TypedDict's members by their names on the wire."""
    hints = get_type_hints(type_, include_extras=True)
    return {_alias(hint) or name: hint for name, hint in hints.items()}


def _alias(hint: Any) -> str | None:
    while get_origin(hint) in (Annotated, Required, NotRequired):
        for note in getattr(hint, "__metadata__", ()):
            if isinstance(note, PropertyInfo) and note.alias:
                return note.alias
        hint = get_args(hint)[0]
    return None


def _is_required(hint: Any) -> bool:
    # `__required_keys__` is wrong for the SDK's types, whose annotations are strings when the class is created.
    while get_origin(hint) in (Annotated, Required, NotRequired):
        if get_origin(hint) is Required:
            return True
        hint = get_args(hint)[0]
    return False


def strict(hints: Mapping[str, Any]) -> Check:
    """Return a check for an object with exactly these members."""
    checks = {name: checker(hint) for name, hint in hints.items()}
    required = [name for name, hint in hints.items() if _is_required(hint)]

    def check(value: Any, path: str) -> None:
        _expect(isinstance(value, dict), "an object", value, path)
        for name in required:
            if name not in value:
                raise missing(join(path, name))
        for name, member in value.items():
            if name not in checks:
                raise invalid(f"Unknown parameter: '{join(path, name)}'.", join(path, name), "unknown_parameter")
            checks[name](member, join(path, name))

    return check


def _array(item: Check) -> Check:
    def check(value: Any, path: str) -> None:
        _expect(isinstance(value, list), "an array", value, path)
        for index, element in enumerate(value):
            item(element, f"{path}[{index}]")

    return check


def _map(item: Check) -> Check:
    def check(value: Any, path: str) -> None:
        _expect(isinstance(value, dict), "an object", value, path)
        for name, member in value.items():
            item(member, join(path, name))

    return check


def _enumeration(allowed: Sequence[Any]) -> Check:
    kinds = {type(value) for value in allowed}
    expected = _described(allowed[0])

    def check(value: Any, path: str) -> None:
        _expect(type(value) in kinds, expected, value, path)
        if value not in allowed:
            message = f"Invalid value: '{value}'. Supported values are: {_listed([str(one) for one in allowed])}."
            raise invalid(message, path, "invalid_value")

    return check


def _union(arguments: Sequence[Any]) -> Check:
    options = [argument for argument in arguments if argument is not type(None)]
    if str in options:  # the names of models that the SDK lists beside any text
        options = [option for option in options if get_origin(option) is not Literal]
    objects = [option for option in options if is_typeddict(option)]
    if len(objects) < 2:
        checks = [checker(option) for option in options]
    else:
        checks = [_variants(objects), *(checker(option) for option in options if option not in objects)]
    check = _any_of(checks)
    return _nullable(check) if type(None) in arguments else check


def _variants(objects: Sequence[Any]) -> Check:
    """Return the check of a union of objects, which their literal `type` tells apart.

    Several variants may have one `type`, and where a variant does not require it, an object may omit it.
    """
    tagged: dict[str, list[Check]] = {}
    untagged: list[Check] = []
    for option in objects:
        hint = members(option).get("type")
        for tag in _tags(hint) if hint else ():
            tagged.setdefault(tag, []).append(checker(option))
        if hint is None or not _is_required(hint):
            untagged.append(checker(option))
    by_tag = {tag: _any_of(checks) for tag, checks in tagged.items()}
    has_tag, without = _enumeration(tuple(tagged)) if tagged else None, _any_of(untagged) if untagged else None

    def check(value: Any, path: str) -> None:
        _expect(isinstance(value, dict), "an object", value, path)
        tag = value.get("type")
        if isinstance(tag, str) and tag in by_tag:
            by_tag[tag](value, path)
        elif has_tag and "type" in value and tag is not None:
            has_tag(tag, join(path, "type"))
        elif without:
            without(value, path)
        else:
            raise missing(join(path, "type"))

    return check


def _tags(hint: Any) -> Sequence[str]:
    while get_origin(hint) is not Literal:
        hint = next(argument for argument in get_args(hint) if argument is not type(None))
    return get_args(hint)


def _nullable(inner: Check) -> Check:
    def check(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def _any_of(options: Sequence[Check]) -> Check:
    """Return the check of a value that matches one of the `options`; the error is the one with the longest path."""
    if len(options) == 1:
        return options[0]

    def check(value: Any, path: str) -> None:
        errors: list[ApiError] = []
        for option in options:
            try:
                return option(value, path)
            except ApiError as error:
                errors.append(error)
        deepest = max(errors, key=lambda error: len(error.param or ""))
        raise deepest if (deepest.param or "") != path else _wrong_type("another type", value, path)

    return check


def _scalar(expected: str, *classes: type) -> Check:
    def check(value: Any, path: str) -> None:
        # True is an int in Python, but not a number in JSON.
        fits = isinstance(value, classes) and (bool in classes or not isinstance(value, bool))
        _expect(fits, expected, value, path)

    return check


_SIMPLE: Mapping[Any, Check] = {
    FileTypes: _scalar("a file", Upload),
    str: _scalar("a string", str),
    int: _scalar("an integer", int),
    float: _scalar("a decimal", int, float),
    bool: _scalar("a boolean", bool),
    object: lambda _value, _path: None,
}
_GENERIC: Mapping[Any, Callable[[Sequence[Any]], Check]] = {
    Annotated: lambda arguments: checker(arguments[0]),
    Required: lambda arguments: checker(arguments[0]),
    NotRequired: lambda arguments: checker(arguments[0]),
    Literal: _enumeration,
    Union: _union,
    types.UnionType: _union,
    list: lambda arguments: _array(checker(arguments[0])),
    Iterable: lambda arguments: _array(checker(arguments[0])),
    Sequence: lambda arguments: _array(checker(arguments[0])),
    dict: lambda arguments: _map(checker(arguments[1])),
}


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def missing(path: str) -> ApiError:
    return invalid(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def _expect(fits: bool, expected: str, value: Any, path: str) -> None:
    if not fits:
        raise _wrong_type(expected, value, path)


def _wrong_type(expected: str, value: Any, path: str) -> ApiError:
    message = f"Invalid type for '{path}': expected {expected}, but got {_described(value)} instead."
    return invalid(message, path or None, "invalid_type")


def _described(value: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array"}
    return "null" if value is None else names.get(type(value), "an object")


def _listed(values: Sequence[str]) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
