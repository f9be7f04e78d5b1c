"""Vaults: `/v1/vaults`, in beta."""

from collections.abc import Sequence
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.bodies import carries, older_than
from reconciler.live.client import Connection, Object
from reconciler.live.pages import shared_walk, walk
from reconciler.live.shapes import TEXT, TEXTS, TIME, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.labels import from_metadata
from reconciler.resources.registry import resource_types

PATH: Final = "vaults"
FIELDS: Final = ("name", "metadata")
SHAPES: Final = {"name": TEXT, "metadata": TEXTS, "created_at": TIME}


class Vaults:
    type = "vault"
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        return [self._live(body) for body in await shared_walk(self._connection, PATH)]

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read(PATH, id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        body = bodies.creation(self._resource_type, request)
        return self._live(await self._connection.create(PATH, body=body, about=request.desired))

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        recent = await walk(self._connection, PATH, until=older_than(since, self._connection.ahead))
        return next((self._live(body) for body in recent if carries(body, request.labels)), None)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        body = bodies.change(self._resource_type, request, live)
        return self._live(await self._connection.replace(PATH, live.id, body=body, about=request.desired))

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        live = await self.read(id)
        if live and live.labels and live.labels.is_of(str(identity), lineage):
            await self._connection.replace(PATH, id, body={"metadata": live.fields["metadata"]})

    async def delete(self, id: str) -> None:  # noqa: A002
        await self._connection.remove(PATH, id)

    def _live(self, body: Object) -> Live:
        with understood(self.type, body, SHAPES):
            return Live(
                type=self.type,
                id=body["id"],
                fields=bodies.canonical(self._resource_type, body, FIELDS),
                labels=from_metadata(body.get("metadata")),
                name=body.get("name") or "",
                detail=bodies.detail(body, ["created_at"]),
            )


ADAPTER: Final = Vaults
