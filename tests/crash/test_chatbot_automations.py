"""Tests of an apply that publishes another release of a chatbot with an automation, killed at every request and write.

At every moment the automation runs the old or the new release, and the old one is archived only after the automation
has moved. The next run ends with the new release, without a second copy of anything.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill, Moment
from tests.support.chatbot_automations import bot, desk, nightly, triage
from tests.support.processes import Killed, api, run
from tests.support.world import Document, is_silent, world

MOMENTS: Final = ("before-send", "after-send", "after-answer")
IN_STATE: Final[dict[Moment, int]] = {"document": 18, "state-after": 16}
"""Writes of the publication to the outlets, to the state and to the journal."""
VERSION: Final = Path("releases", "support", "v2.yaml")
LIMIT: Final[Document] = {"releases": {"keep": 1}}


@dataclass(frozen=True)
class Edit:
    """An edit of the published release."""

    starts: str
    """The template that it is an edit of."""
    spec: Document
    runs: str
    """Instructions of the agent that the automation runs after it."""
    status: str
    writes: int
    """Requests: the working assistant and the copy, the automation once or twice, and the old copy."""


EDITS: Final = {
    "publication": Edit("published", {"published": 2, **LIMIT}, "Second.", "active", 4),
    "first-publication": Edit("unpublished", {"published": 2, **LIMIT}, "Second.", "active", 5),
    "unpublication": Edit("published", {}, "First.", "paused", 3),
}
SAMPLE: Final = {
    ("publication", Kill("after-send", 2)),
    ("publication", Kill("after-send", 3)),
    ("publication", Kill("before-send", 4)),
    ("first-publication", Kill("after-send", 3)),
}


def cells() -> Iterator[Any]:
    """Return every kill as a parameter. The default run has a sample of them."""
    for name, edit in EDITS.items():
        for kill in (Kill(moment, place) for moment in MOMENTS for place in range(1, edit.writes + 1)):
            marks = [] if (name, kill) in SAMPLE else [pytest.mark.long]
            yield pytest.param(name, kill, id=f"{name}-{kill}", marks=marks)
    for kill in (Kill(moment, place) for moment, times in IN_STATE.items() for place in range(1, times + 1)):
        yield pytest.param("publication", kill, id=f"publication-{kill}", marks=pytest.mark.long)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create two projects with release 1, which is published in the first, and with release 2, which is not applied."""
    root = tmp_path_factory.mktemp("chatbot")
    with desk(root / "published", data=root / "published" / DATA) as made:
        made.release("First.", published=1)
        made.apply()
        made.release("Second.", published=1)
        written = (made.root / VERSION).read_bytes()
        (made.root / VERSION).unlink()
    shutil.copytree(root / "published", root / "unpublished")
    with world(root / "unpublished", data=root / "unpublished" / DATA, now=time.time) as unpublished:
        unpublished.wants(triage("First."), bot(), nightly())
        unpublished.apply()
    for name in ("published", "unpublished"):
        (root / name / VERSION).write_bytes(written)
    return root


@pytest.fixture
def edited(templates: Path, tmp_path: Path) -> Callable[[str], Path]:
    def build(edit: str) -> Path:
        root = tmp_path / "acme"
        shutil.copytree(templates / EDITS[edit].starts, root)
        with world(root, data=root / DATA) as made:
            made.wants(triage("Second."), bot(**EDITS[edit].spec), nightly())
        return root

    return build


def is_archived(root: Path) -> bool:
    """Return True if the state records that release 1 was archived."""
    return Address.parse("release/support@1") in open_workspace(root, KEYLESS).backend.read().state.tombstones


def test_every_place_is_tried(edited):
    for name, edit in EDITS.items():
        root = edited(name)
        with api(root / DATA) as url:
            _, met = run(KEYLESS, runs.apply, root, url, KEYLESS, None)
        assert {moment: met[moment] for moment in MOMENTS} == dict.fromkeys(MOMENTS, edit.writes), name
        if name == "publication":
            assert {moment: met[moment] for moment in IN_STATE} == IN_STATE
        shutil.rmtree(root)


@pytest.mark.parametrize(("name", "kill"), list(cells()))
def test_killed_anywhere_it_runs_a_release_and_the_next_run_converges(edited, name, kill):
    root, edit = edited(name), EDITS[name]
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        assert runs.what_runs(root) in ({"Second."} if is_archived(root) else {"First.", "Second."})
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert runs.what_runs(root) == edit.runs
    (automation,) = runs.objects(root, "agent.automation")
    assert bool(automation.get("paused")) == (edit.status == "paused")
    labels = [one["given"]["metadata"]["reconciler-address"] for one in runs.objects(root, "agent")]
    copies = ["assistant/triage@support.1"] if name == "unpublication" else []
    assert sorted(labels) == ["assistant/triage", *copies, "assistant/triage@support.2"]
