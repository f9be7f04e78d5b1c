"""The check for references immediately before an object is deleted.

It finds everything that holds the id then, whether or not it did when the plan was made: what the plan was to change
has been changed by now.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Final

from reconciler.live.adapters import Adapter, PartLister, Referrer, gather
from reconciler.live.errors import NotServedError
from reconciler.planning.build import Planned, planned_deletions
from reconciler.planning.holders import holders
from reconciler.planning.referrers import Foreign
from reconciler.resources.address import Address
from reconciler.resources.base import Live

FRESH: Final = 2.0
"""Seconds for which one list walk serves further deletes, counted from its end.

A delete relies on lists that were read at most one list walk and two seconds earlier. The wait for the rate limit,
which applies above 300 deletes a minute, is added to it. The API has no conditional delete, so this interval cannot be
zero. All steps that run at the same time share one walk, so that the number of requests grows with the number of
deletes, and not with deletes times lists.

An update reads files of a store before it attaches others, and waits until they are indexed. What it read is older than
this interval when the upload that it replaced is deleted, so that it proves nothing then.
"""
NEVER: Final = float("-inf")
LOOKS: Final = (0.0, 2.0, 4.0)
"""Seconds before each further look at a holder that the plan changes: lists may show it as it was before."""


@dataclass
class _Seen:
    begun: float = NEVER
    at: float = NEVER
    objects: Sequence[Live] = ()
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ReferenceRecheck:
    """Finds references at OpenAI, and in the states of peers, that the plan does not leave in place."""

    def __init__(
        self,
        planned: Planned,
        adapters: Mapping[str, Adapter],
        referrers: Collection[Referrer],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._inputs = planned.inputs
        self._deleted = planned_deletions(planned)
        self._leaving = frozenset(chain.from_iterable(self._deleted.values()))
        self._accepted = frozenset(_accepted(planned, self._leaving))
        self._adapters = adapters
        self._referrers = referrers
        self._clock, self._sleep = clock, sleep
        self._changed = frozenset(change.id for change in planned.plan.work if change.action == "update")
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._absent = {one.type for one in planned.inputs.unlisted if one.is_absent}

    async def holders(self, live: Live) -> list[Live]:
        """Return the objects that reference `live`, by type and id; without those that the plan deletes, and those that
        a consent was given for.

        A reference in a shared list may have been removed by a step of this run since: then that list is read again.
        Lists may also show a removed reference for some seconds: if the plan changes the holder, it is looked at again.
        """
        asked = self._clock()
        held = await self._holders(live, {})
        for wait in LOOKS:
            if not held or (wait and not all(one.id in self._changed for _, one in held)):
                break
            await self._sleep(wait)
            held = await self._holders(live, {name: asked + wait for name, _ in held})
        return [one for _, one in held]

    async def _holders(self, live: Live, since: Mapping[str, float]) -> list[tuple[str, Live]]:
        """Return the objects that reference `live`, each with the look that found it. A look in `since` is not a shared
        one that began before that time.
        """
        looks = dict(self._looks(live, since))
        found = dict(zip(looks, await gather(looks.values()), strict=True))
        ids = {live.id, *(one.id for some in found.values() for one in some if self._is_child(one, live))}
        ids.update(child.id for child, _ in self._inputs.children({live.id}))
        held = (
            (name, one)
            for name, some in found.items()
            for one in some
            if not ids.isdisjoint(one.refers_to)
            and one.id not in self._leaving
            and (one.id, live.id) not in self._accepted
        )
        return sorted(held, key=lambda item: (item[1].type, item[1].id))

    def _is_child(self, one: Live, parent: Live) -> bool:
        """Return True if an object is deleted with its parent."""
        resource_type = self._inputs.resource_types.get(one.type)
        return resource_type is not None and resource_type.parent == parent.type and parent.id in one.refers_to

    def _looks(
        self, live: Live, since: Mapping[str, float]
    ) -> Iterator[tuple[str, Coroutine[Any, Any, Sequence[Live]]]]:
        """Yield the looks at everything that may reference `live`, by name."""
        look: Callable[[], Awaitable[Sequence[Live]]]
        for referrer in self._referrers:
            if live.type in referrer.refers and referrer.asks_by_id:
                yield (
                    referrer.type,
                    self._listed(referrer.type, partial(referrer.referring, {live.type: [live.id]})),
                )
            elif live.type in referrer.refers:
                look = partial(referrer.referring, self._deleted)
                yield referrer.type, self._shared(referrer.type, referrer.type, look, since)
        for adapter in self._adapters.values():
            if live.type not in adapter.refers:
                continue
            parts, look = self._deleted.get(live.type, frozenset()), partial(self._everything, adapter)
            name = adapter.type
            if isinstance(adapter, PartLister) and live.id in parts:
                name, look = f"{adapter.type} with {live.type}", partial(adapter.holding, parts, self._leaving)
            yield name, self._shared(name, adapter.type, look, since)

    async def _listed(self, type_: str, look: Callable[[], Awaitable[Sequence[Live]]]) -> Sequence[Live]:
        """Return what `look` finds. A list that the server did not have when the plan was made may still be a 404."""
        try:
            return await look()
        except NotServedError:
            if type_ not in self._absent:
                raise
            return ()

    async def _shared(
        self, name: str, type_: str, look: Callable[[], Awaitable[Sequence[Live]]], since: Mapping[str, float]
    ) -> Sequence[Live]:
        seen = self._seen[name]
        async with seen.turn:
            if self._clock() - seen.at > FRESH or seen.begun < since.get(name, NEVER):
                seen.begun = self._clock()
                seen.objects, seen.at = await self._listed(type_, look), self._clock()
            return seen.objects

    async def _everything(self, adapter: Adapter) -> Sequence[Live]:
        """Read every object of a type, managed or not, with all its parts."""
        known = [applied.id for applied in self._inputs.applied.values()]
        listed = await adapter.list(self._inputs.identity, known)
        return [live for live in await gather(map(adapter.whole, listed)) if live is not None]


def _accepted(planned: Planned, leaving: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the references that exist after the plan, by the ids of referrer and referent: with them, the plan has no
    changes but those that a consent permits.
    """
    inputs, matched = planned.inputs, planned.matched
    ended = {live.id: address for address, live in matched.live.items() if live.id in leaving}
    for id_, edges in holders(inputs, matched, ended, planned.plan.work).items():
        for edge in edges:
            source = edge.source
            live = matched.live.get(source) if isinstance(source, Address) else None
            yield live.id if live else source.id if isinstance(source, Foreign) else str(source), id_
