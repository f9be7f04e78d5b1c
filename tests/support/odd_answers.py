"""A server whose answers are damaged: each response is mutated with a given probability, the same for the same seed."""

import json
from contextlib import AsyncExitStack
from random import Random

import httpx2

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from tests.support.mutations import mutations
from tests.support.world import World


class OddAnswers(httpx2.AsyncBaseTransport):
    """Forwards requests to a server, and damages successful answers."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, seed: int, share: float) -> None:
        self.inner = inner
        self.random = Random(seed)
        self.share = share

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        content = await response.aread()
        if response.status_code == 200 and self.random.random() < self.share:
            (content,) = mutations(json.loads(content), self.random.randrange(2**32), 1)
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        return httpx2.Response(response.status_code, headers=headers, content=content)


async def _at_once(_seconds: float) -> None:
    """Wait for nothing before a repeated request."""


def odd_connection(world: World, stack: AsyncExitStack, seed: int, share: float = 0.3) -> Connection:
    """Return a connection to the API of `world` with damaged answers."""
    transport = OddAnswers(httpx2.ASGITransport(app=world.app), seed, share)
    pace = Pace({}, sleep=_at_once)
    return world.run(stack.enter_async_context(connect(Endpoint(transport=transport), pace=pace)))
