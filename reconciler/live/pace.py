"""Sends no more requests than OpenAI allows: a strict sliding window per lane, first come, first served."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

STORE: Final = "store"
A_MINUTE: Final[Mapping[str, int]] = MappingProxyType({"GET": 1000, "POST": 300, "DELETE": 300, STORE: 300})
"""Requests a minute by method, as OpenAI listed them for assistants (today's endpoints have no published figure), and
writes a minute to the files of one vector store (API reference, vector store files)."""

WINDOW: Final = 60.0
AT_ONCE: Final = 16
"""Requests in flight. More are slower: the client is bound by its CPU, not by waiting."""


def store_lane(store_id: str) -> str:
    """The lane of writes to the files of one vector store."""
    return f"{STORE}/{store_id}"


@dataclass
class _Lane:
    limit: int | None
    sent: deque[float]
    closed_until: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def opens(self) -> float:
        """When the next request may be sent."""
        full = self.limit is not None and len(self.sent) == self.limit
        return max(self.closed_until, self.sent[0] + WINDOW if full else self.closed_until)


class Pace:
    """Who may send next.

    A lane is a method, or `store/<id>` for one vector store. In no window of 60 s does a lane let more than its limit
    through; one whose name (before the slash) has no limit is open, so that `Pace({})` limits nothing.
    """

    def __init__(
        self,
        limits: Mapping[str, int] = A_MINUTE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._limits = limits
        self._lanes: dict[str, _Lane] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def turn(self, *lanes: str) -> AsyncIterator[None]:
        """Wait until one request may be sent in all of `lanes`, narrowest first; send it inside the `with`.

        Waiting in a narrow lane keeps nobody in a wider one waiting. A request counts from the moment it has a slot to
        be sent with, so that waiting for a connection cannot push it into the next window.
        """
        queues = [self._lane(name) for name in lanes]
        async with AsyncExitStack() as turns:
            for lane in queues:
                await turns.enter_async_context(lane.turn)
                await self._opened(lane)
            await self._slots.acquire()
            for lane in queues:
                lane.sent.append(self.clock())
        try:
            yield
        finally:
            self._slots.release()

    def hold(self, seconds: float, *lanes: str) -> None:
        """Let nothing through `lanes` for so many seconds: the server asked for it."""
        until = self.clock() + seconds
        for lane in map(self._lane, lanes):
            lane.closed_until = max(lane.closed_until, until)

    async def _opened(self, lane: _Lane) -> None:
        while (wait := lane.opens() - self.clock()) > 0:
            await self.sleep(wait)

    def _lane(self, name: str) -> _Lane:
        if name not in self._lanes:
            limit = self._limits.get(name.partition("/")[0])
            self._lanes[name] = _Lane(limit, deque(maxlen=limit or 0))
        return self._lanes[name]
