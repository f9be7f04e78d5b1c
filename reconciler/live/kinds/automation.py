"""Automations: `/v1/agents/automations`, in beta.

A target with a deleted object makes every further run fail (`openai.types.beta.agents.automation_target`). A paused
automation may be resumed; a completed one never runs again. Pausing and resuming are requests of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.client import Connection
from reconciler.live.environment_bodies import with_contents
from reconciler.live.labelled import Description, Labelled, Read
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, TEXT, TEXTS, TIME
from reconciler.resources.address import Identity
from reconciler.resources.automations.environment import HOSTED
from reconciler.resources.automations.inline_agent import with_hidden
from reconciler.resources.base import Live
from reconciler.resources.values import JSON, Fields

SHAPES: Final = {
    **dict.fromkeys(("type", "name", "expression", "timezone", "status", "pause_reason"), TEXT),
    **dict.fromkeys(("run_at", "created_at"), TIME),
    **dict.fromkeys(("target", "created_by"), OBJECT),
    "metadata": TEXTS,
}


def _read(body: Object, read: Read) -> Live:
    """Return an automation without the fields of the other type of schedule. A completed one refers to nothing."""
    live = read(body)
    given = {name: value for name, value in live.fields.items() if value is not None}
    refers_to = () if body.get("status") == "completed" else live.refers_to
    return replace(live, fields={**given, "paused": _is_paused(body)}, refers_to=refers_to)


def _is_paused(body: Mapping[str, JSON]) -> bool | str | None:
    """Return the reason for which OpenAI paused an automation, and None if its only run is over."""
    if body.get("status") == "completed":
        return None
    return body.get("status") == "paused" and (body.get("pause_reason") or True)


AUTOMATIONS: Final = Description(
    type="automation",
    path=("agents", "automations"),
    shapes=SHAPES,
    fields=("type", "name", "metadata", "target", "expression", "timezone", "run_at"),
    detail=("created_at", "created_by", "status", "pause_reason"),
    hides=True,
    reads=_read,
)


class Automations(Labelled):
    def __init__(self, connection: Connection) -> None:
        super().__init__(AUTOMATIONS, connection)

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """Return the automations, without those that an agent made to wake its own session, which are part of it."""
        found = await super().list(identity, known)
        return [live for live in found if live.labels or (live.detail.get("created_by") or {}).get("type") != "agent"]

    async def create(self, request: WriteRequest) -> Live:
        """Create the automation, and pause it if it is to be paused: a new one is active."""
        plain = replace(request, desired=replace(request.desired, unreadable={}))
        body, secrets = await self._complete(request, bodies.creation(self._resource_type, plain))
        made = await self._connection.create(*self._path, body=body, about=request.desired, secrets=secrets)
        return await self._paused(self.live(made), request)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Send the changed fields. An automation is paused before other changes, and resumed after them."""
        if request.fields.get("paused"):
            live = await self._paused(live, request)
        fields = {name: value for name, value in request.fields.items() if name != "paused"}
        if fields or not _is_labelled(live, request):
            live = await self._changed(live, request, fields)
        return await self._paused(live, request)

    async def _changed(self, live: Live, request: WriteRequest, fields: Fields) -> Live:
        """Send fields. A change of a value that no response has sends the target, which is replaced whole."""
        if "target" in map(self._resource_type.written_with, fields):
            fields = {"target": live.fields["target"], **fields}
        body = bodies.change(self._resource_type, replace(request, fields=fields), live)
        body, secrets = await self._complete(request, body)
        return await self.send(live.id, body=body, request=request, secrets=secrets)

    async def _complete(self, request: WriteRequest, body: Fields) -> tuple[dict[str, JSON], tuple[str, ...]]:
        """Return a request body with the values of its target that no response has, and with the secrets."""
        if "target" not in body:
            return {**body}, ()
        target, hidden = dict(body["target"]), request.desired.unreadable
        if "agent" in target:
            target["agent"] = with_hidden(target["agent"], hidden)
        if target.get("environment", {}).get("type") != HOSTED:
            return {**body, "target": target}, ()
        environment = {name: await with_contents(request, name, value) for name, value in target["environment"].items()}
        more = {name: hidden[name] for name in ("env", "setup_commands") if hidden.get(name) is not None}
        return bodies.with_secrets({**body, "target": {**target, "environment": {**environment, **more}}}, request)

    async def _paused(self, live: Live, request: WriteRequest) -> Live:
        """Return the automation, paused or resumed if the request says so."""
        wanted = request.fields.get("paused")
        if wanted is None or wanted == (live.detail.get("status") == "paused"):
            return live
        return await self.send(live.id, "pause" if wanted else "resume", body={}, request=request)


def _is_labelled(live: Live, request: WriteRequest) -> bool:
    """Return True if the object has the labels already. A missing lineage alone is no reason for a request."""
    labels = request.labels
    if live.labels and live.labels.lineage is None:
        labels = replace(labels, lineage=None)
    return live.labels == labels


ADAPTER: Final = Automations
