"""Environment templates: `/v1/agents/environments/templates`, in beta.

The files and skills they name are "resolved separately for each session" (`openai.types.beta.agents.environments.
environment_template`): without them the next session cannot start.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.live.base import needing
from reconciler.live.client import Connection, Object
from reconciler.live.pages import walk
from reconciler.resources.address import FILE
from reconciler.resources.base import Live


class EnvironmentTemplates:
    type = "environment_template"
    refers = frozenset({FILE, "skill"})
    asks_by_id = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        listed = await walk(self._connection, "agents", "environments", "templates")
        return needing(map(_live, listed), ids)


def _live(body: Object) -> Live:
    """Of what was given inline there is no id."""
    files = (file["file_id"] for file in body.get("files") or () if file.get("file_id"))
    skills = (skill["skill_id"] for skill in body.get("skills") or () if skill.get("skill_id"))
    needs = tuple(sorted({*files, *skills}))
    return Live("environment_template", body["id"], {}, name=body.get("name") or "", refers_to=needs)


REFERRER: Final = EnvironmentTemplates
