"""Paths in a manifest and the models there: the fields of a model, and the identity of the items of a list."""

import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from reconciler.resources.base import Path
from reconciler.resources.list_items import IdentifiedBy


@dataclass(frozen=True)
class ModelPath:
    """A path in a manifest, with the fields of the model at that path."""

    path: Path
    siblings: frozenset[str]
    """Fields that the model has beside the last part of the path."""


def model_path(model: type[BaseModel], location: Iterable[str | int], value: Any) -> ModelPath:
    """Return the path in `value` of the `loc` of a pydantic error. A `loc` also contains the members of unions that
    were tried, which are not keys of the manifest.
    """
    path: list[str | int] = []
    siblings: frozenset[str] = frozenset()
    kind: Any = model
    owner: Any = model
    for part in location:
        choices = _choices(kind)
        if len(choices) > 1:
            kind = next((choice for choice in choices if _is_called(choice, part)), Any)
        elif part != "[key]" and (choices or _has(value, part)):
            siblings = frozenset(field_names(choices[0] if choices else Any))
            owner = choices[0] if choices and _is_model(choices[0]) else owner
            kind = _resolved(_inside(choices[0], part), owner) if choices else Any
            path.append(part)
            value = value[part] if _has(value, part) else None
    return ModelPath(tuple(path), siblings)


def item_identity(model: type[BaseModel], path: Path, value: Any) -> IdentifiedBy | None:
    """Return the declared identity of the items of the list at `path` in `value`, a value of the model."""
    shapes: list[tuple[Any, Any]] = [(model, model)]
    for part in path:
        found = [
            (choice, owner) for kind, owner in shapes for choice in _members(kind, owner) if _may_be(choice, value)
        ]
        shapes = []
        for choice, owner in found:
            here = choice if _is_model(choice) else owner
            shapes.append((_resolved(_inside(choice, part), here), here))
        value = value[part] if _has(value, part) else None
    for kind, owner in shapes:
        for choice in _members(kind, owner):
            item = _resolved((*get_args(choice), Any)[0], owner) if get_origin(choice) in (list, tuple) else None
            for extra in getattr(item, "__metadata__", ()):
                if isinstance(extra, IdentifiedBy):
                    return extra
    return None


def _members(kind: Any, owner: Any) -> Iterator[Any]:
    """Yield the types in a union, and in the unions inside it."""
    for choice in _choices(_resolved(kind, owner)):
        plain = _plain(_resolved(choice, owner))
        if get_origin(plain) in {Union, types.UnionType}:
            yield from _members(plain, owner)
        else:
            yield plain


def _may_be(kind: Any, value: Any) -> bool:
    """Return False for a model whose `type` differs from that of the value."""
    info = kind.model_fields.get("type") if _is_model(kind) else None
    tags = get_args(info.annotation) if info and get_origin(info.annotation) is Literal else ()
    return not tags or not isinstance(value, Mapping) or value.get("type", tags[0]) in tags


def field_names(model: Any) -> Iterator[str]:
    """Yield the names of the fields of a model in a manifest; nothing for other types."""
    if _is_model(model):
        for name, info in model.model_fields.items():
            yield info.alias or name


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _choices(kind: Any) -> list[Any]:
    """Return the members of a union except None; for another type, the type itself; for Any, nothing."""
    kind = _plain(kind)
    if get_origin(kind) in {Union, types.UnionType}:
        members = [member for member in get_args(kind) if member is not type(None)]
        return members if len(members) > 1 else _choices(members[0])
    return [] if kind is Any else [kind]


def _plain(kind: Any) -> Any:
    return _plain(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _is_called(member: Any, part: str | int) -> bool:
    """Return True if `part` is pydantic's name of the member of a union: its tag or its type."""
    if any(isinstance(extra, Tag) and extra.tag == part for extra in getattr(member, "__metadata__", ())):
        return True
    choices = _choices(member)
    if len(choices) > 1:
        return any(_is_called(choice, part) for choice in choices)
    kind = _plain(member)
    if _is_model(kind):
        tags = (
            get_args(info.annotation) for info in kind.model_fields.values() if get_origin(info.annotation) is Literal
        )
        return kind.__name__ == part or any(part in tag for tag in tags)
    name = getattr(get_origin(kind) or kind, "__name__", None)
    return isinstance(part, str) and part.partition("[")[0] == name


def _inside(kind: Any, part: str | int) -> Any:
    """Return the type of the value at `part` in a value of this type."""
    kind = _plain(kind)
    if _is_model(kind):
        fields = kind.model_fields.items()
        return next((info.annotation for name, info in fields if part == (info.alias or name)), Any)
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[1]
    return arguments[0] if arguments and isinstance(part, int) else Any


def _resolved(kind: Any, owner: Any) -> Any:
    """Return the type that a field of the model `owner` refers to by name, as recursive models do."""
    name = kind.__forward_arg__ if isinstance(kind, ForwardRef) else kind
    return getattr(sys.modules[owner.__module__], name, Any) if isinstance(name, str) else kind


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)
