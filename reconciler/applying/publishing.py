"""Publishing of bundles in groups: those that come while others are being written are written together afterwards.

A group takes one thread, and one lock of a local store. Of a new estate, in which every object has a bundle, single
writes took a fifth of the CPU. A group is as large as the number of steps under way at most.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError


@dataclass(frozen=True, slots=True, eq=False)
class Publication:
    """A bundle that is to be published."""

    address: Address
    ids: Mapping[str, str]
    """The live ids of what it refers to, by address."""
    under: Address | None = None
    """Of a release: the chatbot that publishes it once the bundle is written."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """Of a release: see `Applied.holds`."""


class Publishing:
    """Calls a blocking function with groups of bundles, or, unless `together`, with each at once."""

    def __init__(self, publish: Callable[[Sequence[Publication]], None], *, together: bool) -> None:
        self._publish = publish
        self._together = together
        self._turn = asyncio.Lock()
        self._waiting: list[Publication] = []
        self._written: set[Publication] = set()

    async def publish(self, bundle: Publication) -> None:
        """Return when the bundle is published. Its error is its own: a group that failed is published one by one."""
        if not self._together:
            await asyncio.to_thread(self._publish, [bundle])
            return
        self._waiting.append(bundle)
        try:
            async with self._turn:
                if bundle in self._waiting:
                    await self._publish_waiting()
                if bundle not in self._written:
                    await asyncio.to_thread(self._publish, [bundle])
        finally:
            self._written.discard(bundle)
            if bundle in self._waiting:
                self._waiting.remove(bundle)

    async def _publish_waiting(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            await asyncio.to_thread(self._publish, group)
        except ReconcilerError:
            if len(group) == 1:
                raise
        else:
            self._written.update(group)
