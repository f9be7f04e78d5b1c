"""Tests of an apply of moves that is killed at every place: renames of what a release holds, and a copy whose entry was
moved in the state.

At every moment, each id that an outlet serves is live. The next run converges, and the releases hold what was renamed.
"""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.bundles.publish import read_all
from reconciler.operations.state_edits import move
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.address import Address
from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS, OUTLET, PROJECT, SEARCH, agent, found, live_ids, request
from tests.crash.runs import Kill, Moment
from tests.support.processes import Killed, api, run
from tests.support.world import Document, is_silent, manifest, world

PLACES: Final[dict[Moment, int]] = {"before-send": 4, "after-send": 4, "after-answer": 4, "document": 37}
SAMPLE: Final = {
    *(Kill("before-send", 2), Kill("after-send", 1), Kill("after-send", 3), Kill("after-answer", 4)),
    *(Kill("document", 2), Kill("document", 17), Kill("document", 26), Kill("document", 33)),
}
HOT: Final = "assistant/clerk@hot.1"


def cells() -> Iterator[object]:
    for moment, places in PLACES.items():
        for kill in (Kill(moment, place) for place in range(1, places + 1)):
            yield pytest.param(kill, id=str(kill), marks=[] if kill in SAMPLE else [pytest.mark.long])


def named(document: Document, name: str, former: str) -> Document:
    return {**document, "metadata": {"name": name}, "lifecycle": {"moved_from": former}}


def make(root: Path) -> None:
    """Create an applied project with two published releases, rename what they hold, and move the entry of a copy."""
    kb = manifest("VectorStore", "kb", {"files": ["kb/*.md"], "releases": "live"})
    with world(root, data=root / DATA, now=time.time) as made:
        git(root, "init", "--quiet")
        made.file(".gitignore", f".reconciler/\n{DATA}*\n{OUTLET}/\n")
        made.file("kb/a.md", "Bills.")
        helper = request("helper", "Help.", tools=[SEARCH])
        made.wants(PROJECT, kb, helper, agent("clerk", "File."), bot("support", "helper"), bot("hot", "clerk"))
        made.apply()
        git(root, "add", "--all")
        git(root, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
        for name in ("support", "hot"):
            release(root, made.environ, name)
        made.wants(bot("support", "helper", published=1), bot("hot", "clerk", published=1))
        made.apply()
        move(root, made.environ, Address.parse(HOT), Address.parse("assistant/zzz@hot.9"), env=None)
        made.drops("VectorStore/kb", "Assistant/helper", "Assistant/clerk")
        search = {**SEARCH, "vector_store_ids": ["guides"]}
        made.wants(named(kb, "guides", "kb"), named(request("helper", "Help.", tools=[search]), "writer", "helper"))
        made.wants(named(agent("clerk", "File."), "filer", "clerk"))
        made.wants(bot("support", "writer", published=1), bot("hot", "filer", published=1))


def bot(name: str, assistant: str, **spec: Any) -> Document:
    return manifest("Chatbot", name, {"assistant": assistant, **spec})


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("moves") / "acme"
    make(root)
    return root


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[Moment]]:
    root = Path(shutil.copytree(template, tmp_path_factory.mktemp("whole") / "acme"))
    with api(root / DATA) as url:
        result, met = run(KEYLESS, runs.apply, root, url, KEYLESS, None)
    assert result.complete
    return root, met


@pytest.fixture(scope="module")
def uninterrupted(whole: tuple[Path, Counter[Moment]]) -> dict[str, list[str]]:
    return found(whole[0], KEYLESS)


def check_served(root: Path) -> None:
    """Assert that every id in every outlet is live."""
    workspace, live = open_workspace(root, KEYLESS), live_ids(root / DATA)
    for outlet in workspace.reachable(()).outlets.values():
        for name, one in read_all(outlet, workspace.identity).items():
            assert one.pointer is not None, name
            assert set(one.pointer.ids.values()) <= live, name


def test_every_place_is_tried(whole):
    _, met = whole
    assert {moment: met[moment] for moment in PLACES} == PLACES


def test_releases_hold_what_was_renamed(whole):
    root, _ = whole
    objects = open_workspace(root, KEYLESS).backend.read().state.objects
    ids = {str(address): applied.id for address, applied in objects.items()}
    support, hot = (objects[Address.parse(f"release/{name}@1")].holds for name in ("support", "hot"))
    assert (support["vectorstore/kb"], support["assistant/helper"]) == (ids["vectorstore/guides"], "assistant/writer")
    assert hot["assistant/clerk"] == ids["assistant/filer"]


@pytest.mark.parametrize("kill", list(cells()))
def test_killed_anywhere_everything_served_is_live_and_the_next_run_converges(template, uninterrupted, tmp_path, kill):
    root = Path(shutil.copytree(template, tmp_path / "acme"))
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        check_served(root)
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    check_served(root)
    assert found(root, KEYLESS) == uninterrupted
