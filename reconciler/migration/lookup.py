"""Whether the files and vector stores that exports name still exist: one GET each."""

from collections.abc import Iterable, Mapping

from reconciler.live.client import Connection
from reconciler.live.gather import gather
from reconciler.migration.model import Presence
from reconciler.migration.resources import FILE_ID


async def look_up(connection: Connection, ids: Iterable[str]) -> Mapping[str, Presence]:
    """By id; raises `LiveError` where the API does not say."""
    distinct = sorted(set(ids))
    return dict(zip(distinct, await gather(_presence(connection, id_) for id_ in distinct), strict=True))


async def _presence(connection: Connection, id_: str) -> Presence:
    """A vector store that has expired can still be read, but not searched."""
    found = await connection.read("files" if FILE_ID.fullmatch(id_) else "vector_stores", id_)
    return "gone" if found is None or found.get("status") == "expired" else "there"
