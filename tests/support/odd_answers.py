"""Servers with other answers: damaged ones, each with a given probability, the same for the same seed; and objects with
values that the API does not accept.
"""

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random

import httpx2

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from tests.support.mutations import mutations
from tests.support.world import Document, World


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
        return httpx2.Response(response.status_code, headers=_headers(response), content=content)


class Rewritten(httpx2.AsyncBaseTransport):
    """Forwards requests to a server, and rewrites the objects of one type in its answers."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, type_: str, rewrite: Callable[[Document], Document]) -> None:
        self.inner = inner
        self.type = type_
        self.rewrite = rewrite

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        answer = json.loads(await response.aread())
        if isinstance(answer.get("data"), list):
            answer["data"] = list(map(self._rewritten, answer["data"]))
        return httpx2.Response(response.status_code, headers=_headers(response), json=self._rewritten(answer))

    def _rewritten(self, found: Document) -> Document:
        return self.rewrite(found) if found.get("object") == self.type else found


def _headers(response: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower() != "content-length"}


async def _at_once(_seconds: float) -> None:
    """Wait for nothing before a repeated request."""


def odd_connection(world: World, stack: AsyncExitStack, seed: int, share: float = 0.3) -> Connection:
    """Return a connection to the API of `world` with damaged answers."""
    transport = OddAnswers(httpx2.ASGITransport(app=world.app), seed, share)
    pace = Pace({}, sleep=_at_once)
    return world.run(stack.enter_async_context(connect(Endpoint(transport=transport), pace=pace)))
