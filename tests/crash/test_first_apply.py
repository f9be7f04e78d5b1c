"""The first apply of a project is killed: its lineage is in the state before the first write to the API, so that the
next run finds what was made, and another repository with the same name does not.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from reconciler.project.workspace import open_workspace
from reconciler.resources.labels import from_metadata
from tests.crash import runs
from tests.crash.conftest import Shared
from tests.crash.estate import DATA, KEYLESS, PROJECT, agent, found, request, store
from tests.crash.runs import Kill, Moment
from tests.support.processes import Killed, api, run
from tests.support.world import as_yaml, is_silent

WRITES: Final = 4
"""Writes to the API: an agent, an upload, a vector store, and the batch of its files."""
DOCUMENTS: Final = 5
"""Files of the start of the run: its lock and its first segment, before the first write to the API."""
SAMPLE: Final = {Kill("before-send", 1), Kill("after-send", 1), Kill("after-answer", 3), Kill("document", 3)}


def cells() -> Iterator[object]:
    places: dict[Moment, int] = dict.fromkeys(("before-send", "after-send", "after-answer"), WRITES)
    for moment, number in {**places, "document": DOCUMENTS}.items():
        for kill in (Kill(moment, place) for place in range(1, number + 1)):
            yield pytest.param(kill, id=str(kill), marks=[] if kill in SAMPLE else [pytest.mark.long])


def project(root: Path) -> Path:
    """Create a project that was never applied."""
    (root / "kb").mkdir(parents=True)
    (root / "kb" / "hours.md").write_text("Nine to five.")
    search = {"type": "file_search", "vector_store_ids": ["kb"]}
    documents = [agent("desk", "Sort."), request("helper", "Help.", tools=[search]), store("kb", "kb/*.md")]
    (root / "project.yaml").write_text(as_yaml([PROJECT]))
    (root / "manifests.yaml").write_text(as_yaml(documents))
    return root


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return the result of a first apply that is not killed."""
    root = project(tmp_path_factory.mktemp("whole") / "acme")
    with api(root / DATA) as url:
        result, met = run(KEYLESS, runs.apply, root, url, KEYLESS, None)
    assert result.complete
    assert met["before-send"] == WRITES
    return found(root, KEYLESS)


def lineages(root: Path) -> Counter[str | None]:
    """Return the lineages on the labels of the objects of the API."""
    database = sqlite3.connect(root / DATA)
    try:
        bodies = [json.loads(body) for (body,) in database.execute("SELECT body FROM objects")]
    finally:
        database.close()
    labels = [from_metadata(body.get("given", body).get("metadata")) for body in bodies]
    return Counter(one.lineage for one in labels if one)


@pytest.mark.parametrize("kill", list(cells()))
def test_a_killed_first_apply_is_completed_by_its_state_and_refused_to_another_one(uninterrupted, tmp_path, kill):
    root, other = project(tmp_path / "acme"), project(tmp_path / "other")
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        made = lineages(root)
        if made:
            assert made.keys() == {open_workspace(root, KEYLESS).backend.read().state.lineage}
            plan, done = run(KEYLESS, runs.attempt, other, url, KEYLESS)
            assert ([refusal.rule for refusal in plan.refusals], done) == (["foreign-owner"], False)
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert found(root, KEYLESS) == uninterrupted
    assert lineages(root).keys() == {open_workspace(root, KEYLESS).backend.read().state.lineage}


@pytest.mark.parametrize(
    ("shared", "kill"),
    [
        pytest.param(backend, kill, marks=[] if backend == "git" and kill.place == 2 else pytest.mark.long)
        for backend in ("git", "bucket", "database")
        for kill in (*(Kill("state-before", place) for place in (1, 2, 3)), *(Kill("after-send", n) for n in (1, 3)))
    ],
    indirect=["shared"],
    ids=str,
)
def test_so_it_is_with_a_shared_state(uninterrupted, shared: Shared, tmp_path, kill):
    root = project(tmp_path / "acme")
    shared.join(root)
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(shared.environ, runs.apply, root, url, shared.environ, kill)
        result, plan = run(shared.environ, runs.apply_and_plan, root, url, shared.environ)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert found(root, shared.environ) == uninterrupted
