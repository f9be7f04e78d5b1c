"""Tests of a rollback that is killed at every request and write: the same command, without a number, completes it and
never goes back further.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.releases.publish import publish
from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill, Moment, what_runs
from tests.support.chatbot_automations import desk
from tests.support.processes import Killed, api, run
from tests.support.world import is_silent

RELEASES: Final = ("First.", "Second.", "Third.")
PLACES: Final[dict[Moment, int]] = {"before-send": 1, "after-send": 1, "after-answer": 1, "document": 8}
"""Writes of the rollback: the automation at OpenAI; the lock, the journal, the pointer and the state on disk."""
RECORDED: Final = Kill("document", 8)
"""The state has the rollback as complete. The same command would then go back to release 1."""
SAMPLE: Final = {Kill("after-send", 1), Kill("document", 4), Kill("document", 6)}


def cells() -> Iterator[Any]:
    """Return every kill as a parameter. The default run has a sample of them."""
    for kill in (Kill(moment, place) for moment, times in PLACES.items() for place in range(1, times + 1)):
        if kill == RECORDED:
            continue
        yield pytest.param(kill, id=str(kill), marks=[] if kill in SAMPLE else [pytest.mark.long])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a project that published the releases 1, 2 and 3, one after the other."""
    root = tmp_path_factory.mktemp("rollback") / "acme"
    with desk(root, data=root / DATA) as made:
        for number, instructions in enumerate(RELEASES, 1):
            made.release(instructions, published=number)
            made.apply()
    return root


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "acme"))


def test_every_place_is_tried(project: Path):
    with api(project / DATA) as url:
        number, met = run(KEYLESS, runs.roll_back, project, url, KEYLESS, None)
    assert number == 2
    assert what_runs(project) == "Second."
    assert {moment: met[moment] for moment in PLACES} == PLACES


@pytest.mark.parametrize("kill", list(cells()))
def test_killed_anywhere_the_same_command_completes_the_rollback(project: Path, kill: Kill):
    with api(project / DATA) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.roll_back, project, url, KEYLESS, kill)
        assert what_runs(project) in {"Second.", "Third."}
        number, _ = run(KEYLESS, runs.roll_back, project, url, KEYLESS, None)
        assert number == 2
        assert what_runs(project) == "Second."
        publish(project, KEYLESS, "support", 2)
        _, plan = run(KEYLESS, runs.apply_and_plan, project, url, KEYLESS)
    assert is_silent(plan)
