"""Labs: `/v1/labs`. They are objects without a kind, and each refers to a container."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.adapters import needing, referred
from reconciler.live.client import Connection
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.resources.base import Live

NAMED: Final = {"container": ["container_id"]}


class Labs:
    type = "lab"
    refers = frozenset(NAMED)
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        listed = await walk(self._connection, "labs")
        return needing(map(_live, listed), ids)


def _live(body: Object) -> Live:
    return Live("lab", body["id"], {}, name=body["name"], refers_to=referred(body, NAMED))


REFERRER: Final = Labs
