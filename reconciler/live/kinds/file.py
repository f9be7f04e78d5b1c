"""Uploads: `/v1/files`. An upload is immutable. The API returns its name, size and purpose, but not its content."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest, gather
from reconciler.live.bodies import older_than
from reconciler.live.client import Connection
from reconciler.live.contents import planned_bytes
from reconciler.live.errors import LiveError, NotServedError
from reconciler.live.marks import mark_of
from reconciler.live.pages import Test, never, walk
from reconciler.live.requests import Object
from reconciler.live.shapes import SIZE, TEXT, TIME, check, understood
from reconciler.live.store_files import ENTRY
from reconciler.resources.address import FILE, Identity
from reconciler.resources.base import Desired, Live, LocalFile
from reconciler.resources.kinds.file import sent_name
from reconciler.resources.labels import FILE_SHA256, PROJECT, from_metadata
from reconciler.resources.problems import Problem
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON

PAGE: Final = 10_000
"""Maximum and default size of a page of files."""
SMALL: Final = 64 * 2**10
"""Maximum size in bytes of a file that is read in the event loop."""
AT_ONCE: Final = 4
"""Uploads in memory: each may have 512 MB."""
DETAIL: Final = ("bytes", "created_at", "expires_at", "filename", "purpose", "status")
SHAPES: Final = {
    **dict.fromkeys(("filename", "purpose", "status"), TEXT),
    **dict.fromkeys(("created_at", "expires_at"), TIME),
    "bytes": SIZE,
}


class Files:
    type = FILE
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers
        self._memory = asyncio.Semaphore(AT_ONCE)

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        return [self._live(body) for body in await self._walk()]

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        body = await self._connection.read("files", id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        """Upload the bytes; raises `LiveError` where they are not those that were planned."""
        desired, local = request.desired, _local(request)
        async with self._memory:
            content = await _content(request.root, local, desired)
            form = {"purpose": desired.fields["purpose"]}
            files = (("file", desired.upload_name, content),)
            made = await self._connection.create("files", body=form, files=files, about=desired)
        return self._live(made, sha256=local.sha256)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        """Return the oldest upload of this name, size and purpose that no other identity is known to own.

        An upload in a vector store matches only if the store has it with this identity and content, and no other state
        has labelled the store. Further matching uploads are in `detail["also_fits"]`.
        """
        recent = await self._walk(until=older_than(since, self._connection.ahead))
        fitting = [body for body in recent if _fits(body, request)]
        stores = await self._stores() if fitting else []
        free = [body for body in fitting if await self._is_free(body["id"], stores, request)]
        if not free:
            return None
        *others, oldest = free
        return self._live(oldest, also_fits=[body["id"] for body in others])

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Raise LiveError: an upload is immutable."""
        raise LiveError(
            Problem("immutable", f"{request.desired.address}: {live.id} is an upload, which cannot be changed")
        )

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Do nothing: an upload carries no label."""

    async def delete(self, id: str) -> None:  # noqa: A002
        await self._connection.remove("files", id)

    async def _walk(self, *, until: Test = never) -> Sequence[Object]:
        return await walk(self._connection, "files", limit=PAGE, until=until)

    async def _stores(self) -> Sequence[Object]:
        """Return all vector stores; none if this server does not have them, and so attaches no file."""
        try:
            return await walk(self._connection, "vector_stores")
        except NotServedError:
            if self._connection.is_openai:
                raise
            return []

    async def _is_free(self, id_: str, stores: Sequence[Object], request: WriteRequest) -> bool:
        entries = await gather(self._connection.read("vector_stores", store["id"], "files", id_) for store in stores)
        held = zip(stores, entries, strict=True)
        return all(_is_ours(store, entry, request) for store, entry in held if entry is not None)

    def _live(self, body: Object, **known: JSON) -> Live:
        fields = {"purpose": body.get("purpose")} | ({"sha256": known.pop("sha256")} if "sha256" in known else {})
        with understood(self.type, body, SHAPES):
            name = sent_name(body.get("filename") or "")
            return Live(
                type=self.type,
                id=body["id"],
                fields={name: self._resource_type.canonical(name, value) for name, value in fields.items()},
                name=name,
                detail=bodies.detail(body, DETAIL) | known,
                # The content cannot change. Lists do not have its digest.
                mark=mark_of(body["id"], name, fields["purpose"]),
            )


async def _content(root: Path, local: LocalFile, desired: Desired) -> bytes:
    """Return the bytes to upload. Few are read in the event loop: handing them to a thread takes longer. Those that a
    release keeps may have to be read from Git.
    """
    if local.bytes <= SMALL and not desired.whole:
        return planned_bytes(root, local, desired)
    return await asyncio.to_thread(planned_bytes, root, local, desired)


def _local(request: WriteRequest) -> LocalFile:
    if not request.desired.parts:
        raise ValueError(f"{request.desired.address} has no bytes to upload")
    return request.desired.parts[0]


def _fits(body: Object, request: WriteRequest) -> bool:
    check(FILE, body, SHAPES)
    wanted = (request.desired.upload_name, _local(request).bytes, request.desired.fields["purpose"])
    return (sent_name(body.get("filename") or ""), body.get("bytes"), body.get("purpose")) == wanted


def _is_ours(store: Object, entry: Object, request: WriteRequest) -> bool:
    check(FILE, entry, ENTRY)
    owner, attributes = from_metadata(store.get("metadata")), entry.get("attributes") or {}
    if owner and not owner.is_of(request.labels.identity, request.labels.lineage):
        return False
    return (attributes.get(PROJECT), attributes.get(FILE_SHA256)) == (request.labels.identity, _local(request).sha256)


ADAPTER: Final = Files
