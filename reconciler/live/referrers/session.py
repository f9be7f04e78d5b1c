"""Sessions in progress: `/v1/agents/sessions`, in beta. A user waits for the response of the agent.

A session keeps the configuration that its agent had when the session was created. An idle session references nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from reconciler.live.adapters import at, gather, needing
from reconciler.live.client import Connection
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.live.shapes import TEXT, check
from reconciler.resources.base import Live

ASKED_BY_ID: Final = 20
"""Agents up to which the sessions of each are listed by themselves. For more, all sessions are listed in one walk."""
IN_PROGRESS: Final = {"in_progress": "in progress", "requires_action": "waiting for an action"}
"""Status values of `openai.types.beta.AgentSession.status`. In `idle` and `failed` no turn is in progress."""


class Sessions:
    type = "session"
    refers = frozenset({"agent"})
    asks_by_id = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        agents = sorted(ids.get("agent", ()))
        if len(agents) > ASKED_BY_ID:
            sessions = _used(await walk(self._connection, "agents", "sessions"))
            return needing((_live(body, at(body, "agent.id")) for body in sessions), ids)
        found = await gather(self._of(agent_id) for agent_id in agents)
        return [session for sessions in found for session in sessions]

    async def _of(self, agent_id: str) -> list[Live]:
        listed = await walk(self._connection, "agents", "sessions", filters={"agent_id": agent_id})
        return [_live(body, [agent_id]) for body in _used(listed)]


def _used(listed: Sequence[Object]) -> list[Object]:
    """Return the sessions with a turn in progress."""
    for body in listed:
        check("session", body, {"status": TEXT})
    return [body for body in listed if body.get("status") in IN_PROGRESS]


def _live(body: Object, agents: Iterable[str]) -> Live:
    """Return a session with its status as name: sessions have no names."""
    return Live("session", body["id"], {}, name=IN_PROGRESS[body["status"]], refers_to=tuple(agents))


REFERRER: Final = Sessions
