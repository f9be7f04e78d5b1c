"""What the engine asks of every type of live object, wherever it lives."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reconciler.resources.address import Identity
from reconciler.resources.base import Desired, Labels, Live
from reconciler.resources.values import Fields


@dataclass(frozen=True)
class WriteRequest:
    """One object to write."""

    desired: Desired
    fields: Fields
    """The top-level fields to write, canonical and complete: all of `desired` at creation, the changed ones in an
    update. References are still references. Of a field that is ours by key, a key that is null is to be removed; a file
    of a store is called by its path, its id, or both."""
    labels: Labels
    """What the object is to be labelled with afterwards."""
    id_of: Callable[[str], str]
    """The live id behind a reference's address."""
    root: Path
    """The project folder, where the bytes of uploads are."""


class Adapter(Protocol):
    """Reads and writes one type of live object. Errors are `LiveError`."""

    type: str
    refers: frozenset[str]
    """Types whose ids objects of this type may hold; read before one of those is deleted."""
    lists_whole: bool
    """True if `list` reads all of every object, so that `whole` has nothing to add."""

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """Every live object of this type, by list walks of full pages. Parts that need a listing of their own (files of
        a vector store) are read only for objects that carry our labels or whose id is `known`.
        """
        ...

    async def whole(self, live: Live) -> Live | None:
        """A listed object with the parts that `list` has not read, or None where it is gone meanwhile."""
        ...

    async def read(self, id: str) -> Live | None:  # noqa: A002
        """The object as it is now, or None where there is none any more."""
        ...

    async def create(self, order: WriteRequest) -> Live:
        """Make the object; raises `UnknownOutcomeError` where nobody can tell whether it was made."""
        ...

    async def find(self, order: WriteRequest, since: float) -> Live | None:
        """The object that `create` made, or may have made, at or after the Unix time `since`, found by its marker."""
        ...

    async def update(self, live: Live, order: WriteRequest) -> Live:
        """Write `order.fields` over `live`, which was read just before; metadata is merged key by key."""
        ...

    async def disown(self, id: str, identity: Identity) -> None:  # noqa: A002
        """Take the labels of `identity` off the object and off what it holds; everything else of it stays."""
        ...

    async def delete(self, id: str) -> None:  # noqa: A002
        """Remove it; one that is gone already is done."""
        ...


class Referrer(Protocol):
    """Reads live objects that are asked for by no manifest and may need what is. It never writes.

    What such an object needs is in its `refers_to`; its `name` is what people know it by.
    """

    type: str
    refers: frozenset[str]
    """Types whose ids objects of this type may hold; read before one of those is deleted."""
    asks_by_id: bool
    """Whether a request is made for every id. Otherwise one list walk serves however many ids."""

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        """The live objects that need one of `ids`, which are given by type. What is over needs nothing any more."""
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
    """Those of `found` that refer to one of `ids`, which are given by type."""
    wanted = {id_ for group in ids.values() for id_ in group}
    return [live for live in found if not wanted.isdisjoint(live.refers_to)]
