"""Environment templates of any manifest: after an apply the plan is empty, whatever the API makes of the values."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.property.projects import new_world
from tests.support.templates import ARCHIVE, SKILL, live, with_files
from tests.support.world import Document, World, is_silent, manifest, told

FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=400)

TEXT: Final = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
).filter(lambda text: text.strip() != "" and "$" not in text)
HOSTS: Final = st.lists(
    st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}(\.[A-Za-z]{1,4}){1,2}", fullmatch=True), max_size=4, unique_by=str.lower
)
NETWORKS: Final = st.one_of(
    st.fixed_dictionaries({"access": st.sampled_from(["enabled", "disabled", "restricted"])}),
    st.fixed_dictionaries({"access": st.just("restricted"), "allowed_domains": HOSTS}),
    st.fixed_dictionaries({"access": st.just("restricted"), "blocked_domains": HOSTS}),
)
PACKAGES: Final = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("npm", "python", "system"), st.one_of(st.none(), st.lists(TEXT, max_size=2)))
)
NAMES: Final = st.sampled_from(["a.md", "b/c.txt", "kb/ü.csv", "d e"])
CONTENTS: Final = st.one_of(
    st.fixed_dictionaries({"type": st.just("inline"), "text": TEXT}),
    st.fixed_dictionaries({"type": st.just("inline"), "data": st.sampled_from(["", "eA==", "AP8="])}),
    st.fixed_dictionaries(
        {"type": st.just("file_id"), "file_id": st.sampled_from(["data/tariffs.csv", "file-theirs"])}
    ),
)
FILES: Final = st.dictionaries(NAMES, CONTENTS, max_size=3).map(
    lambda found: [{**content, "path": f"/workspace/{name}"} for name, content in found.items()]
)
SKILLS: Final = st.lists(
    st.one_of(
        st.just({"type": "skill_reference", "skill_id": "notes"}),
        st.fixed_dictionaries(
            {"type": st.just("skill_reference"), "skill_id": st.just("skill_theirs")},
            optional={"version": st.sampled_from(["latest", "2"])},
        ),
        st.just({"type": "inline", "name": "inner", "description": "Inner.", "source": ARCHIVE}),
    ),
    max_size=3,
    unique_by=lambda one: str(one.get("skill_id")),
)
PLUGINS: Final = st.lists(st.sampled_from(["crm", "erp"]), unique=True, max_size=2).map(
    lambda names: [{"type": "inline", "name": name, "description": "", "source": "plugins/crm.zip"} for name in names]
)
ENV: Final = st.dictionaries(
    st.sampled_from(["A", "MODE", "a.b"]), st.one_of(TEXT, st.just(""), st.just({"$env": "CRM_TOKEN"})), max_size=3
)
COMMANDS: Final = st.lists(
    st.fixed_dictionaries({"command": TEXT}, optional={"cwd": st.sampled_from(["/", "/workspace", "/workspace/a"])}),
    max_size=2,
)
SPECS: Final = st.fixed_dictionaries(
    {"network": NETWORKS},
    optional={
        "name": TEXT,
        **{
            name: st.one_of(st.none(), values)
            for name, values in {
                "packages": PACKAGES,
                "files": FILES,
                "skills": SKILLS,
                "plugins": PLUGINS,
                "env": ENV,
                "setup_commands": COMMANDS,
                "capability_directories": st.lists(st.sampled_from(["/workspace/caps", "/opt/a"]), max_size=2),
                "desktop": st.fixed_dictionaries({"enabled": st.booleans()}),
            }.items()
        },
    },
)


def silent(world: World) -> None:
    plan = world.plan()
    rest = [one for one in plan.unmanaged if one]
    assert is_silent(plan) or (rest and not plan.changes), (told(plan.changes), told(plan.drift), plan)


def check(specs: list[Document]) -> None:
    with new_world() as world:
        with_files(world)
        for spec in specs:
            named: Any = manifest("EnvironmentTemplate", "any", spec)
            world.wants(SKILL, named)
            world.apply()
            silent(world)
        assert len(live(world)) == 1
        world.lose_state()
        world.rebuild()
        assert [one.action for one in world.plan().changes if one.address == "template/any"] in ([], ["update"])
        world.apply()
        silent(world)
        assert len(live(world)) == 1


@FEW
@given(st.lists(SPECS, min_size=1, max_size=3))
def test_after_apply_there_is_nothing_to_do(specs):
    check(specs)


@pytest.mark.long
@MANY
@given(st.lists(SPECS, min_size=1, max_size=4))
def test_after_apply_there_is_nothing_to_do_at_length(specs):
    check(specs)
