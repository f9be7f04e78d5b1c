"""The objects of a server that is only read: assistants, vector stores with their files, contents, threads."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.live.pages import Test, walk
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, SCALARS, SIZE, TEXT, TIME, Shape, check
from reconciler.resources.problems import Problem

MOST: Final = 100_000
"""Maximum number of objects that are read from one list."""
_ID: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_.:-]{1,200}")
_STORE: Final[Mapping[str, Shape]] = {"name": TEXT, "status": TEXT, "expires_after": OBJECT}
_ENTRY: Final[Mapping[str, Shape]] = {
    "attributes": SCALARS,
    "status": TEXT,
    "chunking_strategy": OBJECT,
    "last_error": OBJECT,
}


@dataclass(frozen=True)
class SourceStore:
    """A vector store and its files, as the server returns them."""

    body: Object
    entries: Sequence[Object]
    """In the order in which they were attached."""


def is_id(value: object) -> bool:
    """Return True if `value` can be part of the path of a request without changing the path."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


async def assistants(connection: Connection) -> list[Object]:
    """Return every assistant, the oldest first."""
    found = await walk(connection, "assistants", until=_at_most("assistants"))
    return found[::-1]


async def store(connection: Connection, id_: str) -> SourceStore | None:
    """Return a vector store with its files; None if it does not exist."""
    body = await connection.read("vector_stores", id_)
    if body is None:
        return None
    check("vector store", body, _STORE)
    entries = await walk(connection, "vector_stores", id_, "files", until=_at_most("files"))
    for entry in entries:
        check("file", entry, _ENTRY)
    return SourceStore(body, entries[::-1])


async def file(connection: Connection, id_: str) -> Object | None:
    """Return a file without its content; None if it does not exist."""
    body = await connection.read("files", id_)
    if body is not None:
        check("file", body, {"filename": TEXT, "bytes": SIZE})
    return body


async def thread(connection: Connection, id_: str) -> tuple[Object, list[Object]] | None:
    """Return a thread and its messages, the oldest first; None if it does not exist."""
    body = await connection.read("threads", id_)
    if body is None:
        return None
    messages = await walk(connection, "threads", id_, "messages", until=_at_most("messages"))
    for message in messages:
        check("message", message, {"created_at": TIME, "role": TEXT})
    return body, messages[::-1]


def _at_most(what: str) -> Test:
    """Return a test that is never true, and raises LiveError if a list is longer than any that is believable."""
    seen = 0

    def count(_item: Object) -> bool:
        nonlocal seen
        seen += 1
        if seen > MOST:
            hint = "Check that the URL is that of a server with the Assistants API; pass ids to read single objects."
            raise LiveError(Problem("too-many", f"the server lists more than {MOST:,} {what}", hint=hint))
        return False

    return count
