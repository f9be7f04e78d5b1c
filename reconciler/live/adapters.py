"""Adapters and referrers: the requests about each type of live object.

A module in `live/kinds` with an `ADAPTER`, or in `live/referrers` with a `REFERRER`, is found by its presence.
"""

import asyncio
import importlib
import pkgutil
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar, runtime_checkable

from reconciler.live import kinds, referrers as reading
from reconciler.live.client import Connection
from reconciler.resources.address import Identity
from reconciler.resources.base import Applied, Desired, Labels, Live
from reconciler.resources.registry import resource_types
from reconciler.resources.values import Fields


def no_secret(name: str) -> str:
    """Return no secret: the request is not one that sends secrets."""
    raise LookupError(name)


@dataclass(frozen=True)
class WriteRequest:
    """One object to write."""

    desired: Desired
    fields: Fields
    """The top-level fields to write, canonical and complete: all of `desired` at creation, the changed ones in an
    update. References are still references. Of a field that is ours by key, a key that is null is to be removed; a file
    of a store is called by its path, its id, or both."""
    labels: Labels
    """The labels of the object after the request."""
    id_of: Callable[[str], str]
    """Returns the live id of a referenced address."""
    root: Path
    """The project folder, which contains the bytes of uploads."""
    secret_of: Callable[[str], str] = no_secret
    """Returns the value of an environment variable, at the moment of the request."""
    revision: str = ""
    """Revision of the version that was applied before, if it has the desired fields: it is made current again."""
    is_resumed: bool = False
    """True if an interrupted run may have done a part of this update, which lists may not show yet."""


class Adapter(Protocol):
    """Reads and writes one type of live object. Errors are `LiveError`."""

    type: str
    refers: frozenset[str]
    """Types that objects of this type may reference. Objects are read before a referenced one is deleted."""
    lists_whole: bool
    """True if `list` reads all of every object, so that `whole` has nothing to add."""

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """List every live object of this type, in full pages. Parts with a list of their own (files of a vector store)
        are read only for objects that carry the labels of `identity` or whose id is in `known`.
        """
        ...

    async def whole(self, live: Live) -> Live | None:
        """Return a listed object with the parts that `list` did not read, or None if it was deleted in the meantime."""
        ...

    async def read(self, id: str) -> Live | None:  # noqa: A002
        """Return the current object, or None if it does not exist."""
        ...

    async def create(self, request: WriteRequest) -> Live:
        """Create the object; raise `UnknownOutcomeError` if it may or may not have been created."""
        ...

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        """Return the object that `create` made, or may have made, at or after the Unix time `since`, found by its
        marker.
        """
        ...

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Write `request.fields` over `live`, which was read just before; metadata is merged key by key."""
        ...

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Take the labels of this identity and lineage off the object and off what it holds; everything else of it
        stays.
        """
        ...

    async def delete(self, id: str) -> None:  # noqa: A002
        """Delete the object. An object that does not exist is not an error."""
        ...


@runtime_checkable
class Nested(Protocol):
    """An adapter of objects that are listed below a parent, whose id is in the path of every request about one."""

    def place(self, parents: Mapping[str, str]) -> None:
        """Note the parents of objects that lists may not contain yet, by the id of the object."""
        ...


@runtime_checkable
class Composed(Protocol):
    """An adapter of objects with parts that have a list of their own. Its `list` is these two, one after the other."""

    async def list_without_parts(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """List every live object of this type, and no parts."""
        ...

    async def with_parts(self, found: Sequence[Live]) -> Sequence[Live]:
        """Return the objects that `list_without_parts` found, with the parts that `list` reads."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """An adapter that builds no fields of an object whose mark is known, until something reads them."""

    def remember(self, applied: Mapping[str, Applied]) -> None:
        """Note the objects as they were applied, by id, with the marks that they had when they were read completely."""
        ...


@runtime_checkable
class PartReader(Protocol):
    """An adapter of objects with parts that take requests of their own: it is read again without most of them."""

    async def read_again(self, planned: Live, parts: frozenset[str]) -> Live | None:
        """Return the current object, or None if it does not exist. At least those of its parts that are in `parts` are
        read; the others may be as in `planned`, which `list` returned.
        """
        ...


@runtime_checkable
class PartLister(Protocol):
    """An adapter of objects whose parts are other objects, in lists of many pages."""

    async def holding(self, parts: frozenset[str], leaving: frozenset[str]) -> Sequence[Live]:
        """Return every live object of this type with at least those of its parts that are in `parts`; none of those in
        `leaving`.
        """
        ...


class Referrer(Protocol):
    """Reads live objects that are asked for by no manifest and may need what is. It never writes.

    What such an object needs is in its `refers_to`; its `name` is what people know it by.
    """

    type: str
    refers: frozenset[str]
    """Types that objects of this type may reference. Objects are read before a referenced one is deleted."""
    asks_by_id: bool
    """True if each id takes a request. Otherwise one list walk serves any number of ids."""

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        """Return the live objects in use that reference one of `ids`, which are given by type."""
        ...


def at(body: object, path: str) -> Iterator[str]:
    """Yield every id at a dotted path of a body; lists on the path are searched item by item."""
    name, _, rest = path.partition(".")
    value = body.get(name) if isinstance(body, dict) else None
    for item in value if isinstance(value, list) else [value]:
        if rest:
            yield from at(item, rest)
        elif isinstance(item, str) and item:
            yield item


def referred(body: object, paths: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the ids at these paths of a body, sorted; the paths are given by the type that they refer to."""
    found = {id_ for group in paths.values() for path in group for id_ in at(body, path)}
    return tuple(sorted(found))


def needing(found: Iterable[Live], ids: Mapping[str, Collection[str]]) -> list[Live]:
    """Return the objects of `found` that reference one of `ids`, which are given by type."""
    wanted = {id_ for group in ids.values() for id_ in group}
    return [live for live in found if not wanted.isdisjoint(live.refers_to)]


def adapters(connection: Connection, used: Collection[str] = ()) -> dict[str, Adapter]:
    """Return the adapters by type of live object, without those of types that the server does not have.

    OpenAI ended some APIs. It has no objects of them, and the embedded API is asked for them only if the project has
    objects of such a type, which are given in `used`. Any other server may have them.
    """
    made: list[Adapter] = [module.ADAPTER(connection) for module in _modules(kinds)]
    return {adapter.type: adapter for adapter in made if _may_exist(connection, adapter.type, used)}


def _may_exist(connection: Connection, type_: str, used: Collection[str]) -> bool:
    if resource_types()[type_].shutdown is None:
        return True
    return not connection.is_openai and (type_ in used or not connection.mirrors_openai)


def referrers(connection: Connection) -> list[Referrer]:
    """Return the readers of live objects that may reference managed objects and have no adapter."""
    return [module.REFERRER(connection) for module in _modules(reading)]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return (importlib.import_module(f"{package.__name__}.{name}") for name in names)


T = TypeVar("T")


async def gather(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return all results, in order. The first error cancels the rest and is raised as it is, unlike in a
    `TaskGroup`.
    """
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
