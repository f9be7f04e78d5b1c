"""Taking files into a vector store: attach, wait until indexed, refuse what failed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

from reconciler.live.client import Connection, Object
from reconciler.live.errors import LiveError, MissingError, plain
from reconciler.live.pages import walk
from reconciler.resources.base import Desired
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


async def attach(connection: Connection, store_id: str, files: Sequence[Object], about: Desired) -> list[str]:
    """Begin to take in `files`, the members of batches; gives the ids of the batches.

    Repeatable: an entry is addressed by store and file, so that a file attached twice is still in the store once.
    """

    async def begin(some: Sequence[Object]) -> str:
        path = ("vector_stores", store_id, "file_batches")
        lanes = (WRITES.of(store_id),)
        batch = await connection.replace(*path, body={"files": some}, about=about, lanes=lanes)
        return str(batch["id"])

    size = MEMBERS.batch
    return [await begin(files[start : start + size]) for start in range(0, len(files), size)]


async def indexed(
    connection: Connection, store_id: str, batches: Sequence[str], pending: frozenset[str], about: Desired
) -> None:
    """Return when these batches are done, and so are the files that were `pending` before; `LiveError` if that takes
    too long.
    """

    async def none_pending() -> bool:
        return not pending or pending.isdisjoint(await _in_status(connection, store_id, "in_progress"))

    now = connection.pace.clock()
    deadline, visible = now + PATIENCE, now + UNSEEN
    for batch in batches:
        await _until(partial(_is_done, connection, store_id, batch, visible, about), connection, deadline, about)
    await _until(none_pending, connection, deadline, about)


async def refuse_failed(connection: Connection, store_id: str, paths: Mapping[str, str], about: Desired) -> None:
    """Raise a `LiveError` with a problem for each of these files (paths by id) that could not be indexed."""
    failed = await _in_status(connection, store_id, "failed")
    problems = [_not_indexed(about, paths[id_], entry) for id_, entry in failed.items() if id_ in paths]
    if problems:
        raise LiveError(*problems)


async def _is_done(connection: Connection, store_id: str, batch_id: str, visible: float, about: Desired) -> bool:
    try:
        batch = await connection.get("vector_stores", store_id, "file_batches", batch_id)
    except MissingError:
        if connection.pace.clock() < visible:
            return False
        raise
    if batch.get("status") == "cancelled":
        message = f"{about.address}: indexing was cancelled outside Reconciler (batch {batch_id})"
        raise LiveError(Problem("not-indexed", message, about.place, "Run it again."))
    return bool(batch.get("status") != "in_progress")


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
    error = entry.get("last_error") or {}
    message = f"{about.address}: {path} could not be indexed: {error.get('code')}: {plain(error.get('message'))}"
    return Problem("not-indexed", message, about.place, "Change or remove the file; the next run tries it again.")
