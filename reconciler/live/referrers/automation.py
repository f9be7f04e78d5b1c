"""Automations: `/v1/agents/automations`, in beta. Each run starts a session with what its target names then.

So a target that is gone makes every further run fail (`openai.types.beta.agents.automation_target`); a paused one may
be resumed, a completed one never runs again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.base import needing, referred
from reconciler.live.client import Connection, Object
from reconciler.live.pages import walk
from reconciler.resources.base import Live

NAMED: Final[Mapping[str, Sequence[str]]] = {
    "agent": ["target.agent_id"],
    "credential": ["target.agent.tools.credential_id"],
    "environment_template": ["target.environment.environment_template_id"],
    "file": ["target.environment.files.file_id"],
    "session": ["target.session_id"],
    "skill": ["target.environment.skills.skill_id"],
    "vault": ["target.vault_ids"],
}
"""Where its target names other objects, by their type."""


class Automations:
    type = "automation"
    refers = frozenset(NAMED)
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        """The API's list has no filter by agent: all of them are read."""
        listed = await walk(self._connection, "agents", "automations")
        return needing((_live(body) for body in listed if body.get("status") != "completed"), ids)


def _live(body: Object) -> Live:
    return Live("automation", body["id"], {}, name=body.get("name") or "", refers_to=referred(body, NAMED))


REFERRER: Final = Automations
