"""What a manifest writes where it refers to another object: a name, `kind/name`, a frozen copy, or a literal id."""

import re
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.resources.address import NAME_PATTERN, Address, is_name
from reconciler.resources.values import JSON, reference

_LITERAL: Final = re.compile(r"[a-z]+_\w+")
"""Ids of the API have an underscore (`agent_…`, `vs_…`), names have none."""
_FROZEN: Final = re.compile(r"[a-z0-9][-a-z0-9]*(\.[1-9][0-9]*)?")


def target(prefix: str, text: str) -> Address | None:
    """The object of the kind with this prefix that `text` refers to; None for a literal id."""
    return None if _LITERAL.fullmatch(text) else Address(prefix, text.removeprefix(f"{prefix}/"))


def canonical(prefix: str, value: JSON) -> JSON:
    """`value` as a reference, where it is the text of one; what is canonical already stays as it is."""
    address = target(prefix, value) if isinstance(value, str) else None
    return reference(address) if address else value


def _checked(prefix: str) -> Any:
    def check(text: str) -> str:
        address = target(prefix, text)
        if address is not None and not _is_reference(address.name):
            message = "{text} names no {kind}: write a name, {kind}/NAME, a frozen copy NAME@CHATBOT.N, or a literal id"
            raise PydanticCustomError("reference", message, {"text": repr(text), "kind": prefix})
        return text

    return AfterValidator(check)


def _is_reference(name: str) -> bool:
    working, at, frozen = name.partition("@")
    return is_name(working) and (not at or _FROZEN.fullmatch(frozen) is not None)


def _schema(prefix: str) -> WithJsonSchema:
    name = rf"({prefix}/)?{NAME_PATTERN}(@[a-z0-9][-a-z0-9]*(\.[1-9][0-9]*)?)?"
    return WithJsonSchema({"type": "string", "pattern": rf"^([a-z]+_\w+|{name})$"})


AssistantName: TypeAlias = Annotated[str, _checked("assistant"), _schema("assistant")]
VectorStoreName: TypeAlias = Annotated[str, _checked("vectorstore"), _schema("vectorstore")]
PipelineName: TypeAlias = Annotated[str, _checked("pipeline"), _schema("pipeline")]
