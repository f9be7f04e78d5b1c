"""Environment templates: `/v1/agents/environments/templates`, in beta.

The files and skills they name are "resolved separately for each session" (`openai.types.beta.agents.environments.
environment_template`): without them the next session cannot start.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.adapters import needing, referred
from reconciler.live.client import Connection, Object
from reconciler.live.pages import walk
from reconciler.live.shapes import TEXT, understood
from reconciler.resources.base import Live

NAMED: Final[Mapping[str, Sequence[str]]] = {"file": ["files.file_id"], "skill": ["skills.skill_id"]}
"""Paths of ids, by type of the object. Inline content has no id."""


class EnvironmentTemplates:
    type = "environment_template"
    refers = frozenset(NAMED)
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        listed = await walk(self._connection, "agents", "environments", "templates")
        return needing(map(_live, listed), ids)


def _live(body: Object) -> Live:
    with understood("environment_template", body, {"name": TEXT}):
        return Live(
            "environment_template", body["id"], {}, name=body.get("name") or "", refers_to=referred(body, NAMED)
        )


REFERRER: Final = EnvironmentTemplates
