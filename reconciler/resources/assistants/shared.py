"""What the models of all targets are built of.

Field names, shapes and nullability are the API's, as the types of openai-python 3.52 state them. A field that may be
left out and may not be null has the documented default, or `OMITTED` where none is documented; only what a manifest
sets is ever sent.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, SerializerFunctionWrapHandler, model_serializer

from reconciler.resources.base import Spec

OMITTED: Any = Field(default_factory=lambda: None)
"""The default of a field that may be left out but not be null. As a factory it stays out of the JSON Schema."""

JSONObject: TypeAlias = dict[str, Any]
Verbosity: TypeAlias = Literal["low", "medium", "high"]
ContextSize: TypeAlias = Literal["low", "medium", "high"]
Summary: TypeAlias = Literal["concise", "detailed", "auto"]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

Model: TypeAlias = Annotated[str, Field(min_length=1)]
Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Count: TypeAlias = Annotated[int, Field(ge=1)]


class Part(Spec):
    """Base of everything inside a spec. Strict: `"5"` is no number and `1` no text, as the API sees it.

    Fields are known by the API's names alone: `async`, not `async_`. Most runs use one target, so models are built when
    first used.
    """

    model_config = ConfigDict(strict=True, validate_by_name=False, defer_build=True)


class Extensible(Part):
    """A part that passes fields through which the API has and this version does not know."""

    extra: JSONObject = Field(default_factory=dict)
    """Fields that the API has and this version of Reconciler does not know. They are sent unchanged and compared like
    all others, but not validated. Default: none."""

    @model_serializer(mode="wrap")
    def _merge_extra(self, serialise: SerializerFunctionWrapHandler) -> JSONObject:
        written: JSONObject = serialise(self)
        extra: JSONObject = written.pop("extra", {})
        return written | extra


def _shape(of: type, name: str) -> Callable[[object], str]:
    return lambda value: name if isinstance(value, of) else "object"


TextOrObject = Discriminator(_shape(str, "text"))
"""Tells `text` from `object`, so that what is wrong with one is not reported for the other too."""

ListOrObject = Discriminator(_shape(list, "list"))


class TextFormat(Part):
    """Plain text."""

    type: Literal["text"]
    """Format type. Always `text`."""


class Location(Part):
    """An approximate location for localised search results."""

    city: str | None = None
    """Name of the city, such as `Leeds`. Default: none."""
    country: str | None = None
    """Country, as two letters of ISO 3166-1, such as `GB`. Default: none."""
    region: str | None = None
    """Name of the region or state, such as `Yorkshire`. Default: none."""
    timezone: str | None = None
    """Time zone, as an IANA name such as `Europe/London`. Default: none."""
