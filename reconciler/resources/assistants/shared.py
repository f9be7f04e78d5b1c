"""Parts of the models of all targets.

Field names, types and nullability are those of the API, from the types of openai-python 3.57. A field that is optional
but cannot be null has the documented default, or `OMITTED` if none is documented. Only the fields that a manifest sets
are sent.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, SerializerFunctionWrapHandler, model_serializer

from reconciler.resources.base import Spec
from reconciler.resources.list_items import IdentifiedBy

OMITTED: Any = Field(default_factory=lambda: None)
"""Default of a field that is optional but cannot be null. A factory does not appear in the JSON Schema."""

JSONObject: TypeAlias = dict[str, Any]
NAMED_TOOL: Final = IdentifiedBy(("type", "name", "server_label"))
"""Tools of a list are identified by their type, and by the name or the label that it requires."""
NAMED_PART: Final = IdentifiedBy(("type", "function.name"))
"""Tools of a saved assistant are identified by their type, and functions by the name in their definition."""
Verbosity: TypeAlias = Literal["low", "medium", "high"]
ContextSize: TypeAlias = Literal["low", "medium", "high"]
Summary: TypeAlias = Literal["concise", "detailed", "auto"]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

Model: TypeAlias = Annotated[str, Field(min_length=1)]
Fraction: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Count: TypeAlias = Annotated[int, Field(ge=1)]


class Part(Spec):
    """Base of all models inside a spec. They are strict, like the API: `"5"` is not a number and `1` is not a text.

    Fields have the names of the API: `async`, not `async_`. Models are built on first use, because most runs use one
    target.
    """

    model_config = ConfigDict(strict=True, validate_by_name=False, defer_build=True)


class Extensible(Part):
    """A part that passes through fields that this version does not support."""

    extra: JSONObject = Field(default_factory=dict)
    """Fields that the API has and this version of Reconciler does not know. They are sent unchanged and compared like
    all others, but not validated. Default: none."""

    @model_serializer(mode="wrap")
    def _merge_extra(self, serialise: SerializerFunctionWrapHandler) -> JSONObject:
        written: JSONObject = serialise(self)
        extra: JSONObject = written.pop("extra", {})
        return written | extra if extra else written


def _shape(of: type, name: str) -> Callable[[object], str]:
    return lambda value: name if isinstance(value, of) else "object"


TextOrObject = Discriminator(_shape(str, "text"))
"""Discriminator between `text` and `object`, so that errors in one are not reported for the other too."""

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
