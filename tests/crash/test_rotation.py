"""Tests of a rotation and of a replacement of a credential that are killed at every request and run again.

A rotation in place ends with one credential. A replacement ends with agents that use the new credential, and with no
credential that nothing holds.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from json import loads
from pathlib import Path
from typing import Any, Final

import pytest

from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill
from tests.support.credentials import SECRETS, agent, credential, vault, with_secrets
from tests.support.processes import Killed, api, run
from tests.support.world import is_silent, world

ENVIRON: Final = {**KEYLESS, **SECRETS}
MOMENTS: Final = ("before-send", "after-send", "after-answer")
EDITS: Final[dict[str, dict[str, Any]]] = {"rotation": {"generation": 2}, "replacement": {"name": "New"}}
WRITES: Final = {"rotation": 1, "replacement": 4}
"""Requests of each edit: one update; or one create, two updates of agents, and one delete."""
SAMPLE: Final = {("rotation", Kill("after-send", 1)), ("replacement", Kill("after-send", 2))}


def cells() -> Iterator[Any]:
    """Return every kill as a parameter. The default run has a sample of them."""
    for edit, writes in WRITES.items():
        for kill in (Kill(moment, place) for moment in MOMENTS for place in range(1, writes + 1)):
            marks = [] if (edit, kill) in SAMPLE else [pytest.mark.long]
            yield pytest.param(edit, kill, id=f"{edit}-{kill}", marks=marks)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a vault with a credential and two agents that use it."""
    root = tmp_path_factory.mktemp("rotation") / "acme"
    with world(root, data=root / DATA, now=time.time) as made:
        with_secrets(made).wants(vault(), credential(generation=1), agent(), agent("desk"))
        made.apply()
    return root


@pytest.fixture
def edited(template: Path, tmp_path: Path) -> Callable[[str], Path]:
    def build(edit: str) -> Path:
        root = tmp_path / "acme"
        shutil.copytree(template, root)
        with world(root, data=root / DATA) as made:
            made.wants(vault(), credential(**{"generation": 1, **EDITS[edit]}), agent(), agent("desk"))
        return root

    return build


def objects(root: Path, kind: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(root / DATA)) as database:
        return [loads(body) for (body,) in database.execute("SELECT body FROM objects WHERE kind = ?", [kind])]


def used(root: Path) -> set[str]:
    """Return the credentials that agents use."""
    return {one["given"]["tools"][0]["credential_id"] for one in objects(root, "agent")}


def test_every_place_is_tried(edited):
    for edit, writes in WRITES.items():
        root = edited(edit)
        with api(root / DATA) as url:
            _, met = run(ENVIRON, runs.apply, root, url, ENVIRON, None)
        assert {moment: met[moment] for moment in MOMENTS} == dict.fromkeys(MOMENTS, writes)
        shutil.rmtree(root)


@pytest.mark.parametrize(("edit", "kill"), list(cells()))
def test_killed_anywhere_the_next_run_converges(edited, edit, kill):
    root = edited(edit)
    (before,) = objects(root, "vault.credential")
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(ENVIRON, runs.apply, root, url, ENVIRON, kill)
        result, plan = run(ENVIRON, runs.apply_and_plan, root, url, ENVIRON)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    (after,) = objects(root, "vault.credential")
    assert (after["id"] == before["id"]) == (edit == "rotation")
    assert used(root) == {after["id"]}


@pytest.mark.parametrize(
    "place", [pytest.param(place, marks=[] if place == 2 else pytest.mark.long) for place in (1, 2, 3)]
)
def test_killed_in_a_replacement_that_is_taken_back_one_credential_is_left(edited, place):
    root = edited("replacement")
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(ENVIRON, runs.apply, root, url, ENVIRON, Kill("after-send", place))
        with world(root, data=root / DATA) as made:
            made.wants(vault(), credential(generation=1), agent(), agent("desk"))
        result, plan = run(ENVIRON, runs.apply_and_plan, root, url, ENVIRON)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    (after,) = objects(root, "vault.credential")
    assert used(root) == {after["id"]}
