"""Taking files into a vector store: attach, wait until indexed, refuse what failed."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from reconciler.live.client import Connection
from reconciler.live.errors import LiveError, MissingError, plain
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, check
from reconciler.resources.base import Desired
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Problem
from reconciler.resources.store_files import MEMBERS, WRITES

PATIENCE: Final = 600.0
"""Seconds within which files must be indexed. The SDK's own polling has no limit."""
HUNG: Final = 3600.0
"""Seconds after which a file that is still being indexed counts as failed, and is attached again."""
UNSEEN: Final = 30.0
"""Seconds for which a new batch may not be readable yet."""
FIRST_LOOK: Final = 0.2
SLOWEST_LOOK: Final = 5.0

Done: TypeAlias = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of files that are being attached to a store."""

    id: str
    files: frozenset[str]
    """Ids of the files that were sent."""


async def attach(connection: Connection, store_id: str, files: Sequence[Object], about: Desired) -> list[Batch]:
    """Begin to take in `files`, the members of batches.

    Repeatable: an entry is addressed by store and file, so that a file attached twice is still in the store once.
    """

    async def begin(some: Sequence[Object]) -> Batch:
        path = ("vector_stores", store_id, "file_batches")
        lanes = (WRITES.of(store_id),)
        batch = await connection.replace(*path, body={"files": some}, about=about, lanes=lanes)
        return Batch(str(batch["id"]), frozenset(file["file_id"] for file in some))

    size = MEMBERS.batch
    return [await begin(files[start : start + size]) for start in range(0, len(files), size)]


async def indexed(
    connection: Connection, store_id: str, batches: Sequence[Batch], pending: frozenset[str], about: Desired
) -> bool:
    """Return when the files of these batches are done, and so are those that were `pending` before: True if the batches
    have counted that none of them failed.

    A batch may be completed without all of the files that were sent: then the files of the store show which are done.
    Raises `LiveError` for files that are not in the store or were cancelled, and if it takes too long.
    """
    short: set[str] = set()

    async def none_pending() -> bool:
        waiting = pending | short
        return not waiting or waiting.isdisjoint(await _in_status(connection, store_id, "in_progress"))

    async def is_done(batch: Batch) -> bool:
        counts = await _counts(connection, store_id, batch, visible, about)
        if counts is not None and counts.get("completed") != len(batch.files):
            short.update(batch.files)
        return counts is not None

    now = connection.pace.clock()
    deadline, visible = now + PATIENCE, now + UNSEEN
    for batch in batches:
        await _until(partial(is_done, batch), connection, deadline, about)
    await _until(none_pending, connection, deadline, about)
    if short:
        await _refuse_absent(connection, store_id, short, about)
    return not (pending or short)


async def refuse_failed(connection: Connection, store_id: str, paths: Mapping[str, str], about: Desired) -> None:
    """Raise a `LiveError` with a problem for each of these files (paths by id) that could not be indexed."""
    failed = await _in_status(connection, store_id, "failed")
    problems = [_not_indexed(about, paths[id_], entry) for id_, entry in failed.items() if id_ in paths]
    if problems:
        raise LiveError(*problems)


async def _counts(
    connection: Connection, store_id: str, batch: Batch, visible: float, about: Desired
) -> Mapping[str, int] | None:
    """Return the number of files of a batch by status, empty if the server does not count; None while it is busy."""
    try:
        found = await connection.get("vector_stores", store_id, "file_batches", batch.id)
    except MissingError:
        if connection.pace.clock() < visible:
            return None
        raise
    if found.get("status") == "cancelled":
        message = f"{about.address}: indexing was cancelled outside Reconciler (batch {batch.id})"
        raise LiveError(Problem("not-indexed", message, about.place, "Run it again."))
    check("file batch", found, {"file_counts": OBJECT})
    return None if found.get("status") == "in_progress" else found.get("file_counts") or {}


async def _refuse_absent(connection: Connection, store_id: str, files: Collection[str], about: Desired) -> None:
    """Raise a `LiveError` if the store does not hold all of these files, or if the indexing of one was cancelled."""
    entries = {entry["id"]: entry for entry in await walk(connection, "vector_stores", store_id, "files")}
    absent = sorted(id_ for id_ in files if entries.get(id_, {}).get("status", "cancelled") == "cancelled")
    if absent:
        message = (
            f"{about.address}: {len(absent)} of {len(files)} files are not in the store, although their batch was "
            f"completed: {few(absent)}"
        )
        hint = "Run it again. If it persists, this server does not support batches of files."
        raise LiveError(Problem("not-indexed", message, about.place, hint))


async def _in_status(connection: Connection, store_id: str, status: str) -> dict[str, Object]:
    entries = await walk(connection, "vector_stores", store_id, "files", filters={"filter": status})
    return {entry["id"]: entry for entry in entries}


async def _until(done: Done, connection: Connection, deadline: float, about: Desired) -> None:
    interval = FIRST_LOOK
    while not await done():
        if connection.pace.clock() >= deadline:
            message = f"{about.address}: files are still being indexed after {PATIENCE:.0f} s"
            raise LiveError(
                Problem("still-indexing", message, about.place, "OpenAI continues indexing: run it again later.")
            )
        await connection.pace.sleep(interval)
        interval = min(interval * 1.5, SLOWEST_LOOK)


def _not_indexed(about: Desired, path: str, entry: Object) -> Problem:
    check("file", entry, {"last_error": OBJECT})
    error = entry.get("last_error") or {}
    message = f"{about.address}: {path} could not be indexed: {error.get('code')}: {plain(error.get('message'))}"
    return Problem("not-indexed", message, about.place, "Change or remove the file; the next run tries it again.")
