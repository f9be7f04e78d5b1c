"""Plans of projects without labels, after the state was lost."""

from pathlib import Path

import pytest

from tests.support.world import PROJECT, World, as_yaml, world

SKILL = "apiVersion: reconciler/v1\nkind: Skill\nmetadata: {name: notes}\nspec: {folder: skills/notes}\n"
TEMPLATE = (
    "apiVersion: reconciler/v1\nkind: EnvironmentTemplate\nmetadata: {name: box}\nspec: {network: {access: disabled}}\n"
)


@pytest.fixture
def applied(tmp_path: Path):
    with world(tmp_path) as made:
        made.file("skills/notes/SKILL.md", "---\nname: notes\ndescription: Take notes.\n---\nBe brief.\n")
        made.file("skill.yaml", SKILL)
        made.file("box.yaml", TEMPLATE)
        made.apply()
        yield made


def warned(made: World) -> dict[str, list[str]]:
    found = (one for one in made.plan().warnings if one.code == "maybe-duplicate")
    return {str(one.address): list(one.args["ids"]) for one in found}


def test_every_create_of_an_object_that_may_exist_is_a_warning(applied: World):
    assert warned(applied) == {}
    ids = {address: [applied.id_of(address)] for address in ("skill/notes", "template/box")}
    applied.lose_state()
    assert warned(applied) == ids


def test_an_object_with_another_name_is_none(applied: World):
    applied.lose_state()
    applied.file("box.yaml", TEMPLATE.replace("box", "other"))
    assert list(warned(applied)) == ["skill/notes"]


def test_after_the_objects_were_created_again_there_is_no_warning(applied: World):
    applied.lose_state()
    applied.apply()
    assert warned(applied) == {}


def test_objects_of_other_environments_are_none(tmp_path: Path):
    with world(tmp_path) as made:
        made.file("project.yaml", as_yaml([{**PROJECT, "spec": {"environments": {"staging": {}, "production": {}}}}]))
        made.file("box.yaml", TEMPLATE)
        made.environ = {**made.environ, "RECONCILER_ENV": "staging"}
        made.apply()
        made.environ = {**made.environ, "RECONCILER_ENV": "production"}
        assert warned(made) == {}
        unknown = made.by_hand(
            made.sdk.beta.agents.environments.templates.create(name="box", network={"access": "disabled"})
        )
        assert warned(made) == {"template/box": [unknown.id]}
