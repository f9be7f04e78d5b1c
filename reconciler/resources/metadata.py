"""Pairs that users put on objects: `metadata` of objects, `attributes` of files in a vector store."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.resources.labels import KEYS
from reconciler.resources.values import JSON

PAIRS: Final = 16
"""Pairs an object can have (API reference, `metadata`; `attributes` of vector store files are bounded alike)."""
USER_METADATA: Final = PAIRS - len(KEYS)
USER_ATTRIBUTES: Final = PAIRS - 2
KEY_LENGTH: Final = 64
VALUE_LENGTH: Final = 512
RESERVED: Final = "reconciler-"
_EXACT_INTEGER: Final = 2**53 - 1


def too_many_pairs(count: int, most: int) -> str:
    return f"{count} pairs, of which at most {most} are possible: {PAIRS - most} of the API's {PAIRS} are Reconciler's"


def has_room(pairs: Mapping[str, JSON] | None) -> bool:
    """Whether our labels fit beside these pairs of others. An object without room is ours by state alone."""
    return len(pairs or {}) <= USER_METADATA


def _bounded(most: int) -> Callable[[dict[str, JSON]], dict[str, JSON]]:
    def check(pairs: dict[str, JSON]) -> dict[str, JSON]:
        if len(pairs) > most:
            raise PydanticCustomError("too_many_pairs", "{why}", {"why": too_many_pairs(len(pairs), most)})
        for key in pairs:
            _check_key(key)
        return pairs

    return check


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= KEY_LENGTH:
        raise PydanticCustomError("pair_key", "key {key} has to have 1 to 64 characters", {"key": repr(key)})
    if key.startswith(RESERVED):
        raise PydanticCustomError(
            "reserved_key",
            "key {key} is reserved: Reconciler marks what it owns with `reconciler-…`",
            {"key": repr(key)},
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("pair_value", "a value of metadata is text: put it into quotes")
    return _short(value)


def _attribute(value: object) -> object:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) <= _EXACT_INTEGER):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise PydanticCustomError("pair_value", "an attribute is text, a finite number, or true or false")


def _short(value: str) -> str:
    if len(value) > VALUE_LENGTH:
        raise PydanticCustomError(
            "pair_value", "a value has at most 512 characters; this one has {n}", {"n": len(value)}
        )
    return value


def kept_pairs(pairs: Mapping[str, str] | None) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """The `metadata` of a manifest for an object that has these pairs, and what had to be left out of it, and why."""
    live = pairs or {}
    kept = {key: value for key, value in live.items() if key and not key.startswith(RESERVED)}
    losses = tuple(
        f"metadata `{key}` is kept live and not managed: keys that start so are reserved"
        for key in live
        if key.startswith(RESERVED)
    )
    if len(kept) > USER_METADATA:
        why = f"metadata is kept live and not managed: {too_many_pairs(len(kept), USER_METADATA)}"
        return {}, (*losses, why)
    return ({"metadata": kept} if kept else {}), losses


def _schema(most: int, *types: str) -> WithJsonSchema:
    """What the validators check, for JSON Schema."""
    keys = {"minLength": 1, "maxLength": KEY_LENGTH, "pattern": f"^(?!{RESERVED})"}
    values = {"type": list(types) if len(types) > 1 else types[0], "maxLength": VALUE_LENGTH}
    return WithJsonSchema(
        {"type": "object", "propertyNames": keys, "additionalProperties": values, "maxProperties": most}
    )


AttributeValue: TypeAlias = Annotated[bool | int | float | str, BeforeValidator(_attribute)]
Metadata: TypeAlias = Annotated[
    dict[str, Annotated[str, BeforeValidator(_text)]],
    AfterValidator(_bounded(USER_METADATA)),
    _schema(USER_METADATA, "string"),
]
"""What a manifest may write as `metadata`: four pairs of the API's sixteen are ours."""
Attributes: TypeAlias = Annotated[
    dict[str, AttributeValue],
    AfterValidator(_bounded(USER_ATTRIBUTES)),
    _schema(USER_ATTRIBUTES, "boolean", "number", "string"),
]
"""What a manifest may write as `attributes` of a file in a vector store: two pairs of sixteen are ours."""
