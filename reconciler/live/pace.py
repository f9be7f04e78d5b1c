"""Sends no more requests than OpenAI allows: a strict sliding window per lane, first come, first served, but for the
pages of lists that other requests follow from, which go first.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from reconciler.resources.resource_type import Lane

A_MINUTE: Final[Mapping[str, int]] = MappingProxyType({"GET": 1000, "POST": 300, "DELETE": 300})
"""Requests a minute by method, as OpenAI listed them for assistants (today's endpoints have no published figure)."""

WINDOW: Final = 60.0
AT_ONCE: Final = 16
"""Requests in flight. More are slower: the client is bound by its CPU, not by waiting."""


class _Turns:
    """A number of turns, given to those that wait in order of arrival, but to those that go first before the others."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def acquire(self, *, first: bool) -> None:
        if self._free:  # then nobody waits: a turn that is given back goes to those that wait
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        (self._first if first else self._others).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    def release(self) -> None:
        for waiting in (self._first, self._others):
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1


@dataclass
class _Lane:
    requests: str
    """The displayed name of the requests of this lane."""
    limit: int | None
    answered: deque[float]
    """Times at which the last requests were answered; as many as the limit."""
    in_flight: int = 0
    closed_until: float = float("-inf")
    told_at: float = float("-inf")
    turn: _Turns = field(default_factory=lambda: _Turns(1))

    def wait(self, now: float) -> float:
        """Return the estimated seconds until the next request may be sent."""
        while self.answered and self.answered[0] <= now - WINDOW:
            self.answered.popleft()
        full = self.limit is not None and self.in_flight + len(self.answered) >= self.limit
        oldest = self.answered[0] if self.answered else now
        return max(self.closed_until, oldest + WINDOW if full else now) - now

    def depart(self) -> None:
        self.in_flight += 1

    def arrive(self, now: float) -> None:
        self.in_flight -= 1
        self.answered.append(now)


class Pace:
    """The rate limiter. A lane is a method, or `NAME/<id>` for the requests about one object that a resource type
    declares.

    In any window of 60 s a lane admits at most its limit of requests. A lane without a limit is open, so that
    `Pace({})` limits nothing. A request counts until 60 s after its response, because the server may count it at any
    time in between.
    """

    def __init__(
        self,
        limits: Mapping[str, int] = A_MINUTE,
        *,
        lanes: Iterable[Lane] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.tell: Callable[[str], None] = lambda _text: None
        """Called with what a person should know about a wait, at most once a window and lane."""
        self._limits = limits
        self._declared = {lane.name: lane for lane in lanes}
        self._lanes: dict[str, _Lane] = {}
        self._slots = _Turns(AT_ONCE)

    @asynccontextmanager
    async def turn(self, *lanes: str, first: bool = False) -> AsyncIterator[None]:
        """Wait until one request may be sent in all of `lanes`, narrowest first; send it inside the `with`. With
        `first`, it is sent before all other requests that wait.

        Waiting in a narrow lane does not block requests in a wider one.
        """
        queues = [self._lane(name) for name in lanes]
        await self._admitted(queues, first=first)
        try:
            yield
        finally:
            self._slots.release()
            for lane in queues:
                lane.arrive(self.clock())

    async def _admitted(self, queues: Sequence[_Lane], *, first: bool) -> None:
        taken: list[_Lane] = []
        try:
            for lane in queues:
                await lane.turn.acquire(first=first)
                taken.append(lane)
                await self._opened(lane)
            await self._slots.acquire(first=first)
            for lane in queues:
                lane.depart()
        finally:
            for lane in taken:
                lane.turn.release()

    def hold(self, seconds: float, *lanes: str) -> None:
        """Block `lanes` for a number of seconds, as the server requested."""
        now = self.clock()
        for lane in map(self._lane, lanes):
            lane.closed_until = max(lane.closed_until, now + seconds)
            self._tell(lane, f"Rate limited by OpenAI ({lane.requests}); retrying in {seconds:.0f} s.")

    async def _opened(self, lane: _Lane) -> None:
        while (wait := lane.wait(self.clock())) > 0:
            if lane.closed_until <= self.clock():
                self._tell(lane, f"Slowed down to the limit of {lane.limit} {lane.requests} a minute.")
            await self.sleep(wait)

    def _tell(self, lane: _Lane, text: str) -> None:
        now = self.clock()
        if now - lane.told_at >= WINDOW:
            lane.told_at = now
            self.tell(text)

    def _lane(self, name: str) -> _Lane:
        if name not in self._lanes:
            kind, _, id_ = name.partition("/")
            declared = self._declared.get(kind)
            requests = f"{declared.requests} {id_}" if declared else f"{name} requests"
            limit = self._limits.get(kind, declared.per_minute if declared else None)
            self._lanes[name] = _Lane(requests, limit, deque(maxlen=limit or 0))
        return self._lanes[name]
