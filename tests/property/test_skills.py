"""Skills of any folder: after an apply the plan is empty, whatever was edited, uploaded or moved in between."""

import json
import shutil
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from tests.property.projects import new_world
from tests.support.world import World, is_silent, manifest, told

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=300)

NAMES: Final = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True).map(lambda name: f"a{name}")
TEXT: Final = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40
)
DESCRIPTIONS: Final = TEXT.filter(lambda text: text.strip() != "")
PATHS: Final = st.lists(
    st.from_regex(r"[a-zA-Z0-9 äé%&'+_-]{1,6}", fullmatch=True).filter(lambda name: name.strip() == name),
    min_size=1,
    max_size=3,
).map(lambda names: "/".join(names) + ".md")


@st.composite
def folders(draw: st.DrawFn) -> dict[str, bytes]:
    """Return the files of a skill by path; no two differ in case only."""
    # JSON is YAML: quotes and backslashes need no care.
    front = f"name: {draw(NAMES)}\ndescription: {json.dumps(draw(DESCRIPTIONS), ensure_ascii=False)}\n"
    text = f"---\n{front}license: MIT\n---\n{draw(TEXT)}"
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    # Hypothesis takes constants from the program: pointers of Git LFS are refused.
    contents = st.binary(max_size=50).filter(lambda content: not content.startswith(b"version https://git-lfs"))
    found = draw(st.dictionaries(PATHS, contents, max_size=4))
    plain = {path.casefold(): path for path in found if path.casefold() != "skill.md"}
    return {"SKILL.md": text.encode(), **{path: found[path] for path in plain.values()}}


EVENTS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), folders()),
        st.tuples(st.just("upload"), folders(), st.booleans()),
        st.tuples(st.just("move"), st.integers(0, 5)),
    ),
    max_size=4,
)


def write(world: World, folder: dict[str, bytes]) -> None:
    known = world.root / "skills/any"
    if known.exists():
        shutil.rmtree(known)
    for path, content in folder.items():
        world.file(f"skills/any/{path}", content)


def happen(world: World, event: tuple[Any, ...]) -> None:
    """Edit the folder, upload a version by hand, or move the default by hand."""
    id_ = world.id_of("skill/any")
    if event[0] == "edit":
        write(world, event[1])
    elif event[0] == "upload":
        files = [(f"some folder/{path}", content) for path, content in event[1].items()]
        world.by_hand(world.sdk.skills.versions.create(id_, files=files, default=event[2]))
    else:
        numbers = [one["version"] for one in world.by_hand(world.connection.page("skills", id_, "versions"))["data"]]
        world.by_hand(world.sdk.skills.update(id_, default_version=numbers[event[1] % len(numbers)]))


def check(folder: dict[str, bytes], events: list[tuple[Any, ...]]) -> None:
    with new_world() as world:
        write(world, folder)
        world.wants(manifest("Skill", "any", {"folder": "skills/any"}))
        world.apply()
        for event in [None, *events]:
            if event is not None:
                happen(world, event)
                world.apply()
            world.requests()
            plan = world.plan()
            assert is_silent(plan), (event, told(plan.changes), told(plan.drift), plan)
            assert world.requests() == {"GET /v1/skills": 1}
        assert len(world.by_hand(world.connection.page("skills"))["data"]) == 1


SAME: Final = {"SKILL.md": b"---\nname: same\ndescription: Same.\n---\nText."}


@FEW
@given(folders(), EVENTS)
@example(SAME, [("upload", SAME, True)])
def test_after_apply_there_is_nothing_to_do(folder, events):
    check(folder, events)


@pytest.mark.long
@MANY
@given(folders(), EVENTS)
def test_after_apply_there_is_nothing_to_do_at_length(folder, events):
    check(folder, events)
