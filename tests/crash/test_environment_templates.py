"""Environment templates have no labels, and a part of them cannot be read: an apply that is killed at a write is
completed without a second template, and with the parts that the manifest has.
"""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from openai import AsyncOpenAI

from reconciler.live.kinds.environment_template import EnvironmentTemplates
from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill, Moment
from tests.support.processes import Killed, api, run
from tests.support.templates import SKILL, live as listed, template, with_files
from tests.support.world import Document, World, is_silent, manifest, told, world

WRITES: Final = 5
"""An upload, a skill, the creates of two equal templates, and the update of a third."""
MOMENTS: Final[tuple[Moment, ...]] = ("before-send", "after-send", "after-answer")
KILLS: Final = tuple(Kill(moment, place) for moment in MOMENTS for place in range(1, WRITES + 1))
SAMPLE: Final = {Kill("after-send", place) for place in range(1, WRITES + 1)}
VARIABLES: Final[Document] = {"APP_MODE": "prod"}
SHORT: Final = 0.2
MAKE: Final[Document] = {"setup_commands": [{"command": "make"}]}
MAKE_ALL: Final[Document] = {"setup_commands": [{"command": "make all"}]}
EDITED: Final[Document] = {"packages": {"npm": ["left-pad"]}, "env": {"APP_MODE": "test"}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose next apply creates two templates that differ in nothing the API returns, and changes a third."""
    root = tmp_path_factory.mktemp("templates") / "acme"
    with world(root, data=root / DATA, now=time.time) as made:
        with_files(made)
        made.wants(template("edited", "files", "skills", env=VARIABLES))
        made.apply()
        made.wants(
            SKILL,
            template("edited", "files", "skills", **EDITED),
            template("first", env=VARIABLES, name="alike"),
            template("second", env={"APP_MODE": "test"}, name="alike"),
        )
    return root


def live(url: str) -> dict[str, list[Any]]:
    """Return the packages of the templates, by name."""

    async def look() -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        async with AsyncOpenAI(api_key="key", base_url=url) as sdk:
            async for one in sdk.beta.agents.environments.templates.list():
                found.setdefault(str(one.name), []).append(one.packages.npm)
            files = [one async for one in sdk.files.list()]
            skills = [one async for one in sdk.skills.list()]
        assert (len(files), len(skills)) == (1, 1)
        return found

    return asyncio.run(look())


def test_every_write_is_tried(project, tmp_path):
    root = Path(shutil.copytree(project, tmp_path / "acme"))
    with api(root / DATA) as url:
        result, met = run(KEYLESS, runs.apply, root, url, KEYLESS, None)
    assert result.complete
    assert {moment: met[moment] for moment in MOMENTS} == dict.fromkeys(MOMENTS, WRITES)


@pytest.mark.parametrize(
    "kill", [pytest.param(one, id=str(one), marks=[] if one in SAMPLE else [pytest.mark.long]) for one in KILLS]
)
def test_killed_anywhere_the_next_run_makes_nothing_twice(project, tmp_path, kill):
    root = Path(shutil.copytree(project, tmp_path / "acme"))
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
        found = live(url)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert found == {"edited": [["left-pad"]], "alike": [[], []]}


async def hurried(seconds: float) -> None:
    await asyncio.sleep(seconds / 100)


class Death(BaseException):
    """The end of a process."""


def plain(address: str, /, **spec: Any) -> Document:
    return manifest("EnvironmentTemplate", address, {"network": {"access": "disabled"}, **spec})


@pytest.fixture
def made(tmp_path) -> Iterator[World]:
    with world(tmp_path, now=time.time) as made:
        made.connection.pace.sleep = hurried
        yield made


def sent(made: World, monkeypatch: Any) -> dict[str, list[Any]]:
    """Record the setup commands that are sent from now on, by id of the template."""
    found: dict[str, list[Any]] = {}
    connection = made.connection
    create, replace = connection.create, connection.replace

    async def created(*path: str, body: Any, **more: Any) -> Any:
        answer = await create(*path, body=body, **more)
        found.setdefault(answer["id"], []).append(body.get("setup_commands"))
        return answer

    async def replaced(*path: str, body: Any, **more: Any) -> Any:
        found.setdefault(path[-1], []).append(body.get("setup_commands"))
        return await replace(*path, body=body, **more)

    monkeypatch.setattr(connection, "create", created)
    monkeypatch.setattr(connection, "replace", replaced)
    return found


def dies(made: World, monkeypatch: Any, *, unsent: str = "") -> None:
    """Apply in a run that is killed as soon as a template is created, or before the create of `unsent` is sent."""
    create = EnvironmentTemplates.create

    async def create_and_die(self: EnvironmentTemplates, request: Any) -> Any:
        if request.desired.address.name == unsent:
            await asyncio.sleep(SHORT)  # others may be created in the meantime
            raise Death
        await create(self, request)
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(EnvironmentTemplates, "create", create_and_die)
        with pytest.raises(Death):
            made.apply()


def test_a_template_that_is_edited_after_the_kill_is_updated(made, monkeypatch):
    made.wants(plain("tools", **MAKE))
    dies(made, monkeypatch)
    made.wants(plain("tools", **MAKE_ALL, packages={"python": ["pandas"]}))
    assert told(made.plan("keep").changes) == ["update template/tools: packages.python, setup_commands"]
    made.apply("keep")
    assert [one["name"] for one in listed(made)] == ["tools"]
    assert is_silent(made.plan())


@pytest.mark.parametrize("unsent", ["first", "second"])
def test_of_two_that_can_be_read_alike_each_has_its_own_parts(made, monkeypatch, unsent):
    commands = sent(made, monkeypatch)
    made.wants(plain("first", name="Same", **MAKE), plain("second", name="Same", **MAKE_ALL))
    dies(made, monkeypatch, unsent=unsent)
    made.apply("keep")
    assert is_silent(made.plan())
    assert len(listed(made)) == 2
    assert commands[made.id_of("template/first")][-1][0]["command"] == "make"
    assert commands[made.id_of("template/second")][-1][0]["command"] == "make all"
