"""Objects that a killed run created and whose manifests are removed before the next run: that run deletes them."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from tests.support.automations import AGENT, automation
from tests.support.credentials import credential, vault, with_secrets
from tests.support.world import PROJECT, Document, World, is_silent, manifest, world

SKILL_MD: Final = "---\nname: notes\ndescription: Take notes.\n---\nDo it.\n"
LISTS: Final = (
    ("skills",),
    ("vaults",),
    ("agents",),
    ("agents", "automations"),
    ("agents", "environments", "templates"),
)
PROJECTS: Final[dict[str, Sequence[Document]]] = {
    "agent": [AGENT],
    "automation": [AGENT, automation()],
    "paused automation": [AGENT, automation(paused=True)],
    "vault": [vault()],
    "credential": [vault(), credential()],
    "skill": [manifest("Skill", "notes", {"folder": "skills/notes"})],
    "template": [manifest("EnvironmentTemplate", "tools", {"network": {"access": "disabled"}})],
}


class Death(BaseException):
    """The end of a process."""


async def hurried(seconds: float) -> None:
    await asyncio.sleep(seconds / 100)


@pytest.fixture
def made(tmp_path) -> Iterator[World]:
    with world(tmp_path, now=time.time) as made:
        made.connection.pace.sleep = hurried
        made.file("skills/notes/SKILL.md", SKILL_MD)
        yield with_secrets(made)


def dies(made: World, monkeypatch: Any, create_number: int) -> None:
    """Apply in a run that is killed as soon as it has created so many objects."""
    create, number = made.connection.create, 0

    async def create_and_die(*path: str, **more: Any) -> Any:
        nonlocal number
        answer = await create(*path, **more)
        number += 1
        if number == create_number:
            raise Death
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(made.connection, "create", create_and_die)
        with pytest.raises(Death):
            made.apply()


def live(made: World) -> list[str]:
    return [one["id"] for path in LISTS for one in made.by_hand(made.connection.page(*path))["data"]]


@pytest.mark.parametrize("name", PROJECTS)
def test_the_next_run_deletes_what_no_manifest_has(made, monkeypatch, name):
    made.wants(PROJECT, *PROJECTS[name])
    dies(made, monkeypatch, len(PROJECTS[name]))
    assert len(live(made)) == len({document["kind"] for document in PROJECTS[name]} - {"Credential"})
    made.documents.clear()
    made.wants(PROJECT)
    made.apply("keep")
    assert live(made) == []
    assert is_silent(made.plan())
