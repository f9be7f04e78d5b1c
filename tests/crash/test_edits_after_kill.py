"""Manifests that are edited between a killed run and the next one: what the killed run wrote is not drift, and ends as
the manifests say, also where nothing can be read; what it created and no manifest has any more is deleted.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from reconciler.live.requests import Request
from tests.support.automations import AGENT, automation
from tests.support.credentials import credential, vault, with_secrets
from tests.support.world import PROJECT, Document, World, is_silent, manifest, told, world

SKILL_MD: Final = "---\nname: notes\ndescription: Take notes.\n---\nDo it.\n"
LISTS: Final = (
    ("skills",),
    ("vaults",),
    ("agents",),
    ("agents", "automations"),
    ("agents", "environments", "templates"),
)
MAKE: Final[Document] = {"setup_commands": [{"command": "make"}]}
MAKE_ALL: Final[Document] = {"setup_commands": [{"command": "make all"}]}


def tools(**spec: Any) -> Document:
    return manifest("EnvironmentTemplate", "tools", {"network": {"access": "disabled"}, **spec})


PROJECTS: Final[dict[str, Sequence[Document]]] = {
    "agent": [AGENT],
    "automation": [AGENT, automation()],
    "paused automation": [AGENT, automation(paused=True)],
    "vault": [vault()],
    "credential": [vault(), credential()],
    "skill": [manifest("Skill", "notes", {"folder": "skills/notes"})],
    "template": [tools()],
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


def dies(made: World, monkeypatch: Any, write: int) -> None:
    """Apply in a run that is killed as soon as it has made so many writes."""
    call, number = made.connection.call, 0

    async def call_and_die(request: Request) -> Any:
        nonlocal number
        answer = await call(request)
        number += request.method != "GET"
        if number == write:
            raise Death
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(made.connection, "call", call_and_die)
        with pytest.raises(Death):
            made.apply()


def live(made: World) -> list[str]:
    return [one["id"] for path in LISTS for one in made.by_hand(made.connection.page(*path))["data"]]


@pytest.mark.parametrize("name", PROJECTS)
def test_what_no_manifest_has_any_more_is_deleted(made, monkeypatch, name):
    made.wants(PROJECT, *PROJECTS[name])
    dies(made, monkeypatch, len(PROJECTS[name]))
    assert len(live(made)) == len({document["kind"] for document in PROJECTS[name]} - {"Credential"})
    made.documents.clear()
    made.wants(PROJECT)
    made.apply("keep")
    assert live(made) == []
    assert is_silent(made.plan())


@dataclass(frozen=True)
class Edit:
    """The manifests that are applied, those of the killed run, and those of the next run."""

    before: Document
    during: Document
    after: Document
    change: str
    """Fields that the next run changes."""
    write: int = 1
    """The write after which the run is killed."""


EDITS: Final = {
    "taken back": Edit(
        tools(packages={"npm": ["a"]}), tools(packages={"npm": ["b"]}), tools(packages={"npm": ["a"]}), "packages.npm"
    ),
    "edited again": Edit(
        tools(packages={"npm": ["a"]}), tools(packages={"npm": ["b"]}), tools(packages={"npm": ["c"]}), "packages.npm"
    ),
    "commands that cannot be read": Edit(tools(**MAKE), tools(**MAKE_ALL), tools(**MAKE), "setup_commands"),
    "commands that are new": Edit(tools(), tools(**MAKE_ALL), tools(), "setup_commands"),
    "a rotation": Edit(credential(generation=1), credential(generation=2), credential(generation=1), "generation"),
    "a pause": Edit(
        automation(paused=False), automation(paused=True, expression="0 5 * * *"), automation(paused=False), "paused"
    ),
    "a pause and a change": Edit(
        automation(paused=False),
        automation(paused=True, expression="0 5 * * *"),
        automation(paused=False),
        "expression, paused",
        write=2,
    ),
    "a resume": Edit(automation(paused=True), automation(paused=False), automation(paused=True), "paused"),
}


@pytest.mark.parametrize("on_drift", ["keep", "revert"])
@pytest.mark.parametrize("name", EDITS)
def test_what_the_killed_run_wrote_is_not_drift(made, monkeypatch, name, on_drift):
    edit = EDITS[name]
    made.wants(PROJECT, AGENT, vault(), edit.before)
    made.apply()
    made.wants(edit.during)
    dies(made, monkeypatch, edit.write)
    made.wants(edit.after)
    plan = made.plan(on_drift)
    assert (plan.drift, plan.refusals) == ((), ())
    assert [change.partition(": ")[2] for change in told(plan.changes)] == [edit.change]
    made.apply(on_drift)
    assert is_silent(made.plan())
