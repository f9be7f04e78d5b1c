"""Automations: `/v1/agents/automations`, in beta. Each run starts a session with the objects that its target names.

A target with a deleted object makes every further run fail (`openai.types.beta.agents.automation_target`). A paused
automation may be resumed; a completed one never runs again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.adapters import needing, referred
from reconciler.live.client import Connection, Object
from reconciler.live.pages import walk
from reconciler.live.shapes import TEXT, understood
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
"""Paths of ids in its target, by type of the object."""


class Automations:
    type = "automation"
    refers = frozenset(NAMED)
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        """Read all automations: the API's list has no filter by agent."""
        listed = await walk(self._connection, "agents", "automations")
        return needing((_live(body) for body in listed if body.get("status") != "completed"), ids)


def _live(body: Object) -> Live:
    with understood("automation", body, {"name": TEXT}):
        return Live("automation", body["id"], {}, name=body.get("name") or "", refers_to=referred(body, NAMED))


REFERRER: Final = Automations
