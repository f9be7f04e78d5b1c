"""Sessions in progress: `/v1/agents/sessions`, in beta. A user waits for the response of the agent.

A session keeps the configuration that its agent had when the session was created. An idle session references nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.adapters import gather
from reconciler.live.client import Connection
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.live.shapes import TEXT, check
from reconciler.resources.base import Live

IN_PROGRESS: Final = {"in_progress": "in progress", "requires_action": "waiting for an action"}
"""Status values of `openai.types.beta.AgentSession.status`. In `idle` and `failed` no turn is in progress."""


class Sessions:
    type = "session"
    refers = frozenset({"agent"})
    asks_by_id = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        found = await gather(self._of(agent_id) for agent_id in sorted(ids.get("agent", ())))
        return [session for sessions in found for session in sessions]

    async def _of(self, agent_id: str) -> list[Live]:
        listed = await walk(self._connection, "agents", "sessions", filters={"agent_id": agent_id})
        for body in listed:
            check("session", body, {"status": TEXT})
        return [_live(body, agent_id) for body in listed if body.get("status") in IN_PROGRESS]


def _live(body: Object, agent_id: str) -> Live:
    """Return a session with its status as name: sessions have no names."""
    return Live("session", body["id"], {}, name=IN_PROGRESS[body["status"]], refers_to=(agent_id,))


REFERRER: Final = Sessions
