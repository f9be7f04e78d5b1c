"""Automations: `/v1/agents/automations`, in beta. Each run starts a session with what its target names then.

So a target that is gone makes every further run fail (`openai.types.beta.agents.automation_target`); a paused one may
be resumed, a completed one never runs again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from reconciler.live.base import needing
from reconciler.live.client import Connection, Object
from reconciler.live.pages import walk
from reconciler.resources.address import FILE
from reconciler.resources.base import Live


class Automations:
    type = "automation"
    refers = frozenset({"agent", "credential", "environment_template", FILE, "session", "skill", "vault"})
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        """The API's list has no filter by agent: all of them are read."""
        listed = await walk(self._connection, "agents", "automations")
        return needing((_live(body) for body in listed if body.get("status") != "completed"), ids)


def _live(body: Object) -> Live:
    named = (id_ for id_ in _named(body.get("target") or {}) if id_)
    return Live("automation", body["id"], {}, name=body.get("name") or "", refers_to=tuple(sorted(set(named))))


def _named(target: Object) -> Iterator[str | None]:
    environment, agent = target.get("environment") or {}, target.get("agent") or {}
    yield from (target.get("agent_id"), target.get("session_id"), environment.get("environment_template_id"))
    yield from target.get("vault_ids") or ()
    yield from (tool.get("credential_id") for tool in agent.get("tools") or ())
    yield from (file.get("file_id") for file in environment.get("files") or ())
    yield from (skill.get("skill_id") for skill in environment.get("skills") or ())


REFERRER: Final = Automations
