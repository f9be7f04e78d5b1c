"""Key-value pairs in manifests: `metadata` of objects, and `attributes` of files in a vector store."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.resources.labels import KEYS
from reconciler.resources.values import JSON

PAIRS: Final = 16
"""Largest number of pairs of an object (API reference, `metadata`), and of a file in a vector store (`attributes`)."""
USER_METADATA: Final = PAIRS - len(KEYS)
USER_ATTRIBUTES: Final = PAIRS - 2
KEY_LENGTH: Final = 64
VALUE_LENGTH: Final = 512
RESERVED: Final = "reconciler-"
_EXACT_INTEGER: Final = 2**53 - 1


def too_many_pairs(count: int, most: int) -> str:
    return f"{count} pairs, at most {most} are allowed: Reconciler uses {PAIRS - most} of the {PAIRS} pairs of the API"


def has_room(pairs: Mapping[str, JSON] | None) -> bool:
    """Return True if the labels fit beside these pairs. Otherwise the owner of the object is in the state only."""
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
        raise PydanticCustomError("pair_key", "the key {key} must have 1 to 64 characters", {"key": repr(key)})
    if key.startswith(RESERVED):
        raise PydanticCustomError(
            "reserved_key",
            "the key {key} is reserved: keys that start with `reconciler-` are labels of Reconciler",
            {"key": repr(key)},
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("pair_value", "a value of metadata must be text: write it in quotes")
    return _short(value)


def _attribute(value: object) -> object:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) <= _EXACT_INTEGER):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise PydanticCustomError("pair_value", "an attribute must be text, a finite number, or true or false")


def _short(value: str) -> str:
    if len(value) > VALUE_LENGTH:
        raise PydanticCustomError(
            "pair_value", "a value must have at most 512 characters; this one has {n}", {"n": len(value)}
        )
    return value


def kept_pairs(pairs: Mapping[str, str] | None) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return the `metadata` of a manifest for an object with these pairs, and a message for each omission."""
    live = pairs or {}
    kept = {key: value for key, value in live.items() if key and not key.startswith(RESERVED)}
    losses = tuple(
        f"metadata `{key}`, which stays live and is not managed: keys that start with `{RESERVED}` are reserved"
        for key in live
        if key.startswith(RESERVED)
    )
    if len(kept) > USER_METADATA:
        why = f"metadata, which stays live and is not managed: {too_many_pairs(len(kept), USER_METADATA)}"
        return {}, (*losses, why)
    return ({"metadata": kept} if kept else {}), losses


def _schema(most: int, *types: str) -> WithJsonSchema:
    """Return the JSON Schema of the rules that the validators check."""
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
"""`metadata` in a manifest. Reconciler uses four of the sixteen pairs of the API."""
Attributes: TypeAlias = Annotated[
    dict[str, AttributeValue],
    AfterValidator(_bounded(USER_ATTRIBUTES)),
    _schema(USER_ATTRIBUTES, "boolean", "number", "string"),
]
"""`attributes` of a file of a vector store in a manifest. Reconciler uses two of the sixteen pairs of the API."""
