"""The lists of live objects that a plan reads."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from reconciler.live.adapters import Adapter, Composed, Nested, Remembering, gather
from reconciler.live.listing import Listing
from reconciler.live.versions import with_versions
from reconciler.planning.uploads import CLOCK_LAG, created
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Live
from reconciler.resources.registry import resource_types
from reconciler.resources.values import ADDRESS_KEY, is_reference
from reconciler.state.model import Intent, Snapshot, State


def types_of(snapshot: Snapshot) -> set[str]:
    """Return the types of the objects in the state, and of those that an interrupted run may have created."""
    created = (item.type for item in snapshot.pending if item.creates)
    return {*(item.type for item in snapshot.state.objects.values()), *created}


async def list_objects(adapter: Adapter, identity: Identity, snapshot: Snapshot) -> Sequence[Live]:
    """List the objects of a type, without parts that have lists of their own."""
    if isinstance(adapter, Nested):
        adapter.place(dict(_parents(snapshot.state, adapter.type)))
    if isinstance(adapter, Remembering):
        adapter.remember(dict(_verified(snapshot.state, adapter.type)))
    read = adapter.list_without_parts if isinstance(adapter, Composed) else adapter.list
    return await read(identity, [item.id for item in snapshot.state.objects.values()])


async def list_live(
    by_type: Mapping[str, Adapter],
    types: Iterable[str],
    identity: Identity,
    snapshot: Snapshot,
    *,
    started: Mapping[str, asyncio.Future[Sequence[Live]]] | None = None,
    listing: Listing | None = None,
    parts: bool = True,
) -> list[Live]:
    """List the objects of `types`, with those of the state that the lists do not contain.

    `started` are results of `list_objects` by type, which are awaited. A list that is refused is an error, or is noted
    in `listing`.
    """
    listed = sorted(set(types) & by_type.keys())
    under_way = started or {}

    async def walk(adapter: Adapter) -> Sequence[Live]:
        found = await (under_way.get(adapter.type) or list_objects(adapter, identity, snapshot))
        return await adapter.with_parts(found) if parts and isinstance(adapter, Composed) else found

    async def attempt(adapter: Adapter) -> Sequence[Live]:
        return await (listing.attempt(adapter.type, adapter.refers, walk(adapter), []) if listing else walk(adapter))

    walked = [live for found in await gather(attempt(by_type[name]) for name in listed) for live in found]
    live = await with_versions(
        by_type, resource_types(), walked, snapshot.state.objects.values(), partial(may_be_announced, snapshot.pending)
    )
    # Lists may not contain objects created seconds ago, so only a read by id shows that an object was deleted.
    known = {(item.type, item.id) for item in snapshot.state.objects.values()}
    unseen = known - {(item.type, item.id) for item in live}
    read = await gather(by_type[name].read(id_) for name, id_ in sorted(unseen) if name in listed)
    return [*live, *(item for item in read if item is not None)]


async def with_parts(by_type: Mapping[str, Adapter], live: Sequence[Live]) -> list[Live]:
    """Return the objects with the parts that were left out."""
    found: dict[tuple[str, str], Live | None] = {(one.type, one.id): one for one in live}
    for adapter in by_type.values():
        if isinstance(adapter, Composed):
            bare = [one for one in live if one.type == adapter.type]
            found |= {(one.type, one.id): None for one in bare}
            found |= {(one.type, one.id): one for one in await adapter.with_parts(bare)}
    return [one for one in found.values() if one is not None]


async def completed(
    by_type: Mapping[str, Adapter], types: Collection[str], live: Iterable[Live], listing: Listing
) -> tuple[Live, ...]:
    """Return `live`, with objects of these types complete, so that all their references are known."""

    async def whole(item: Live) -> Live | None:
        if item.type not in types:
            return item
        adapter = by_type[item.type]
        return await listing.attempt(adapter.type, adapter.refers, adapter.whole(item), item)

    return tuple(item for item in await asyncio.gather(*map(whole, live)) if item is not None)


def may_be_announced(intents: Iterable[Intent], live: Live) -> bool:
    """Return True if an unfinished create may have made the object."""
    return any(
        item.creates and item.type == live.type and created(live) >= item.started - CLOCK_LAG for item in intents
    )


def _parents(state: State, type_: str) -> Iterator[tuple[str, str]]:
    """Yield the ids of the objects of a type in the state, each with the id of its parent."""
    for applied in state.objects.values():
        value = applied.fields.get(resource_types()[type_].parent) if applied.type == type_ else None
        parent = state.objects.get(Address.parse(value[ADDRESS_KEY])) if is_reference(value) else None
        if parent is not None:
            yield applied.id, parent.id
        elif isinstance(value, str):
            yield applied.id, value


def _verified(state: State, type_: str) -> Iterator[tuple[str, Applied]]:
    """Yield the objects of a type in the state that have the mark that they had when they were applied, by id."""
    return ((one.id, one) for one in state.objects.values() if one.verified and one.type == type_)
