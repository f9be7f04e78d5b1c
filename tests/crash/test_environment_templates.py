"""Environment templates have no labels: an apply that is killed at a write is completed without a second template."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any, Final

import pytest
from openai import AsyncOpenAI

from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill, Moment
from tests.support.processes import Killed, api, run
from tests.support.templates import SKILL, template, with_files
from tests.support.world import is_silent, world

WRITES: Final = 5
"""An upload, a skill, the creates of two equal templates, and the update of a third."""
MOMENTS: Final[tuple[Moment, ...]] = ("before-send", "after-send", "after-answer")
KILLS: Final = tuple(Kill(moment, place) for moment in MOMENTS for place in range(1, WRITES + 1))
SAMPLE: Final = {Kill("after-send", place) for place in range(1, WRITES + 1)}
VARIABLES: Final = {"APP_MODE": "prod"}
EDITED: Final = {"packages": {"npm": ["left-pad"]}, "env": {"APP_MODE": "test"}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose next apply creates two templates that differ in nothing the API returns, and changes a third."""
    root = tmp_path_factory.mktemp("templates") / "acme"
    with world(root, data=root / DATA, now=time.time) as made:
        with_files(made)
        made.wants(template("edited", "files", "skills", env=VARIABLES))
        made.apply()
        alike = {"name": "alike"}
        made.wants(
            SKILL,
            template("edited", "files", "skills", **EDITED),
            template("first", env=VARIABLES, **alike),
            template("second", env={"APP_MODE": "test"}, **alike),
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
