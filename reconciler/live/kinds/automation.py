"""Automations: `/v1/agents/automations`, in beta.

A target with a deleted object makes every further run fail (`openai.types.beta.agents.automation_target`). A paused
automation may be resumed; a completed one never runs again. Pausing and resuming are requests of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.bodies import carries, older_than
from reconciler.live.client import Connection, Object
from reconciler.live.pages import walk
from reconciler.live.shapes import OBJECT, TEXT, TEXTS, TIME, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.labels import from_metadata
from reconciler.resources.references import ids_in
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, Fields

PATH: Final = ("agents", "automations")
FIELDS: Final = ("type", "name", "metadata", "target", "expression", "timezone", "run_at")
DETAIL: Final = ("created_at", "status", "pause_reason")
SHAPES: Final = {
    **dict.fromkeys(("type", "name", "expression", "timezone", "status", "pause_reason"), TEXT),
    **dict.fromkeys(("run_at", "created_at"), TIME),
    "target": OBJECT,
    "metadata": TEXTS,
}


class Automations:
    type = "automation"
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        return [self._live(body) for body in await walk(self._connection, *PATH)]

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read(*PATH, id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        """Create the automation, and pause it if it is to be paused: a new one is active."""
        plain = replace(request, desired=replace(request.desired, unreadable={}))
        fields = {**request.fields, **request.desired.unreadable}
        body = bodies.creation(self._resource_type, replace(plain, fields=fields))
        body, secrets = bodies.with_secrets(body, request)
        made = await self._connection.create(*PATH, body=body, about=request.desired, secrets=secrets)
        return await self._paused(self._live(made), request)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        recent = await walk(self._connection, *PATH, until=older_than(since, self._connection.ahead))
        return next((self._live(body) for body in recent if carries(body, request.labels)), None)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Send the changed fields. The target is sent complete: with the parts that no response has, and the secrets.

        An automation is paused before other changes, and resumed after them.
        """
        if request.fields.get("paused"):
            live = await self._paused(live, request)
        fields = {name: value for name, value in request.fields.items() if name != "paused"}
        if fields or not _is_labelled(live, request):
            live = await self._changed(live, request, fields)
        return await self._paused(live, request)

    async def _changed(self, live: Live, request: WriteRequest, fields: Fields) -> Live:
        secrets: tuple[str, ...] = ()
        of_target = self._resource_type.secrets_with | {self._resource_type.renewed_by}
        if not of_target.isdisjoint(fields):
            fields = {"target": live.fields["target"], **fields, **request.desired.unreadable}
        body = bodies.change(self._resource_type, replace(request, fields=fields), live)
        if "target" in body:
            body, secrets = bodies.with_secrets(body, request)
        sent = await self._connection.replace(*PATH, live.id, body=body, about=request.desired, secrets=secrets)
        return self._live(sent)

    async def _paused(self, live: Live, request: WriteRequest) -> Live:
        """Return the automation, paused or resumed if the request says so."""
        wanted = request.fields.get("paused")
        if wanted is None or wanted == (live.detail.get("status") == "paused"):
            return live
        verb = "pause" if wanted else "resume"
        return self._live(await self._connection.replace(*PATH, live.id, verb, body={}, about=request.desired))

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        live = await self.read(id)
        if live and live.labels and live.labels.is_of(str(identity), lineage):
            await self._connection.replace(*PATH, id, body={"metadata": live.fields["metadata"]})

    async def delete(self, id: str) -> None:  # noqa: A002
        """Delete the schedule only: its sessions stay."""
        await self._connection.remove(*PATH, id)

    def _live(self, body: Object) -> Live:
        with understood(self.type, body, SHAPES):
            fields = bodies.canonical(self._resource_type, body, FIELDS)
            given = {name: value for name, value in fields.items() if value is not None}
            return Live(
                type=self.type,
                id=body["id"],
                fields={**given, "paused": _is_paused(body)},
                labels=from_metadata(body.get("metadata")),
                name=body.get("name") or "",
                refers_to=() if body.get("status") == "completed" else ids_in(self._resource_type.specs, body),
                detail=bodies.detail(body, DETAIL),
            )


def _is_paused(body: Mapping[str, JSON]) -> bool | str | None:
    """Return the reason for which OpenAI paused an automation, and None if its only run is over."""
    if body.get("status") == "completed":
        return None
    return body.get("status") == "paused" and (body.get("pause_reason") or True)


def _is_labelled(live: Live, request: WriteRequest) -> bool:
    """Return True if the object has the labels already. A missing lineage alone is no reason for a request."""
    labels = request.labels
    if live.labels and live.labels.lineage is None:
        labels = replace(labels, lineage=None)
    return live.labels == labels


ADAPTER: Final = Automations
