"""What an assistant refers to: vector stores by name, files by path, and either by a literal id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from reconciler.resources.address import Address
from reconciler.resources.base import Path
from reconciler.resources.kinds.file import file_address, is_file_id
from reconciler.resources.names import VectorStoreName, target
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference, reference


def file_of(text: str) -> Address | None:
    """The file at a path relative to the project folder; None for a literal `file-…` id."""
    return None if is_file_id(text) else file_address(text)


def _checked_file(text: str) -> str:
    if not text or text.endswith("/"):
        raise PydanticCustomError("reference", "expected the path of a file in the project folder, or a file-… id")
    return text


def _referring(address_of: Callable[[str], Address | None]) -> PlainSerializer:
    def serialise(text: str) -> Any:
        address = address_of(text)
        return reference(address) if address else text

    return PlainSerializer(serialise)


StoreId: TypeAlias = Annotated[VectorStoreName, _referring(partial(target, "vectorstore"))]
"""A vector store; it is serialised as a reference, or as the literal id."""

FileId: TypeAlias = Annotated[str, AfterValidator(_checked_file), _referring(file_of)]
"""A file; it is serialised as a reference, or as the literal id."""

_ID_FIELDS: Final = frozenset({"vector_store_ids", "file_ids", "file_id"})


def referred(value: JSON, path: Path = ()) -> Iterator[tuple[Path, Address]]:
    """The references in a serialised spec, each with the way to it: the same as in the manifest."""
    if is_reference(value):
        yield path, Address.parse(value[ADDRESS_KEY])
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from referred(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from referred(item, (*path, index))


def localised(value: JSON, addresses_of: Callable[[str], Sequence[str]], expected: frozenset[str]) -> JSON:
    """`value` with ids turned into references wherever an id is known under an address.

    Of several addresses (one upload for equal files) the first that is `expected` here is taken, else the first.
    """
    if isinstance(value, Mapping):
        return {key: _named(key, item, addresses_of, expected) for key, item in value.items()}
    if isinstance(value, list):
        return [localised(item, addresses_of, expected) for item in value]
    return value


def _named(field: str, value: JSON, addresses_of: Callable[[str], Sequence[str]], expected: frozenset[str]) -> JSON:
    if field not in _ID_FIELDS:
        return localised(value, addresses_of, expected)
    if isinstance(value, list):
        return [_named(field, item, addresses_of, expected) for item in value]
    known = addresses_of(value) if isinstance(value, str) else ()
    return reference(min(known, key=lambda address: (address not in expected, address))) if known else value
