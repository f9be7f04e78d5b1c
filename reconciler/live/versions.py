"""Completion of listed objects whose type has versions: lists do not contain the fields of the current version."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.live.adapters import Adapter, gather
from reconciler.resources.base import Applied, Live
from reconciler.resources.resource_type import ResourceType


async def with_versions(
    adapters: Mapping[str, Adapter],
    types: Mapping[str, ResourceType],
    live: Sequence[Live],
    applied: Iterable[Applied],
    is_read: Callable[[Live], bool],
) -> list[Live]:
    """Return `live` with the versioned fields of managed objects, and of those for which `is_read` returns True.

    They are those of the state if the list shows the version that the state has. Otherwise the object is read: the
    current version was changed outside Reconciler, the list is late, or the state does not have the object. An object
    that was deleted in the meantime is left out.
    """
    known = {one.id: one for one in applied}

    def versioned_fields(one: Live) -> frozenset[str]:
        return types[one.type].versioned if one.type in types else frozenset()

    async def completed(one: Live) -> Live | None:
        versioned = versioned_fields(one)
        if versioned <= one.fields.keys():
            return one
        entry = known.get(one.id)
        if entry and entry.revision == one.revision and versioned <= entry.fields.keys():
            return replace(one, fields={**one.fields, **{name: entry.fields[name] for name in versioned}})
        return await adapters[one.type].read(one.id) if entry or is_read(one) else one

    found = iter(await gather(completed(one) for one in live if versioned_fields(one)))
    every = (next(found) if versioned_fields(one) else one for one in live)
    return [one for one in every if one is not None]
