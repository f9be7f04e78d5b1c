"""Types of the SDK and models of Reconciler in one flat form: the allowed values by path of the member."""

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from openai._utils import PropertyInfo
from pydantic import BaseModel, ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict, get_type_hints, is_typeddict

NOT_OF_THE_API = frozenset({"target", "extra"})
_SCALARS = {str: "str", int: "int", float: "number", bool: "bool", type(None): "null", object: "any", Any: "any"}


def flat(annotation: Any) -> dict[str, str]:
    """Return the allowed values by path, as in `tools[function].name`: `required str`.

    The members of a union of objects are listed under their `type`.
    """
    return dict(_flat(annotation, "", ()))


def _flat(annotation: Any, path: str, inside: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    options = list(_options(annotation))
    objects = [option for option in options if _is_object(option) and option not in inside]
    for option in objects:
        for tag in _tags(option) if len(objects) > 1 else [""]:
            yield from _members(option, f"{path}{tag}", (*inside, option))
    for option in options:
        if get_origin(option) in (list, Iterable, Sequence):
            yield from _flat(get_args(option)[0], path, inside)


def object_options(annotation: Any) -> list[Any]:
    """Return the object types of an annotation, or of the items of a list."""
    options = list(_options(annotation))
    inner = [get_args(option)[0] for option in options if get_origin(option) in (list, Iterable, Sequence)]
    return [option for option in options if _is_object(option)] or [
        each for item in inner for each in object_options(item)
    ]


def _members(type_: Any, path: str, inside: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    for name, (required, annotation) in members(type_).items():
        at = f"{path}.{name}" if path else name
        yield at, ("required " if required else "") + described(annotation)
        yield from _flat(annotation, at, inside)


def members(type_: Any) -> dict[str, tuple[bool, Any]]:
    """Return for each member, by its name in JSON, True if it is required, and its annotation."""
    hints = get_type_hints(type_, include_extras=True)
    if is_typeddict(type_):
        return {_wire_name(name, hint): (_requires(hint), hint) for name, hint in hints.items()}
    return {
        field.alias or name: (field.is_required(), hints[name])
        for name, field in type_.model_fields.items()
        if name not in NOT_OF_THE_API
    }


def described(annotation: Any) -> str:
    """Return a text for the values that an annotation allows, equal for equivalent annotations."""
    names = {_name(option) for option in _options(annotation)}
    if "str" in names:
        names = {name for name in names if not name.startswith("'")}
    if "number" in names:
        names.discard("int")
    return " | ".join(sorted(names))


def _name(option: Any) -> str:
    if _is_object(option):
        return "object"
    if get_origin(option) in (list, Iterable, Sequence):
        return f"list of {described(get_args(option)[0])}".replace(" | ", " or ")
    if get_origin(option) in (dict, Mapping):
        return f"map of {described(get_args(option)[1])}"
    return repr(option) if isinstance(option, str) else _SCALARS[option]


def _options(annotation: Any) -> Iterator[Any]:
    """Yield the members of a nested union, and the values of a Literal."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Required, NotRequired):
        yield from _options(arguments[0])
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _options(argument)
    elif origin is Literal:
        yield from arguments
    else:
        yield annotation


def _tags(type_: Any) -> list[str]:
    return [f"[{value}]" for value in _options(members(type_)["type"][1])]


def _is_object(option: Any) -> bool:
    return is_typeddict(option) or (isinstance(option, type) and issubclass(option, BaseModel))


def _wire_name(name: str, hint: Any) -> str:
    notes = [note for layer in _layers(hint) for note in getattr(layer, "__metadata__", ())]
    return next((note.alias for note in notes if isinstance(note, PropertyInfo) and note.alias), name)


def _requires(hint: Any) -> bool:
    return any(get_origin(layer) is Required for layer in _layers(hint))


def _layers(hint: Any) -> Iterator[Any]:
    while get_origin(hint) in (Annotated, Required, NotRequired):
        yield hint
        hint = get_args(hint)[0]


@cache
def adapter(type_: Any) -> TypeAdapter[Any]:
    """Return a strict validator of a type of the SDK: no unknown members, no coercion, checked list items."""
    return TypeAdapter(_strict(type_))


@cache
def _strict(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_typeddict(annotation):
        return _strict_object(annotation)
    if origin in (Annotated, Required, NotRequired):
        return _strict(arguments[0])
    if origin in (list, Iterable, Sequence):
        return list[_strict(arguments[0])]  # type: ignore[misc]
    if origin in (Union, types.UnionType):
        return Union[tuple(map(_strict, arguments))]  # noqa: UP007
    return Any if annotation is object else annotation


def _strict_object(type_: Any) -> Any:
    hints = {
        name: (Required if required else NotRequired)[_strict(annotation)]
        for name, (required, annotation) in members(type_).items()
    }
    strict: Any = TypedDict
    return with_config(ConfigDict(extra="forbid", strict=True))(strict(type_.__name__, hints))
