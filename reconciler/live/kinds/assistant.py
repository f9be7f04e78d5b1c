"""Saved assistants: `/v1/assistants`, version 2. OpenAI ended this API; other servers have it."""

from collections.abc import Sequence
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.bodies import carries, older_than
from reconciler.live.client import Connection, Object
from reconciler.live.errors import NotServedError, reclassified
from reconciler.live.pages import walk
from reconciler.live.shapes import NUMBER, OBJECT, TEXT, TEXTS, TIME, TYPED, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.labels import from_metadata
from reconciler.resources.references import ids_in
from reconciler.resources.registry import resource_types

TIMES: Final = ("created_at", "updated_at")
"""Only servers of others have `updated_at`."""
SHAPES: Final = {
    **dict.fromkeys(("model", "name", "description", "instructions"), TEXT),
    **dict.fromkeys(("temperature", "top_p"), NUMBER),
    "tools": TYPED,
    "tool_resources": OBJECT,
    "metadata": TEXTS,
    **dict.fromkeys(TIMES, TIME),
}
ENVELOPE: Final = frozenset({"id", "object", *TIMES})
NOT_SERVED: Final = (
    "This server does not serve the Assistants API, which the target `assistants` requires. Check the endpoint; to "
    "move assistants to another target, run `reconciler migrate`."
)


class Assistants:
    type = "assistant"
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        try:
            return [self._live(body) for body in await walk(self._connection, "assistants")]
        except NotServedError as error:
            raise reclassified(error, NotServedError, "not-served", NOT_SERVED) from error

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read("assistants", id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        body = bodies.creation(self._resource_type, request)
        return self._live(await self._connection.create("assistants", body=body, about=request.desired))

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        recent = await walk(self._connection, "assistants", until=older_than(since, self._connection.ahead))
        return next((self._live(body) for body in recent if carries(body, request.labels)), None)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Send the changed top-level fields; the server keeps all others."""
        body = bodies.change(self._resource_type, request, live)
        return self._live(await self._connection.replace("assistants", live.id, body=body, about=request.desired))

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        live = await self.read(id)
        if live and live.labels and live.labels.is_of(str(identity), lineage):
            await self._connection.replace("assistants", id, body={"metadata": live.fields["metadata"]})

    async def delete(self, id: str) -> None:  # noqa: A002
        """Delete the assistant only: its files and its vector store stay."""
        await self._connection.remove("assistants", id)

    def _live(self, body: Object) -> Live:
        names = {"model", *self._resource_type.defaults, *body} - ENVELOPE - self._resource_type.write_only
        with understood(self.type, body, SHAPES):
            return Live(
                type=self.type,
                id=body["id"],
                fields=bodies.canonical(self._resource_type, body, names),
                labels=from_metadata(body.get("metadata")),
                name=body.get("name") or "",
                refers_to=ids_in(self._resource_type.specs, body),
                detail=bodies.detail(body, TIMES),
            )


ADAPTER: Final = Assistants
