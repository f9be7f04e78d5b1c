"""Environment templates: `/v1/agents/environments/templates`, in beta.

A template has no metadata. Values that the API does not return are written with the field that contains them: an update
replaces a field whole, null clears it, and other fields stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.bodies import older_than
from reconciler.live.client import Connection
from reconciler.live.environment_bodies import with_contents
from reconciler.live.marks import mark_of
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, TEXT, TIME, TYPED, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.references import ids_in
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, replace_references, same

PATH: Final = ("agents", "environments", "templates")
TIMES: Final = ("created_at", "updated_at")
SHAPES: Final = {
    "name": TEXT,
    **dict.fromkeys(("network", "packages", "desktop"), OBJECT),
    **dict.fromkeys(("files", "skills", "plugins"), TYPED),
    **dict.fromkeys(TIMES, TIME),
}


class EnvironmentTemplates:
    type = "environment_template"
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers
        self._shown = {"name", "network", *self._resource_type.defaults}

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        return [self._live(body) for body in await walk(self._connection, *PATH)]

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read(*PATH, id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        fields = {**request.fields, **dict.fromkeys(request.desired.unreadable)}
        body, secrets = await self._body(request, fields)
        body = {name: value for name, value in body.items() if value is not None}
        return self._live(await self._connection.create(*PATH, body=body, about=request.desired, secrets=secrets))

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        """Return the oldest recent template with these settings. Further ones are in `detail["also_fits"]`."""
        wanted = {name: self._with_ids(request, name, value) for name, value in request.desired.fields.items()}
        recent = await walk(self._connection, *PATH, until=older_than(since, self._connection.ahead))
        found = map(self._live, recent)
        fitting = [live for live in found if all(same(live.fields[name], wanted[name]) for name in wanted)]
        if not fitting:
            return None
        *others, oldest = fitting
        return replace(oldest, detail={**oldest.detail, "also_fits": [live.id for live in others]})

    async def update(self, live: Live, request: WriteRequest) -> Live:
        names = {self._resource_type.written_with(name) for name in request.fields}
        kept = {name: live.fields[name] for name in names & live.fields.keys()}
        fields = {**dict.fromkeys(names), **kept, **request.fields}
        body, secrets = await self._body(request, {name: fields[name] for name in names})
        changed = await self._connection.replace(*PATH, live.id, body=body, about=request.desired, secrets=secrets)
        return self._live(changed)

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Do nothing, because a template has no labels."""

    async def delete(self, id: str) -> None:  # noqa: A002
        await self._connection.remove(*PATH, id)

    async def _body(self, request: WriteRequest, fields: Mapping[str, JSON]) -> tuple[dict[str, JSON], tuple[str, ...]]:
        """Return the request body for these fields, with the values that the API does not return; and the secrets."""
        unreadable = request.desired.unreadable
        body: dict[str, JSON] = {}
        for name in sorted(fields.keys() & self._shown):
            value = self._with_ids(request, name, fields[name])
            body[name] = await with_contents(request, name, value)
        for name in fields.keys() & {"env", "setup_commands"}:
            body[name] = unreadable.get(name)
        if body.get("env") is None:
            return body, ()
        return bodies.with_secrets(body, request)

    def _with_ids(self, request: WriteRequest, name: str, value: JSON) -> JSON:
        return self._resource_type.canonical(name, replace_references(value, request.id_of))

    def _live(self, body: Object) -> Live:
        with understood(self.type, body, SHAPES, hides=True):
            fields = bodies.canonical(self._resource_type, body, self._shown)
            return Live(
                type=self.type,
                id=body["id"],
                fields=fields,
                name=body.get("name") or "",
                refers_to=ids_in(self._resource_type.specs, body),
                detail=bodies.detail(body, TIMES),
                mark=mark_of(body["id"], fields),
            )


ADAPTER: Final = EnvironmentTemplates
