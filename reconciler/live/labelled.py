"""The adapter of objects with labels in their metadata.

A type whose requests are like those of the others is a `Description`. A type with further requests derives from
`Labelled` and has only what differs.
"""

import marshal
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.client import Connection
from reconciler.live.errors import NotServedError, reclassified
from reconciler.live.marks import NONE, mark_of
from reconciler.live.pages import shared_walk, walk, walk_as
from reconciler.live.requests import Object
from reconciler.live.shapes import Shape, check, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import EMPTY, Applied, Live
from reconciler.resources.labels import from_metadata, to_metadata
from reconciler.resources.packs import Pack, Packed
from reconciler.resources.references import ids_in
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, Fields

Read: TypeAlias = Callable[[Object], Live]


def _as_it_is(body: Object, read: Read) -> Live:
    return read(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The requests about one type of object, and its responses."""

    type: str
    path: tuple[str, ...] = ()
    """Path of the list. Empty if there are several lists; see `Labelled.at`."""
    shapes: Mapping[str, Shape]
    fields: tuple[str, ...]
    """Fields that are read, null if a response does not have them."""
    reads_others: bool = False
    """True if all other fields of a response are read, too, and the defaults of those that it does not have."""
    detail: tuple[str, ...]
    """Fields that are shown but not compared. They may change at any time, and are no part of `Live.mark`."""
    is_shared: bool = False
    """True if other adapters read the list at the same time."""
    hides: bool = False
    """True if no error may show a value of a response; see `understood`."""
    not_served: str = ""
    """Hint for a server without the list, if there is a better one than that of `walk`."""
    reads: Callable[[Object, Read], Live] = _as_it_is
    """Return the live object of a response. The function that it is given does so for most types."""


class Labelled:
    """Reads and writes the objects of one list, and finds them by their labels."""

    lists_whole = True

    def __init__(self, description: Description, connection: Connection) -> None:
        self.type = description.type
        self._description = description
        self._path = description.path
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers
        self._named = (
            self._resource_type.write_only.union(description.detail)
            if description.reads_others
            else frozenset({*description.fields, "id", "name", "metadata"})
        )
        """The fields of a response that are not read if all others are; otherwise those that are read."""
        self._applied: Mapping[str, Applied] = {}
        self._pack = Pack()

    def remember(self, applied: Mapping[str, Applied]) -> None:
        self._applied = applied

    def at(self, *path: str) -> Self:
        """Return the adapter for the list at this path."""
        made = copy(self)
        made._path = path  # noqa: SLF001 - of the same class
        return made

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        described, hint = self._description, self._description.not_served
        try:
            if described.is_shared:
                return [self.live(body) for body in await shared_walk(self._connection, *self._path)]
            return await walk_as(self.live, self._connection, *self._path, fans_out=not described.path)
        except NotServedError as error:
            if not hint:
                raise
            raise reclassified(error, NotServedError, "not-served", hint) from error

    async def whole(self, live: Live) -> Live | None:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read(*self._path, id)
        return None if body is None else self.live(body)

    async def create(self, request: WriteRequest) -> Live:
        body, secrets = bodies.with_secrets(bodies.creation(self._resource_type, request), request)
        made = await self._connection.create(*self._path, body=body, about=request.desired, secrets=secrets)
        return self.live(made)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        until = bodies.older_than(since, self._connection.ahead)
        recent = await walk(self._connection, *self._path, until=until)
        return next((self.live(body) for body in recent if bodies.carries(body, request.labels)), None)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Send the changed top-level fields; the server keeps all others."""
        body = bodies.change(self._resource_type, request, live)
        return await self.send(live.id, body=body, request=request)

    async def send(
        self, *path: str, body: Mapping[str, JSON], request: WriteRequest, secrets: tuple[str, ...] = ()
    ) -> Live:
        """Send an update to the path below that of the list: the id, and possibly a verb."""
        below = (*self._path, *path)
        return self.live(await self._connection.replace(*below, body=body, about=request.desired, secrets=secrets))

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        live = await self.read(id)
        if live and is_of(live, identity, lineage):
            await self.unlabel(live)

    async def unlabel(self, live: Live) -> None:
        await self._connection.replace(*self._path, live.id, body={"metadata": live.fields["metadata"]})

    async def delete(self, id: str) -> None:  # noqa: A002
        await self._connection.remove(*self._path, id)

    def live(self, body: Object) -> Live:
        described = self._description
        if described.hides:  # the mark of a response would be a digest of what it must not show
            live = self._understood(body)
            labels = to_metadata(live.labels) if live.labels else None
            return replace(live, mark=mark_of(live.id, live.fields, labels))
        mark = mark_of({name: value for name, value in body.items() if self._is_read(name)})
        known = self._applied.get(body["id"])
        if mark == NONE or not known or not known.verified or known.verified.mark != mark:
            return replace(self._understood(body), mark=mark)
        return self._as_before(body, known, known.verified.mark)

    def _is_read(self, name: str) -> bool:
        """Return True if a field of a response is one of those of the live object, apart from its detail."""
        return (name in self._named) != self._description.reads_others

    def _understood(self, body: Object) -> Live:
        described = self._description
        with understood(self.type, body, described.shapes, hides=described.hides):
            return described.reads(body, self._read)

    def _read(self, body: Object) -> Live:
        return self._with_fields(body, self.fields(body), body["id"])

    def _as_before(self, body: Object, known: Applied, mark: str) -> Live:
        """Return the object of a response that was understood before, and that differs at most in its detail.

        Until something reads its fields, it has the response as bytes in a pack, which takes a tenth of the memory.
        `marshal` keeps JSON values exactly, in a fifth of the time of `json`.
        """
        unread = {name: value for name, value in body.items() if not self._is_read(name)}
        check(self.type, {"id": body["id"], **unread}, self._description.shapes)
        live = self._with_fields(body, EMPTY, known.id, mark)
        live.defer(_Restored(self, self._pack.add(marshal.dumps(body))))
        return live

    def fields(self, body: Object) -> Fields:
        """Return the canonical fields of a response."""
        described, type_ = self._description, self._resource_type
        names = {*described.fields}
        if described.reads_others:
            names |= {*type_.defaults, *body} - {"id", "object", *described.detail} - type_.write_only
        return bodies.canonical(type_, body, names)

    def _with_fields(self, body: Object, fields: Fields, id_: str, mark: str = NONE) -> Live:
        return Live(
            type=self.type,
            id=id_,
            fields=fields,
            labels=from_metadata(body.get("metadata")),
            name=body.get("name") or "",
            refers_to=ids_in(self._resource_type.specs, body),
            detail=bodies.detail(body, self._description.detail),
            mark=mark,
        )


@dataclass(frozen=True, slots=True)
class _Restored:
    """A function that returns the fields of a response in a pack: one for each object, so it is a small one."""

    adapter: Labelled
    body: Packed

    def __call__(self) -> Fields:
        return self.adapter.fields(marshal.loads(self.body.read()))  # noqa: S302 - bytes of this process


def is_of(live: Live, identity: Identity, lineage: str | None) -> bool:
    """Return True if the object has labels of this identity and lineage."""
    return live.labels is not None and live.labels.is_of(str(identity), lineage)
