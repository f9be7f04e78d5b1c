"""The clients of the SDK that a connection sends its requests with, each with one connection to the server.

Before and after each request, an HTTP client asks the system about every idle connection of its pool. With sixteen of
them that took a seventh of the CPU of an apply. A client with one connection asks about that one.
"""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

SMALL: Final = 64 * 2**10
"""Maximum size in bytes of a body that is sent in one piece."""


class Clients:
    """As many clients as there are requests at once, made on demand and closed together."""

    def __init__(self, make: Callable[[], "AsyncOpenAI"]) -> None:
        self._make = make
        self.first = make()
        self._idle = [self.first]
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.first)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    @contextmanager
    def one(self) -> Iterator["AsyncOpenAI"]:
        """Yield a client that no other request uses: the one that was used last, whose connection is most likely open,
        or a new one.
        """
        client = self._idle.pop() if self._idle else self._another()
        try:
            yield client
        finally:
            self._idle.append(client)

    def _another(self) -> "AsyncOpenAI":
        client = self._make()
        self._open.push_async_callback(client.close)
        return client


async def join_body(request: "httpx2.Request") -> None:
    """Join the parts of a small form: each is sent with its own system call otherwise. Called for every request."""
    if int(request.headers.get("content-length", SMALL + 1)) <= SMALL:
        await request.aread()
