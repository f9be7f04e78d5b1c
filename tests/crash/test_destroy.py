"""Tests of a destroy that is killed at every place and run again: nothing of the project is live, nothing of others was
touched, and the state is marked as destroyed.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from reconciler.bundles.publish import published_by
from reconciler.project.destroyed import DestroyedError, check_not_destroyed, open_to_destroy
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Identity
from tests.crash import runs
from tests.crash.conftest import BACKENDS, Shared
from tests.crash.estate import DATA, KEYLESS, OUTLET, dangling, live_ids, make_unpublished, move_state
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
    if "kill" in metafunc.fixturenames and "shared" not in metafunc.fixturenames:
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


SHARED_KILLS: Final = (
    *(Kill("before-send", 20), Kill("after-send", 14), Kill("after-answer", 40)),
    *(Kill("state-before", place) for place in (1, 2, 3)),
    *(Kill("state-after", place) for place in (1, 2, 3)),
)


@pytest.mark.parametrize(
    ("shared", "kill"),
    [
        pytest.param(backend, kill, marks=[] if (backend, kill) == ("git", SHARED_KILLS[4]) else pytest.mark.long)
        for backend in BACKENDS
        for kill in SHARED_KILLS
    ],
    indirect=["shared"],
    ids=str,
)
def test_so_it_is_with_a_shared_state(template, shared: Shared, tmp_path, kill):
    root, environ = tmp_path / "acme", shared.environ
    shutil.copytree(template[0], root)
    shared.join(root)
    move_state(root, environ)
    with api(root / DATA, assistants=True) as url:
        with pytest.raises(Killed):
            run(environ, runs.destroy, root, url, environ, kill)
        assert dangling(root / DATA) == set()
        result, _ = run(environ, runs.destroy, root, url, environ, None)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert remaining(root) == template[1]
    assert is_destroyed(root, environ)
    assert [*published_by(open_to_destroy(root, environ).built_in_outlet, Identity("acme"))] == []


def remaining(root: Path) -> set[str]:
    """Return the ids of all objects at the API, after a check that no pointer is left in an outlet."""
    pointers = [path for path in (root / OUTLET).rglob("*.json") if "blobs" not in path.parts]
    assert pointers == []
    return live_ids(root / DATA)


def is_destroyed(root: Path, environ: Mapping[str, str] = KEYLESS) -> bool:
    """Return True if the state has no object and the mark, with which nothing is applied."""
    state = open_to_destroy(root, environ).backend.read().state
    assert state.objects == {}
    assert state.destruction
    with pytest.raises(DestroyedError):
        check_not_destroyed(open_workspace(root, environ), state)
    return state.destruction.finished is not None
