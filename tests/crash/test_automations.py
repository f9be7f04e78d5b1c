"""An apply that is killed at a write is completed without a second automation, and without one that is not paused."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Final

import pytest
from openai import AsyncOpenAI

from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill, Moment
from tests.support.automations import AGENT, TARGET, automation
from tests.support.processes import Killed, api, run
from tests.support.world import is_silent, world

WRITES: Final = 7
"""The create of an agent; creates of two automations, one of which is paused; an update with a pause, and the resume of
a fourth."""
MOMENTS: Final[tuple[Moment, ...]] = ("before-send", "after-send", "after-answer")
KILLS: Final = tuple(Kill(moment, place) for moment in MOMENTS for place in range(1, WRITES + 1))
SAMPLE: Final = {Kill("after-send", place) for place in range(1, WRITES + 1)}
INLINE: Final = {**TARGET, "agent": {"model": "gpt-6-luna"}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("automations") / "acme"
    with world(root, data=root / DATA, now=time.time) as made:
        made.wants(automation("edited", target=INLINE, paused=False), automation("resumed", target=INLINE, paused=True))
        made.apply()
        made.wants(
            AGENT,
            automation("edited", target={**INLINE, "input": "Edited."}, paused=True),
            automation("resumed", target=INLINE, paused=False),
            automation("active"),
            automation("paused", paused=True),
        )
    return root


def live(url: str) -> list[tuple[str, str]]:
    """Return the name and the status of every automation."""

    async def look() -> list[tuple[str, str]]:
        async with AsyncOpenAI(api_key="key", base_url=url) as sdk:
            return sorted([(one.name, one.status) async for one in sdk.beta.agents.automations.list()])

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
    assert found == [("active", "active"), ("edited", "paused"), ("paused", "paused"), ("resumed", "active")]
