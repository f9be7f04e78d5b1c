"""The lists that commands read, each asked for one object: which of them the key and the server permit."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.live.adapters import adapters, gather, referrers
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.live.pages import shutdown_dates
from reconciler.live.requests import Object
from reconciler.resources.address import Identity
from reconciler.resources.problems import Problem

MODELS: Final = "model"
"""Stands for the list of models, in place of a type of object."""
_NOBODY: Final = Identity("doctor")
"""An identity that owns no object."""


@dataclass
class ListProbe:
    """One list, and what the API answered."""

    path: tuple[str, ...]
    has_limit: bool
    """True if the list takes a page size."""
    types: set[str] = field(default_factory=set)
    """Types of objects for which the list is read."""
    blocks: set[str] = field(default_factory=set)
    """Types of objects that cannot be deleted while the list cannot be read, because its objects may refer to them."""
    error: LiveError | None = None
    seconds: float = 0.0

    @property
    def request(self) -> str:
        return f"GET /{'/'.join(self.path)}"


class _Collector(Connection):
    """A connection that sends nothing: every list is empty, and noted."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.clients, connection.pace, mirrors_openai=connection.mirrors_openai)
        self.found: dict[tuple[str, ...], ListProbe] = {}
        self.asks: tuple[str, Collection[str]] = (MODELS, ())
        """The type of object that is listed, and the types that it may refer to."""

    async def page(self, *path: str, query: Mapping[str, Any] | None = None, first: bool = False) -> Object:  # noqa: ARG002 - nothing waits
        probe = self.found.setdefault(path, ListProbe(path, "limit" in (query or {})))
        type_, blocks = self.asks
        probe.types.add(type_)
        probe.blocks.update(blocks)
        return {"data": [], "has_more": False}


async def probe_lists(connection: Connection, used: Collection[str], seconds: float) -> list[ListProbe]:
    """Ask every list that commands read for one object, all at the same time, and return them by path.

    `used` are the types of which the project has objects. A request may take `seconds`, and is sent once. Lists below
    an object, such as the files of a vector store, need the same scope as the one above them.
    """
    collector = _Collector(connection)
    await shutdown_dates(collector)
    for adapter in adapters(collector, used).values():
        collector.asks = adapter.type, adapter.refers
        await adapter.list(_NOBODY, ())
    for referrer in referrers(collector):
        collector.asks = referrer.type, referrer.refers
        await referrer.referring(dict.fromkeys(referrer.refers, ()))
    connection.attempts = 1
    await gather(_probe(connection, one, seconds) for one in collector.found.values())
    return sorted(collector.found.values(), key=lambda one: one.path)


async def _probe(connection: Connection, one: ListProbe, seconds: float) -> None:
    begun = connection.pace.clock()
    try:
        async with asyncio.timeout(seconds):
            await connection.page(*one.path, query={"limit": 1} if one.has_limit else None)
    except LiveError as error:
        one.error = error
    except TimeoutError:
        hint = "Check the network, the proxy and the base URL, then run it again."
        one.error = LiveError(Problem("timeout", f"{one.request}: no response in {seconds:.0f} s", hint=hint))
    one.seconds = connection.pace.clock() - begun
