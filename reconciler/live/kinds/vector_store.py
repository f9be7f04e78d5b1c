"""Vector stores: `/v1/vector_stores`, with the files they hold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies, store_files
from reconciler.live.adapters import WriteRequest, gather
from reconciler.live.bodies import carries, older_than
from reconciler.live.client import Connection, Object
from reconciler.live.errors import DeniedError, MissingError, reclassified
from reconciler.live.pages import walk
from reconciler.live.shapes import OBJECT, SIZE, TEXT, TEXTS, TIME, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.labelled import labelled_address
from reconciler.resources.labels import from_metadata, to_metadata
from reconciler.resources.registry import resource_types
from reconciler.resources.values import same

FIELDS: Final = ("name", "metadata", "expires_after")
NO_FILES: Final = "The vector store exists, but this server does not list its files. Check the base URL."
DETAIL: Final = ("created_at", "last_active_at", "expires_at", "status", "file_counts", "usage_bytes")
SHAPES: Final = {
    **dict.fromkeys(("name", "status"), TEXT),
    **dict.fromkeys(("created_at", "last_active_at", "expires_at"), TIME),
    **dict.fromkeys(("expires_after", "file_counts"), OBJECT),
    "metadata": TEXTS,
    "usage_bytes": SIZE,
}


class VectorStores:
    """`fields["files"]` holds the files by id, but for those of ours that failed.

    `detail` has, by id too, `unmanaged_files`, which of them we did not attach, and `failed_files` with why;
    `pending_files` lists those of ours still being indexed. All of these are missing where the files were not read.
    """

    type = "vector_store"
    lists_whole = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers
        self._known: frozenset[str] = frozenset()

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """List the stores, with the files of those that are labelled with `identity` or `known`.

        A file in a store is managed if it is marked or `known`; later reads use the same `known`.
        """
        self._known, types = frozenset(known), {self.type: self._resource_type}

        async def listed(body: Object) -> Live | None:
            live = self._live(body)
            is_ours = labelled_address(live, types, identity) is not None
            return await self._with_files(live) if is_ours or live.id in self._known else live

        found = await gather(listed(body) for body in await walk(self._connection, "vector_stores"))
        return [live for live in found if live is not None]

    async def whole(self, live: Live) -> Live | None:
        return live if "files" in live.fields else await self._with_files(live)

    async def read(self, id: str) -> Live | None:  # noqa: A002
        """Read the store with its files, whoever owns it."""
        body = await self._connection.read("vector_stores", id)
        return None if body is None else await self._with_files(self._live(body))

    async def create(self, request: WriteRequest) -> Live:
        """Make the store, attach its files and wait until they are indexed; `update` finishes what was interrupted."""
        body = bodies.creation(self._resource_type, _without_files(request))
        made = await self._connection.create("vector_stores", body=body, about=request.desired)
        return await self._synchronised(self._live(made), request)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        recent = await walk(self._connection, "vector_stores", until=older_than(since, self._connection.ahead))
        body = next((body for body in recent if carries(body, request.labels)), None)
        return None if body is None else await self._with_files(self._live(body))

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Send the values that differ only."""
        return await self._synchronised(await self._changed(live, _without_files(request)), request)

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Remove the marks of its files first: the labels of the store identify the owner."""
        body = await self._connection.read("vector_stores", id)
        live = self._live(body) if body else None
        if live and live.labels and live.labels.is_of(str(identity), lineage):
            await store_files.unmark(self._connection, id, identity)
            await self._connection.replace("vector_stores", id, body={"metadata": live.fields["metadata"]})

    async def delete(self, id: str) -> None:  # noqa: A002
        """Delete the store only: its files stay, because others may use them."""
        await self._connection.remove("vector_stores", id)

    async def _changed(self, live: Live, request: WriteRequest) -> Live:
        known = live.labels
        if known and known.lineage is None:  # a missing lineage alone is no reason for a request
            known = replace(known, lineage=request.labels.lineage)
        labels = to_metadata(known) if known else {}
        now = {**live.fields, "metadata": {**(live.fields.get("metadata") or {}), **labels}}
        wanted = bodies.change(self._resource_type, request, live)
        body = {name: value for name, value in wanted.items() if not same(value, now.get(name))}
        if not body:
            return live
        if known != live.labels:
            body["metadata"] = wanted["metadata"]
        sent = await self._connection.replace("vector_stores", live.id, body=body, about=request.desired)
        changed = self._live(sent)
        return replace(
            live,
            fields={**live.fields, **changed.fields},
            labels=changed.labels,
            name=changed.name,
            detail={**live.detail, **changed.detail},
        )

    async def _synchronised(self, live: Live, request: WriteRequest) -> Live:
        if "files" not in request.fields:
            return live
        work = await store_files.synchronise(self._connection, live, request)
        unmanaged = live.detail.get("unmanaged_files") or {}
        left = {id_: entry for id_, entry in unmanaged.items() if id_ not in (*work.after, *work.detach)}
        return self._holding(live, store_files.Contents(work.after, left, {}, []))

    async def _with_files(self, live: Live) -> Live | None:
        """Return the store with its files, or None if it was deleted in the meantime."""
        try:
            files = await walk(self._connection, "vector_stores", live.id, "files")
        except MissingError as error:
            if await self._connection.read("vector_stores", live.id) is None:
                return None
            raise reclassified(error, DeniedError, "not-served", NO_FILES) from error
        owner = live.labels.identity if live.labels else None
        return self._holding(live, store_files.contents(files, owner, self._known))

    def _holding(self, live: Live, files: store_files.Contents) -> Live:
        detail = {"unmanaged_files": files.unmanaged, "failed_files": files.failed, "pending_files": files.pending}
        with understood(self.type, {"id": live.id}, {}):
            held = self._resource_type.canonical("files", {**files.unmanaged, **files.ours})
        return replace(
            live,
            fields={**live.fields, "files": held},
            refers_to=tuple(sorted({*files.ours, *files.unmanaged, *files.failed})),
            detail={**live.detail, **detail},
        )

    def _live(self, body: Object) -> Live:
        with understood(self.type, body, SHAPES):
            return Live(
                type=self.type,
                id=body["id"],
                fields=bodies.canonical(self._resource_type, body, FIELDS),
                labels=from_metadata(body.get("metadata")),
                name=body.get("name") or "",
                detail=bodies.detail(body, DETAIL),
            )


def _without_files(request: WriteRequest) -> WriteRequest:
    return replace(request, fields={name: value for name, value in request.fields.items() if name != "files"})


ADAPTER: Final = VectorStores
