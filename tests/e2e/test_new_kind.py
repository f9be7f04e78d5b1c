"""A kind of three modules, `tests/support/skill_kind`: everything else follows from what it declares."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.model import Imported
from reconciler.importing.selection import selection
from reconciler.manifests import load
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.operations.schema import schemas
from reconciler.planning.model import Plan
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from tests.e2e.kinds_table import table
from tests.support.asking import listed, places
from tests.support.skill_kind import installed
from tests.support.world import Document, Quiet, World, as_yaml, is_silent, manifest, told, world

pytestmark = pytest.mark.alone


def naming(skill: str) -> Document:
    """A tool that refers to a skill from a nested field."""
    named = [{"type": "skill_reference", "skill_id": skill}]
    return {"type": "shell", "environment": {"type": "container_auto", "skills": named}}


SKILL = manifest("Skill", "notes", {"folder": "skills/notes", "description": "Take notes."})
DESK = manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming("notes")]})
PLAIN_DESK = manifest("Assistant", "desk", {"model": "gpt-6-luna"})
SUPPORT = manifest("Chatbot", "support", {"assistant": "desk"})


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """A chatbot, its assistant, and a skill of two files that a nested field of a tool refers to; applied."""
    with installed(), world(tmp_path) as made:
        made.file("skills/notes/SKILL.md", "Write it down.")
        made.file("skills/notes/scripts/note.py", "print('noted')")
        made.wants(SKILL, DESK, SUPPORT)
        made.apply()
        made.requests()
        yield made


def skills(estate: World) -> list[Document]:
    listed: list[Document] = estate.by_hand(estate.connection.page("skill_folders"))["data"]
    return listed


def edit(estate: World, id_: str, **fields: Any) -> None:
    """Somebody else changes a skill."""
    estate.by_hand(estate.connection.replace("skill_folders", id_, body=fields))


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


class TestApply:
    def test_it_is_made_of_all_files_of_its_folder_once(self, estate):
        (skill,) = skills(estate)
        assert (skill["name"], skill["description"]) == ("notes", "Take notes.")
        assert [*skill["content"]] == ["SKILL.md", "scripts/note.py"]
        assert estate.id_of("skill/notes") == skill["id"]

    def test_the_plan_after_it_is_empty(self, estate):
        assert is_silent(estate.plan())

    def test_the_assistant_gets_its_id_in_the_nested_field(self, estate):
        published = next(text for path, text in estate.memory().items() if path.endswith("assistant/desk.json"))
        assert f'"skill/notes":"{estate.id_of("skill/notes")}"' in published.decode().replace(": ", ":")

    def test_a_description_is_changed_where_it_is(self, estate):
        id_ = estate.id_of("skill/notes")
        estate.wants(manifest("Skill", "notes", {"folder": "skills/notes", "description": "Take short notes."}))
        assert told(estate.plan().changes) == ["update skill/notes: description"]
        estate.apply()
        assert [(one["id"], one["description"]) for one in skills(estate)] == [(id_, "Take short notes.")]
        assert is_silent(estate.plan())

    def test_a_description_that_is_dropped_is_reset(self, estate):
        estate.wants(manifest("Skill", "notes", {"folder": "skills/notes"}))
        estate.apply()
        assert skills(estate)[0]["description"] is None
        assert is_silent(estate.plan())

    def test_other_content_is_another_object_and_the_old_one_goes(self, estate):
        old = estate.id_of("skill/notes")
        estate.file("skills/notes/SKILL.md", "Write it down twice.")
        assert told(estate.plan().changes)[0] == 'replace skill/notes: content["SKILL.md"]'
        assert estate.plan().requests == {"DELETE": 1, "POST": 1}
        estate.apply()
        (skill,) = skills(estate)
        assert skill["id"] != old
        assert is_silent(estate.plan())

    def test_protection_and_keep_on_delete_stand_in_state_alone(self, estate):
        estate.wants({**SKILL, "lifecycle": {"protect": True}})
        assert estate.plan().requests == {}
        estate.apply()
        assert is_silent(estate.plan())
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        assert rules(estate.plan()) == [("protected", "skill/notes")]

    def test_kept_on_delete_it_stays_and_is_unmanaged(self, estate):
        estate.wants({**SKILL, "lifecycle": {"keep_on_delete": True}})
        estate.apply()
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        estate.apply()
        assert len(skills(estate)) == 1
        assert not estate.plan().changes


class TestDrift:
    def test_a_value_changed_by_hand_is_seen_and_reverted(self, estate):
        id_ = estate.id_of("skill/notes")
        edit(estate, id_, description="Gossip.")
        plan = estate.plan()
        assert (told(plan.changes), told(plan.drift)) == ([], ["update skill/notes: description"])
        estate.apply()
        assert skills(estate)[0]["description"] == "Take notes."
        assert is_silent(estate.plan())

    def test_a_value_that_manifest_and_hand_agree_on_is_only_recorded(self, estate):
        edit(estate, estate.id_of("skill/notes"), description="Gossip.")
        estate.wants(manifest("Skill", "notes", {"folder": "skills/notes", "description": "Gossip."}))
        assert told(estate.plan().changes) == ["adopt skill/notes"]
        assert estate.plan().requests == {}
        estate.apply()
        assert is_silent(estate.plan())

    def test_one_that_was_deleted_by_hand_is_made_again(self, estate):
        old = estate.id_of("skill/notes")
        estate.by_hand(estate.connection.remove("skill_folders", old))
        assert [change.action for change in estate.plan().drift] == ["create", "publish", "update"]
        estate.apply()
        assert estate.id_of("skill/notes") != old
        assert is_silent(estate.plan())


class TestGuard:
    def test_a_manifest_that_refers_to_it_keeps_it(self, estate):
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert (found.rule, found.address) == ("referenced", "skill/notes")
        assert listed(found) == {"Other references": ("assistant/desk",)}
        assert places(found)["assistant/desk"].startswith("manifests.yaml:")

    def test_so_does_an_object_at_openai_that_nobody_manages(self, estate):
        named: Any = [{"type": "skill_reference", "skill_id": estate.id_of("skill/notes")}]
        template = estate.sdk.beta.agents.environments.templates.create(name="lab", skills=named)
        made = estate.by_hand(template).id
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert listed(found) == {"Other references": (f"environment_template lab ({made})",)}

    def test_what_nothing_needs_is_deleted(self, estate):
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        assert told(estate.plan().changes)[-1] == "delete skill/notes"
        estate.apply()
        assert skills(estate) == []
        assert is_silent(estate.plan())

    def test_a_reference_to_what_no_manifest_defines_has_a_place(self, estate):
        estate.wants(manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming("nots")]}))
        (found,) = load(estate.root, env=None).dangling
        assert (found.problem.code, str(found.reference.target)) == ("dangling-reference", "skill/nots")
        assert found.reference.path == ("spec", "tools", 0, "environment", "skills", 0, "skill_id")
        assert found.problem.hint == "did you mean `notes`?"


@pytest.fixture
def released(estate: World) -> World:
    """With release 1 of the chatbot, published."""
    release(estate.root, estate.environ, "support", vendor=True, publish=True)
    return estate


class TestReleases:
    def test_a_release_has_a_copy_that_keeps_its_content(self, released):
        released.apply()
        copy = copy_of(released)
        bundle = next(text for path, text in released.memory().items() if path.endswith("chatbot/support.json"))
        assert copy["id"] in bundle.decode()
        released.file("skills/notes/SKILL.md", "Write it down twice.")
        released.apply()
        assert copy_of(released) == copy
        assert is_silent(released.plan())

    def test_a_copy_that_is_changed_by_hand_is_put_back(self, released):
        released.apply()
        edit(released, copy_of(released)["id"], description="Gossip.")
        assert [one.address for one in released.plan().drift] == [copy_address(released)]
        released.apply()
        assert copy_of(released)["description"] == "Take notes."

    def test_the_release_goes_on_when_the_manifest_is_removed(self, released):
        released.apply()
        (released.root / "manifests.yaml").write_text(as_yaml([{**PLAIN_DESK}, released.documents["Chatbot/support"]]))
        assert told(released.plan().changes)[-1] == "delete skill/notes"
        released.apply()
        assert [one["id"] for one in skills(released)] == [copy_of(released)["id"]]

    def test_a_release_that_names_it_by_id_keeps_it(self, estate):
        named = estate.id_of("skill/notes")
        estate.wants(manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming(named)]}))
        estate.apply()
        release(estate.root, estate.environ, "support", vendor=True)
        estate.apply()
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert (found.rule, found.address) == ("referenced", "skill/notes")
        assert listed(found) == {"Other references": ("release/support@1 [released]",)}


def copy_address(estate: World) -> str:
    live = estate.observed().planned.matched.live
    return next(str(address) for address in live if str(address).startswith("skill/notes@"))


def copy_of(estate: World) -> Document:
    """What the release has made of the skill."""
    id_ = estate.id_of(copy_address(estate))
    return next(one for one in skills(estate) if one["id"] == id_)


class TestRename:
    def test_moved_from_keeps_the_object(self, estate):
        id_ = estate.id_of("skill/notes")
        estate.drops("Skill/notes")
        estate.wants(
            manifest("Skill", "memos", SKILL["spec"], lifecycle={"moved_from": "notes"}),
            manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming("memos")]}),
        )
        estate.apply()
        assert estate.id_of("skill/memos") == id_
        assert is_silent(estate.plan())


class TestImport:
    def test_one_that_nobody_manages_becomes_a_manifest_with_its_files(self, estate):
        made = upload(estate, "recipes", {"SKILL.md": "Cook.", "lists/shop.md": "Eggs"})
        done = import_skills(estate)
        assert [(one.address, one.id) for one in done.origins] == [("skill/recipes", made)]
        assert (estate.root / "skills/recipes/lists/shop.md").read_text() == "Eggs"

    def test_until_it_is_adopted_a_second_one_is_refused(self, estate):
        upload(estate, "recipes", {"SKILL.md": "Cook."})
        import_skills(estate)
        assert rules(estate.plan()) == [("duplicate", "skill/recipes")]

    def test_adopting_it_writes_state_and_nothing_else(self, estate):
        made = upload(estate, "recipes", {"SKILL.md": "Cook."})
        import_skills(estate)
        workspace = open_workspace(estate.root, estate.environ)
        observed, pairing = estate.run(planned_adoption(workspace, estate.connection, {}))
        assert (pairing.problems, pairing.ids) == ((), {Address("skill", "recipes"): made})
        estate.requests()
        done = estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume=""))
        assert done.complete
        assert not any(name.startswith("POST") for name in estate.requests())
        assert is_silent(estate.plan())


def upload(estate: World, name: str, texts: dict[str, str]) -> str:
    """Somebody else creates a skill."""
    files = [(f"files[{path}]", path, text.encode()) for path, text in texts.items()]
    about = Desired(Address("skill", name), "skill", {})
    return str(
        estate.by_hand(estate.connection.create("skill_folders", body={"name": name}, files=files, about=about))["id"]
    )


def import_skills(estate: World) -> Imported:
    here = project_context(estate.root, estate.environ, env=None, endpoint=None)
    target = destination(estate.root, None, here)
    return estate.run(import_objects(here, estate.connection, target, selection(["skill"], None), lambda _: None))


class TestLostState:
    def test_what_a_bundle_names_is_found_again(self, estate):
        id_ = estate.id_of("skill/notes")
        rebuild(estate)
        assert estate.id_of("skill/notes") == id_
        assert is_silent(estate.plan())

    def test_copies_of_releases_are_too(self, released):
        released.apply()
        before = skills(released)
        rebuild(released)
        assert released.apply().complete
        assert skills(released) == before
        assert is_silent(released.plan())


def rebuild(estate: World) -> None:
    """Lose the state and make it anew."""
    estate.lose_state()
    estate.rebuild()


class TestDocuments:
    def test_the_schema_has_the_kind_with_its_fields(self, estate):
        schema = schemas()["manifest.schema.json"]
        assert "Skill" in {one["title"] for one in schema["oneOf"]}
        assert schema["$defs"]["SkillSpec"]["properties"].keys() == {"folder", "description"}

    def test_names_in_the_field_of_the_tool_get_a_pattern(self, estate):
        reference = schemas()["manifest.schema.json"]["$defs"]["SkillReference"]["properties"]["skill_id"]
        assert "(skill/)?" in str(reference)

    def test_the_table_of_kinds_has_a_row(self, estate):
        row = "| [`Skill`](#skill) | `skill/…` | skill | state | none | one copy for each content |"
        assert row in table().splitlines()
        assert "| agent, request | labels, outlets | Credential, Skill, VectorStore, files |" in table()
