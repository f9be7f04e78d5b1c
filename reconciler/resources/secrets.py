"""Secrets in manifests: the names of environment variables. The values are read when a request is sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

ENV: Final = "$env"
ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
AS_TEXT: Final = "secret_as_text"
INSTEAD: Final = f"set it as an environment variable, and write `{{{ENV}: NAME}}` here"


@dataclass(frozen=True, eq=False)
class EnvReference:
    """`{$env: NAME}` in a manifest. Each occurrence is an object of its own."""

    name: str


class _SecretField:
    """Accepts an `EnvReference` and nothing else. A message never contains the value."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _checked, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        name = {"type": "string", "description": "Name of the environment variable that has the secret."}
        return {"type": "object", "properties": {ENV: name}, "required": [ENV], "additionalProperties": False}


class _SecretOrTextField:
    """Accepts an `EnvReference` or a text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _checked_or_text, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, _SecretField.__get_pydantic_json_schema__(schema, handler)]}


def _checked_or_text(value: Any, info: ValidationInfo) -> EnvReference | str:
    if isinstance(value, str):
        return value
    if not isinstance(value, EnvReference):
        quoted = ": write it in quotes" if isinstance(value, int | float) else ""
        raise PydanticCustomError("text_or_secret", f"expected a string or `{{{ENV}: NAME}}`{quoted}")
    return _checked(value, info)


def _checked(value: Any, info: ValidationInfo) -> EnvReference:
    if not isinstance(value, EnvReference):
        raise PydanticCustomError(AS_TEXT, "a secret must not be in a manifest")
    if isinstance(info.context, set):
        info.context.add(id(value))
    return value


Secret: TypeAlias = Annotated[EnvReference, _SecretField]
"""The type of a field that has a secret: `{$env: NAME}`. The context of a validation, a set, gets the ids of the
accepted references.
"""

SecretOrText: TypeAlias = Annotated[EnvReference | str, _SecretOrTextField]
"""The type of a field that has a secret, `{$env: NAME}`, or a text that is not a secret."""


def secrets_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names of environment variables in a spec, each with its path."""
    if isinstance(value, EnvReference):
        yield path, value.name
    elif isinstance(value, BaseModel):
        for name in sorted(value.model_fields_set):
            yield from secrets_in(getattr(value, name), (*path, name))


def has_secrets(shape: Any) -> bool:
    """Return True if values of a type may contain a secret."""
    return _has_secrets(shape, frozenset())


def _has_secrets(shape: Any, seen: frozenset[Any]) -> bool:
    if shape is EnvReference:
        return True
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        if shape in seen:
            return False
        return any(_has_secrets(info.annotation, seen | {shape}) for info in shape.model_fields.values())
    return any(_has_secrets(argument, seen) for argument in get_args(shape))
