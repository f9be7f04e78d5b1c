"""Skills have no labels: an apply that is killed at a write is completed without a second skill or version."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from openai import AsyncOpenAI

from reconciler.live.kinds.skill import Skills
from tests.crash import runs
from tests.crash.estate import DATA, KEYLESS
from tests.crash.runs import Kill, Moment
from tests.support.processes import Killed, api, run
from tests.support.troubled import Troubled, troubled
from tests.support.world import PROJECT, Document, is_silent, manifest, told, world

TEXT: Final = "---\nname: {name}\ndescription: {about}\n---\nDo it.\n"
WRITES: Final = 4
"""Creates of two skills, the upload of a version, and the move of its default."""
MOMENTS: Final[tuple[Moment, ...]] = ("before-send", "after-send", "after-answer")
KILLS: Final = tuple(Kill(moment, place) for moment in MOMENTS for place in range(1, WRITES + 1))
SAMPLE: Final = {Kill("after-send", place) for place in range(1, WRITES + 1)}


def skill(name: str) -> Document:
    return manifest("Skill", name, {"folder": f"skills/{name}"})


def write(root: Path, name: str, about: str, more: str = "More.") -> None:
    folder = root / "skills" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SKILL.md").write_text(TEXT.format(name=name, about=about))
    (folder / "more.md").write_text(more)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose next apply creates two skills, which differ in one file, and changes a third."""
    root = tmp_path_factory.mktemp("skills") / "acme"
    with world(root, data=root / DATA, now=time.time) as made:
        write(root, "edited", "As it was.")
        made.wants(skill("edited"))
        made.apply()
        write(root, "edited", "As it is.")
        write(root, "first", "Alike.")
        write(root, "second", "Alike.", "Something else.")
        made.wants(skill("first"), skill("second"))
    return root


def live(url: str) -> dict[str, tuple[str, list[str]]]:
    """Return the default version and all versions of each skill, by its name."""

    async def look() -> dict[str, tuple[str, list[str]]]:
        async with AsyncOpenAI(api_key="key", base_url=url) as sdk:
            skills = [one async for one in sdk.skills.list()]
            assert len({one.name for one in skills}) == len(skills), skills
            return {
                one.name: (one.default_version, [version.version async for version in sdk.skills.versions.list(one.id)])
                for one in skills
            }

    return asyncio.run(look())


def test_every_write_is_tried(template, tmp_path):
    root = Path(shutil.copytree(template, tmp_path / "acme"))
    with api(root / DATA) as url:
        result, met = run(KEYLESS, runs.apply, root, url, KEYLESS, None)
    assert result.complete
    assert {moment: met[moment] for moment in MOMENTS} == dict.fromkeys(MOMENTS, WRITES)


@pytest.mark.parametrize(
    "kill", [pytest.param(one, id=str(one), marks=[] if one in SAMPLE else [pytest.mark.long]) for one in KILLS]
)
def test_killed_anywhere_the_next_run_makes_nothing_twice(template, tmp_path, kill):
    root = Path(shutil.copytree(template, tmp_path / "acme"))
    with api(root / DATA) as url:
        with pytest.raises(Killed):
            run(KEYLESS, runs.apply, root, url, KEYLESS, kill)
        result, plan = run(KEYLESS, runs.apply_and_plan, root, url, KEYLESS)
        found = live(url)
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    assert is_silent(plan)
    assert found == {"edited": ("2", ["2", "1"]), "first": ("1", ["1"]), "second": ("1", ["1"])}


class Death(BaseException):
    """The end of a process, right after a response."""


class TestListsThatShowItTooLate:
    """The next run starts before the lists have what the killed run has made."""

    @pytest.fixture
    def late(self, tmp_path) -> Iterator[Troubled]:
        with troubled(tmp_path / "acme", skill_delay=4.0) as made:
            yield made

    def dies(self, late: Troubled, monkeypatch: Any) -> None:
        """Apply in a run that is killed right after its first upload."""
        send = Skills._send

        async def send_and_die(self: Skills, *arguments: Any) -> None:
            await send(self, *arguments)
            raise Death

        with monkeypatch.context() as patched:
            patched.setattr(Skills, "_send", send_and_die)
            with pytest.raises(Death):
                late.attempt()

    def versions(self, late: Troubled) -> list[list[str]]:
        late.settle()

        async def look() -> list[list[str]]:
            found = [one async for one in late.sdk.skills.list()]
            return [[version.version async for version in late.sdk.skills.versions.list(one.id)] for one in found]

        return late.by_hand(look())

    def test_a_skill_is_not_made_twice(self, late, monkeypatch):
        write(late.root, "notes", "Take notes.")
        late.wants(PROJECT, skill("notes"))
        self.dies(late, monkeypatch)
        assert late.attempt() == set()
        assert self.versions(late) == [["1"]]
        assert is_silent(late.plan())

    def test_a_version_is_not_uploaded_twice(self, late, monkeypatch):
        write(late.root, "notes", "Take notes.")
        late.wants(PROJECT, skill("notes"))
        assert late.attempt() == set()
        late.settle()
        write(late.root, "notes", "Take short notes.")
        self.dies(late, monkeypatch)
        assert late.attempt() == set()
        assert self.versions(late) == [["2", "1"]]
        assert is_silent(late.plan())

    def test_a_version_that_was_uploaded_and_then_edited_again_is_no_conflict(self, late, monkeypatch):
        write(late.root, "notes", "Take notes.")
        late.wants(PROJECT, skill("notes"))
        assert late.attempt() == set()
        late.settle()
        write(late.root, "notes", "Take short notes.")
        self.moves_and_dies(late, monkeypatch)
        write(late.root, "notes", "Take no notes.")
        assert told(late.plan("keep").changes) == ['update skill/notes: content["SKILL.md"], description']
        assert late.plan("keep").refusals == ()

    def moves_and_dies(self, late: Troubled, monkeypatch: Any) -> None:
        """Apply in a run that is killed after the default was moved and before it was recorded."""
        update = Skills.update

        async def update_and_die(self: Skills, *arguments: Any) -> None:
            await update(self, *arguments)
            raise Death

        with monkeypatch.context() as patched:
            patched.setattr(Skills, "update", update_and_die)
            with pytest.raises(Death):
                late.attempt()
