"""Tests of a destroy that is killed at every place and run again: nothing of the project is live, nothing of others was
touched, and the state is marked as destroyed.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from reconciler.project.destroyed import DestroyedError, check_not_destroyed, open_to_destroy
from reconciler.project.workspace import open_workspace
from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS, OUTLET, dangling, live_ids, make_unpublished
from tests.crash.runs import Kill, Moment
from tests.support.processes import Killed, api, run

PLACES: Final[dict[Moment, int]] = {"before-send": 49, "after-send": 49, "after-answer": 49, "document": 65}
SAMPLE: Final = {
    *(Kill("before-send", 1), Kill("after-send", 14), Kill("after-answer", 40)),
    *(Kill("document", 2), Kill("document", 30), Kill("document", 64)),
}


STEP: Final = 3
"""The long run has the first of so many places. With `--full`, it has all."""


def cells(*, full: bool) -> Iterator[object]:
    for moment, places in PLACES.items():
        for place in range(1, places + 1):
            kill = Kill(moment, place)
            if kill in SAMPLE:
                yield pytest.param(kill, id=str(kill))
            elif full or (place - 1) % STEP == 0:
                yield pytest.param(kill, id=str(kill), marks=pytest.mark.long)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kill" in metafunc.fixturenames:
        metafunc.parametrize("kill", list(cells(full=metafunc.config.getoption("full"))))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """Return an applied project that publishes nothing any more, and the ids of the objects of others."""
    root = tmp_path_factory.mktemp("kill") / "acme"
    return root, make_unpublished(root)


@pytest.fixture(scope="module")
def whole(template: tuple[Path, set[str]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[Moment]]:
    """Return the project of a destroy that is not killed, and the number of its places."""
    root = tmp_path_factory.mktemp("whole") / "acme"
    shutil.copytree(template[0], root)
    with api(root / DATA, assistants=True) as url:
        result, met = run(KEYLESS, runs.destroy, root, url, KEYLESS, None)
    assert result.complete
    return root, met


def test_every_place_is_tried(whole):
    assert {moment: whole[1][moment] for moment in PLACES} == PLACES


def test_a_destroy_removes_everything_of_the_project_and_nothing_else(whole, template):
    assert remaining(whole[0]) == template[1]
    assert is_destroyed(whole[0])


def test_killed_anywhere_the_next_destroy_completes_it(template, tmp_path, kill):
    root = tmp_path / "acme"
    shutil.copytree(template[0], root)
    with api(root / DATA, assistants=True) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.destroy, root, url, KEYLESS, kill)
        assert dangling(root / DATA) == set()
        result, _ = run(KEYLESS, runs.destroy, root, url, KEYLESS, None)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert remaining(root) == template[1]
    assert is_destroyed(root)


def remaining(root: Path) -> set[str]:
    """Return the ids of all objects at the API, after a check that no pointer is left in an outlet."""
    pointers = [path for path in (root / OUTLET).rglob("*.json") if "blobs" not in path.parts]
    assert pointers == []
    return live_ids(root / DATA)


def is_destroyed(root: Path) -> bool:
    """Return True if the state has no object and the mark, with which nothing is applied."""
    state = open_to_destroy(root, KEYLESS).backend.read().state
    assert state.objects == {}
    assert state.destruction
    with pytest.raises(DestroyedError):
        check_not_destroyed(open_workspace(root, KEYLESS), state)
    return state.destruction.finished is not None
