"""Lists of the API: walks over all pages, and the shutdown dates in the list of models."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from typing import Final, TypeAlias, TypeVar

from reconciler.live.client import Connection
from reconciler.live.errors import LiveError, MissingError, NotServedError, reclassified
from reconciler.live.requests import Object
from reconciler.live.shapes import TEXT, understood
from reconciler.resources.problems import Problem

PAGE: Final = 100
"""Maximum page size of all lists except files."""
WALKS: Final = 4
_NOT_SERVED: Final = (
    "This server does not have this list. Check the base URL, which must include /v1 if the API does, and any gateway."
)

T = TypeVar("T")
Test: TypeAlias = Callable[[Object], bool]


def never(_item: Object) -> bool:
    return False


def _unread(item: Object) -> Object:
    return item


def pages_of(objects: int) -> int:
    """Return the number of pages of a list of so many objects."""
    return math.ceil(objects / PAGE)


async def walk(
    connection: Connection,
    *path: str,
    limit: int = PAGE,
    until: Test = never,
    filters: Mapping[str, str] | None = None,
    fans_out: bool = False,
) -> list[Object]:
    """Return the objects of a list as the API returned them; see `walk_as`."""
    return await walk_as(_unread, connection, *path, limit=limit, until=until, filters=filters, fans_out=fans_out)


async def walk_as(
    read: Callable[[Object], T],
    connection: Connection,
    *path: str,
    limit: int = PAGE,
    until: Test = never,
    filters: Mapping[str, str] | None = None,
    fans_out: bool = False,
) -> list[T]:
    """Return the objects of a list, each once, newest first, up to the first for which `until` returns True.

    Of each object, the result of `read` is kept, which takes less memory: a page is read before the next one is
    requested.

    The pages of a list follow from each other, so they are sent before other requests that wait. The pages of lists
    that are read at once for many objects (`fans_out`), such as the files of each store, wait in order of arrival.

    The cursor is the last object of a page. If that object is deleted in the meantime, the API answers 404, and the
    walk is restarted. A list that has no `has_more` and begins again after the cursor has one page: its server does not
    page. Raises `NotServedError` if the first page is a 404, and `LiveError` if objects are deleted repeatedly, or if a
    server repeats a page of a list that has more.
    """

    async def page(after: str | None) -> Object:
        query = {**(filters or {}), "limit": limit} | ({} if after is None else {"after": after})
        return await connection.page(*path, query=query, first=not fans_out)

    for _ in range(WALKS):
        try:
            found = await _walk_once(page, limit, until, read)
        except MissingError as error:
            raise _not_served(connection, error) from error
        if found is not None:
            return found
    hint = "Run it again after other jobs that delete objects of this project have ended."
    raise LiveError(Problem("restless-list", "objects are deleted faster than they can be listed", hint=hint))


async def shared_walk(connection: Connection, *path: str) -> list[Object]:
    """Do the same as `walk`, once for all that ask at the same time or in one plan: a list and the lists below its
    objects.
    """
    under_way = connection.walks.get(path)
    if under_way is None:
        under_way = connection.walks[path] = asyncio.ensure_future(walk(connection, *path))
        under_way.add_done_callback(partial(connection.walked, path))
    return await asyncio.shield(under_way)


async def _walk_once(
    page: Callable[[str | None], Awaitable[Object]], limit: int, until: Test, read: Callable[[Object], T]
) -> list[T] | None:
    """Return the objects of all pages, or None if the object at a cursor was deleted."""
    found: dict[str, T] = {}
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        try:
            body = await page(cursor)
        except MissingError:
            if cursor is None:
                raise
            return None
        if "has_more" not in body and len(body["data"]) < limit and found.keys() >= {one["id"] for one in body["data"]}:
            return list(found.values())
        for item in body["data"]:
            if until(item):
                return list(found.values())
            found[item["id"]] = read(item)
        if not body["data"] or not body.get("has_more", True):
            return list(found.values())
        cursor = body["data"][-1]["id"]
        if cursor in seen:
            raise _repeated(cursor)
        seen.add(cursor)


def _not_served(connection: Connection, error: MissingError) -> LiveError:
    """Return the error of a list that is a 404. OpenAI has every list, so that there the key is not permitted to."""
    if connection.is_openai:
        hint = f"OpenAI has this list: a restricted key needs the scope `{error.scope}`."
        return reclassified(error, NotServedError, "forbidden", hint)
    return reclassified(error, NotServedError, "not-served", _NOT_SERVED)


def _repeated(cursor: str) -> LiveError:
    hint = "A proxy in front of the API may ignore the cursor `after`."
    return LiveError(Problem("repeated-page", f"the server repeats the page that ends with {cursor}", hint=hint))


async def shutdown_dates(connection: Connection) -> dict[str, date | None]:
    """Return the shutdown date of each model that the key may use, or None if no date is set (GET /models,
    `shutdown_date`).
    """
    listed = await connection.page("models")
    return {model["id"]: _shutdown_date(model) for model in listed["data"]}


def _shutdown_date(model: Object) -> date | None:
    with understood("model", model, {"shutdown_date": TEXT}):
        text = model.get("shutdown_date")
        return date.fromisoformat(text) if text else None
