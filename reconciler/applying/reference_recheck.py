"""The check for new references immediately before an object is deleted."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Final

from reconciler.live.adapters import Adapter, Referrer, gather
from reconciler.live.errors import NotServedError
from reconciler.planning.build import Planned, planned_deletions
from reconciler.resources.base import Live

FRESH: Final = 2.0
"""Seconds for which one list walk serves further deletes, counted from its end.

A delete relies on lists that were read at most one list walk and two seconds earlier. The wait for the rate limit,
which applies above 300 deletes a minute, is added to it. The API has no conditional delete, so this interval cannot be
zero. All steps that run at the same time share one walk, so that the number of requests grows with the number of
deletes, and not with deletes times lists.
"""


@dataclass
class _Seen:
    at: float = float("-inf")
    objects: Sequence[Live] = ()
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ReferenceRecheck:
    """Finds references at OpenAI that appeared after the plan was made."""

    def __init__(
        self,
        planned: Planned,
        adapters: Mapping[str, Adapter],
        referrers: Collection[Referrer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inputs = planned.inputs
        self._deleted = planned_deletions(planned)
        known = chain(planned.inputs.live, planned.inputs.elsewhere)
        self._known = {(live.id, id_) for live in known for id_ in live.refers_to}
        self._adapters = adapters
        self._referrers = referrers
        self._clock = clock
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._absent = {one.type for one in planned.inputs.unlisted if one.is_absent}

    async def newcomers(self, live: Live) -> list[Live]:
        """Return the objects that reference `live` and did not when the plan was made, by type and id."""
        found = await gather(self._looks(live))
        new = (
            one
            for one in chain.from_iterable(found)
            if live.id in one.refers_to and (one.id, live.id) not in self._known
        )
        return sorted(new, key=lambda one: (one.type, one.id))

    def _looks(self, live: Live) -> Iterator[Coroutine[Any, Any, Sequence[Live]]]:
        for referrer in self._referrers:
            if live.type in referrer.refers and referrer.asks_by_id:
                yield self._listed(referrer.type, partial(referrer.referring, {live.type: [live.id]}))
            elif live.type in referrer.refers:
                yield self._shared(referrer.type, partial(referrer.referring, self._deleted))
        for adapter in self._adapters.values():
            if live.type in adapter.refers:
                yield self._shared(adapter.type, partial(self._everything, adapter))

    async def _listed(self, name: str, look: Callable[[], Awaitable[Sequence[Live]]]) -> Sequence[Live]:
        """Return what `look` finds. A list that the server did not have when the plan was made may still be a 404."""
        try:
            return await look()
        except NotServedError:
            if name not in self._absent:
                raise
            return ()

    async def _shared(self, name: str, look: Callable[[], Awaitable[Sequence[Live]]]) -> Sequence[Live]:
        seen = self._seen[name]
        async with seen.turn:
            if self._clock() - seen.at > FRESH:
                seen.objects, seen.at = await self._listed(name, look), self._clock()
            return seen.objects

    async def _everything(self, adapter: Adapter) -> Sequence[Live]:
        """Read every object of a type, managed or not, with all its parts."""
        known = [applied.id for applied in self._inputs.applied.values()]
        listed = await adapter.list(self._inputs.identity, known)
        return [live for live in await gather(map(adapter.whole, listed)) if live is not None]
