"""The configuration of sessions in progress: their vaults, and the credentials that their agents use.

The list of sessions has no filter for them, so that all sessions are read, in one walk.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.adapters import needing, referred
from reconciler.live.client import Connection
from reconciler.live.pages import walk
from reconciler.live.referrers.session import IN_PROGRESS
from reconciler.live.requests import Object
from reconciler.live.shapes import TEXT, understood
from reconciler.resources.base import Live

NAMED: Final[Mapping[str, Sequence[str]]] = {
    "credential": ["agent.tools.credential_id"],
    "vault": ["vault_ids"],
}
"""Paths of ids, by type of the object."""


class SessionConfigs:
    type = "session_config"
    refers = frozenset(NAMED)
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        return needing(
            (_live(body) for body in await walk(self._connection, "agents", "sessions") if _is_used(body)), ids
        )


def _is_used(body: Object) -> bool:
    with understood("session", body, {"status": TEXT}):
        return body.get("status") in IN_PROGRESS


def _live(body: Object) -> Live:
    """Return a session with its status as name: sessions have no names."""
    with understood("session", body, {}):
        return Live("session", body["id"], {}, name=IN_PROGRESS[body["status"]], refers_to=referred(body, NAMED))


REFERRER: Final = SessionConfigs
