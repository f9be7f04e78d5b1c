"""Containers: `/v1/container_folders`."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.bodies import older_than
from reconciler.live.client import Connection
from reconciler.live.contents import planned_bytes
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.registry import resource_types
from reconciler.resources.values import same

FIELDS: Final = ("name", "content", "description")


class Containers:
    type = "container"
    lists_whole = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        return [self._live(body) for body in await walk(self._connection, "container_folders")]

    async def whole(self, live: Live) -> Live | None:
        """Return the live container with its texts; None if it does not exist."""
        body = await self._connection.read("container_folders", live.id, "content", object_id=live.id)
        return None if body is None else replace(live, detail={**live.detail, "texts": body["texts"]})

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read("container_folders", id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        desired, names = request.desired, [*request.fields["content"]]
        contents = [await asyncio.to_thread(planned_bytes, request.root, part, desired) for part in desired.parts]
        files = [(f"files[{name}]", name, content) for name, content in zip(names, contents, strict=True)]
        body = {
            name: value for name, value in bodies.creation(self._resource_type, request).items() if name != "content"
        }
        return self._live(await self._connection.create("container_folders", body=body, files=files, about=desired))

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        recent = await walk(self._connection, "container_folders", until=older_than(since, self._connection.ahead))
        found = map(self._live, recent)
        return next((live for live in found if same({**live.fields, **request.fields}, live.fields)), None)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        body = bodies.change(self._resource_type, request, live)
        return self._live(
            await self._connection.replace("container_folders", live.id, body=body, about=request.desired)
        )

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Do nothing, because a container has no labels."""

    async def delete(self, id: str) -> None:  # noqa: A002
        await self._connection.remove("container_folders", id)

    def _live(self, body: Object) -> Live:
        return Live(
            type=self.type,
            id=body["id"],
            fields=bodies.canonical(self._resource_type, body, FIELDS),
            name=body["name"],
            detail=bodies.detail(body, ["created_at"]),
        )


ADAPTER: Final = Containers
