"""Vector stores: `/v1/vector_stores`, with the files they hold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies, store_files
from reconciler.live.adapters import WriteRequest, gather
from reconciler.live.client import Connection
from reconciler.live.errors import DeniedError, MissingError, reclassified
from reconciler.live.labelled import Description, Labelled, is_of
from reconciler.live.marks import LENGTH, mark_of
from reconciler.live.pages import pages_of, walk
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, SIZE, TEXT, TEXTS, TIME, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.kinds.vector_store import USUAL_CHUNKING
from reconciler.resources.labelled import labelled_address
from reconciler.resources.labels import to_metadata
from reconciler.resources.values import same

NO_FILES: Final = "The vector store exists, but this server does not list its files. Check the base URL."
SHAPES: Final = {
    **dict.fromkeys(("name", "status"), TEXT),
    **dict.fromkeys(("created_at", "last_active_at", "expires_at"), TIME),
    **dict.fromkeys(("expires_after", "file_counts"), OBJECT),
    "metadata": TEXTS,
    "usage_bytes": SIZE,
}
VECTOR_STORES: Final = Description(
    type="vector_store",
    path=("vector_stores",),
    shapes=SHAPES,
    fields=("name", "metadata", "expires_after"),
    detail=("created_at", "last_active_at", "expires_at", "status", "file_counts", "usage_bytes"),
)


class VectorStores(Labelled):
    """`fields["files"]` holds the files by id, but for those of ours that failed.

    `detail` has, by id too, `unmanaged_files`, which of them we did not attach, and `failed_files` with why;
    `pending_files` lists those of ours still being indexed. All of these are missing where the files were not read.

    Deleting a store does not delete its files, because others may use them.
    """

    lists_whole = False

    def __init__(self, connection: Connection) -> None:
        super().__init__(VECTOR_STORES, connection)
        self._known: frozenset[str] = frozenset()
        self._identity: Identity | None = None
        self._serves_entries = False
        """True if the server has returned a single file of a store."""

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """List the stores, with the files of those that are labelled with `identity` or `known`.

        A file in a store is managed if it is marked or `known`; later reads use the same values.
        """
        return await self.with_parts(await self.list_without_parts(identity, known))

    async def list_without_parts(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        self._known, self._identity = frozenset(known), identity
        return [self.live(body) for body in await walk(self._connection, "vector_stores")]

    async def with_parts(self, found: Sequence[Live]) -> Sequence[Live]:
        types = {self.type: self._resource_type}

        async def completed(live: Live) -> Live | None:
            is_ours = live.id in self._known or labelled_address(live, types, self._identity) is not None
            return await self.whole(live) if is_ours else live

        return [live for live in await gather(map(completed, found)) if live is not None]

    async def whole(self, live: Live) -> Live | None:
        return live if "files" in live.fields else await self._with_files(live)

    async def read(self, id: str) -> Live | None:  # noqa: A002
        """Read the store with its files, whoever owns it."""
        live = await super().read(id)
        return None if live is None else await self._with_files(live)

    async def read_again(self, planned: Live, parts: frozenset[str]) -> Live | None:
        """Read the store, and those of its files that are in `parts`: one by one, unless its list has as few pages.

        If a file is missing that the store had, the list is read, because the server may not serve single files.
        """
        if "files" not in planned.fields or len(parts) >= max(1, pages_of(len(planned.refers_to))):
            return await self.read(planned.id)
        live = await super().read(planned.id)
        if live is not None and live.labels != planned.labels:  # they decide which files are ours
            return await self._with_files(live)
        if live is None or not parts:
            return live and self._holding(live, store_files.held(planned))
        entries = await self._entries(live.id, parts)
        if not entries.keys() >= parts & set(planned.refers_to):
            return await self._with_files(live)
        again = store_files.contents(entries.values(), self._owner(live), self._known)
        return self._holding(live, store_files.held(planned, parts).with_more(again))

    async def holding(self, parts: frozenset[str], leaving: frozenset[str]) -> Sequence[Live]:
        """Return every store, whoever owns it, with its files, or with only those in `parts`; without files if it is in
        `leaving`.

        Files are looked up one by one in stores with more pages of files than `parts`. That a file is not found proves
        that the store does not have it only on a server that has returned one in this run.
        """

        async def held(live: Live) -> Live | None:
            if live.id in leaving:
                return live
            total = (live.detail.get("file_counts") or {}).get("total")
            if not self._serves_entries or not isinstance(total, int) or len(parts) >= pages_of(total):
                return await self._with_files(live)
            return replace(live, refers_to=tuple(await self._entries(live.id, parts)))

        stores = [self.live(body) for body in await walk(self._connection, "vector_stores")]
        return [live for live in await gather(map(held, stores)) if live is not None]

    async def create(self, request: WriteRequest) -> Live:
        """Make the store, attach its files and wait until they are indexed; `update` finishes what was interrupted."""
        return await self._synchronised(await super().create(_without_files(request)), request)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        live = await super().find(request, since)
        return None if live is None else await self._with_files(live)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Send the values that differ only."""
        return await self._synchronised(await self._changed(live, _without_files(request)), request)

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Remove the marks of its files first: the labels of the store identify the owner."""
        live = await super().read(id)
        if live and is_of(live, identity, lineage):
            await store_files.unmark(self._connection, id, identity)
            await self.unlabel(live)

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
        changed = await self.send(live.id, body=body, request=request)
        return replace(
            live,
            fields={**live.fields, **changed.fields},
            labels=changed.labels,
            name=changed.name,
            detail={**live.detail, **changed.detail},
            mark=changed.mark + live.mark[len(changed.mark) :],
        )

    async def _synchronised(self, live: Live, request: WriteRequest) -> Live:
        if "files" not in request.fields:
            return live
        work = await store_files.synchronise(self._connection, live, request)
        unmanaged = live.detail.get("unmanaged_files") or {}
        left = {id_: entry for id_, entry in unmanaged.items() if id_ not in (*work.after, *work.detach)}
        after = {id_: {"chunking_strategy": USUAL_CHUNKING, **entry} for id_, entry in work.after.items()}
        return self._holding(live, store_files.Contents(after, left, {}, []))

    async def _with_files(self, live: Live) -> Live | None:
        """Return the store with its files, or None if it was deleted in the meantime."""
        try:
            files = await walk(self._connection, "vector_stores", live.id, "files", fans_out=True)
        except MissingError as error:
            if await self._connection.read("vector_stores", live.id) is None:
                return None
            raise reclassified(error, DeniedError, "not-served", NO_FILES) from error
        return self._holding(live, store_files.contents(files, self._owner(live), self._known))

    def _owner(self, live: Live) -> str | None:
        """Return the identity that marks the files of a store which are managed."""
        if live.labels:
            return live.labels.identity
        return str(self._identity) if self._identity and live.id in self._known else None

    async def _entries(self, store_id: str, ids: Collection[str]) -> Mapping[str, Object]:
        """Return those of these files that are in a store, by id."""
        path = ("vector_stores", store_id, "files")
        found = await gather(self._connection.read(*path, id_) for id_ in sorted(ids))
        entries = {entry["id"]: entry for entry in found if entry is not None}
        self._serves_entries = self._serves_entries or bool(entries)
        return entries

    def _holding(self, live: Live, files: store_files.Contents) -> Live:
        detail = {"unmanaged_files": files.unmanaged, "failed_files": files.failed, "pending_files": files.pending}
        with understood(self.type, {"id": live.id}, {}):
            held = self._resource_type.canonical("files", {**files.unmanaged, **files.ours})
        return replace(
            live,
            fields={**live.fields, "files": held},
            refers_to=tuple(sorted({*files.ours, *files.unmanaged, *files.failed})),
            detail={**live.detail, **detail},
            mark=live.mark[:LENGTH] + mark_of(held, detail),
        )


def _without_files(request: WriteRequest) -> WriteRequest:
    return replace(request, fields={name: value for name, value in request.fields.items() if name != "files"})


ADAPTER: Final = VectorStores
