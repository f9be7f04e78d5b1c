"""Tests of an apply that is killed at every place and run again: no object is duplicated or orphaned, and none refers
to an object that does not exist, not even between the two runs.

The apply runs in a process of its own against an API in another one. `docs/recovery.md` says what is promised.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from openai import AsyncOpenAI

from tests.crash import runs
from tests.crash.conftest import Shared
from tests.crash.estate import DATA, KEYLESS, dangling, found, make, move_state
from tests.crash.runs import Kill, Moment
from tests.crash.writes import left_in
from tests.support.clones import clone_agent
from tests.support.processes import Killed, api, run
from tests.support.world import is_silent

WRITES: Final = 91
"""Writes of the apply to the API."""
DOCUMENTS: Final = 202
"""Files that the apply writes: lock, journal, one completion at a time, state, bundles in two outlets."""
PLACES: Final[dict[Moment, int]] = {
    "before-send": WRITES,
    "after-send": WRITES,
    "after-answer": WRITES,
    "document": DOCUMENTS,
}
SAMPLE: Final = {
    *(Kill("before-send", 1), Kill("before-send", 67)),
    *(Kill("after-send", 14), Kill("after-send", 28), Kill("after-send", 40), Kill("after-send", 54)),
    *(Kill("after-answer", 37), Kill("document", 2), Kill("document", 60)),
}
"""Among them: the create of a template, a version of a skill, an agent that gets another credential, the create of the
credential, and the delete of the former one."""


STEPS: Final[dict[Moment, int]] = {"before-send": 3, "after-send": 1, "after-answer": 3, "document": 4}
"""The long run has the first of so many places. With `--full`, it has all."""


def cells(*, full: bool) -> Iterator[object]:
    """Return the kills as parameters. The default run has a sample of them."""
    for moment, places in PLACES.items():
        for kill in (Kill(moment, place) for place in range(1, places + 1)):
            if kill in SAMPLE:
                yield pytest.param(kill, id=str(kill))
            elif full or (kill.place - 1) % STEPS[moment] == 0:
                yield pytest.param(kill, id=str(kill), marks=pytest.mark.long)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.function is test_killed_anywhere_the_next_run_converges:
        metafunc.parametrize("kill", list(cells(full=metafunc.config.getoption("full"))))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kill") / "acme"
    make(root)
    return root


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[Moment]]:
    """Return the project of an apply that is not killed, and the number of its places."""
    root = copied(template, tmp_path_factory.mktemp("whole") / "acme")
    with api(root / DATA, assistants=True) as url:
        result, met = run(KEYLESS, runs.apply, root, url, KEYLESS, None)
    assert result.complete
    return root, met


@pytest.fixture(scope="module")
def uninterrupted(whole: tuple[Path, Counter[Moment]]) -> dict[str, list[str]]:
    """Return the result of the apply that is not killed."""
    return found(whole[0], KEYLESS)


def copied(template: Path, root: Path) -> Path:
    shutil.copytree(template, root)
    return root


def test_every_place_is_tried(whole):
    _, met = whole
    assert {moment: met[moment] for moment in PLACES} == PLACES


def test_killed_anywhere_the_next_run_converges(template, uninterrupted, tmp_path, kill):
    root = copied(template, tmp_path / "acme")
    with api(root / DATA, assistants=True) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        assert dangling(root / DATA) == set()
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert dangling(root / DATA) == set()
    assert found(root, KEYLESS) == uninterrupted
    # A run without changes writes nothing: the draft of the state stays until the next write of the state.
    assert left_in(root) in ([], [] if result.outcomes else [str(root / ".reconciler" / ".store.tmp")])


def steady(url: str, *, clone: str = "") -> str:
    """Clone the agent that no edit changes, with its label, or delete the clone again. Return the id of the clone."""

    async def work() -> str:
        async with AsyncOpenAI(api_key="key", base_url=url) as sdk:
            if clone:
                return (await sdk.beta.agents.delete(clone)).id
            found = [one.id async for one in sdk.beta.agents.list() if one.name == "steady"]
            return await clone_agent(sdk, found[0], name="Mine")

    return asyncio.run(work())


@pytest.mark.parametrize(
    "kill",
    [
        Kill("after-send", 14),
        *(pytest.param(one, marks=pytest.mark.long) for one in sorted(SAMPLE - {Kill("after-send", 14)}, key=str)),
    ],
    ids=str,
)
def test_a_clone_that_is_made_after_the_kill_stops_the_next_run_until_it_is_gone(
    template, uninterrupted, tmp_path, kill
):
    root = copied(template, tmp_path / "acme")
    with api(root / DATA, assistants=True) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        clone = steady(url)
        plan, done = run(KEYLESS, runs.attempt, root, url, KEYLESS)
        assert not done
        assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [("duplicate", "assistant/steady")]
        assert steady(url, clone=clone) == clone
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert found(root, KEYLESS) == uninterrupted


STATE_KILLS: Final = (
    *(Kill("before-send", 20), Kill("after-send", 2), Kill("after-send", 14), Kill("after-answer", 28)),
    *(Kill("state-before", place) for place in (1, 2, 3, 20)),
    *(Kill("state-after", place) for place in (1, 2, 3, 20)),
)


@pytest.mark.long
@pytest.mark.parametrize("kill", STATE_KILLS, ids=str)
def test_so_it_is_with_a_shared_state(template, uninterrupted, shared: Shared, tmp_path, kill):
    root = copied(template, tmp_path / "acme")
    shared.join(root)
    move_state(root, shared.environ)
    with api(root / DATA, assistants=True) as url:
        with pytest.raises(Killed):
            run(shared.environ, runs.apply, root, url, shared.environ, kill)
        result, plan = run(shared.environ, runs.apply_and_plan, root, url, shared.environ)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert found(root, shared.environ) == uninterrupted
