"""Skills: a folder becomes a skill, a change of it a version, and the default follows the folder."""

import io
import time
import zipfile
from collections import Counter
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
from reconciler.operations.plan import make_plan
from reconciler.operations.pull import accepted
from reconciler.operations.pull_files import whole_objects
from reconciler.operations.pull_result import Pulled
from reconciler.planning.model import Plan
from reconciler.project.edits import write
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.address import Address
from tests.support.asking import listed
from tests.support.world import Document, Quiet, World, as_yaml, is_silent, manifest, told, world

NOTES = "---\nname: meeting-notes\ndescription: Take notes of a meeting.\n---\nWrite it down.\n"
SHORTER = NOTES.replace("Take notes", "Take short notes")


def naming(skill: str, **more: Any) -> Document:
    """A tool that refers to a skill."""
    named = [{"type": "skill_reference", "skill_id": skill, **more}]
    return {"type": "shell", "environment": {"type": "container_auto", "skills": named}}


SKILL = manifest("Skill", "notes", {"folder": "skills/notes"})
DESK = manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming("notes")]})
PLAIN_DESK = manifest("Assistant", "desk", {"model": "gpt-6-luna"})
SUPPORT = manifest("Chatbot", "support", {"assistant": "desk"})


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """A chatbot, its assistant, and a skill of two files; applied."""
    with world(tmp_path) as made:
        made.clock.seconds = time.time()
        made.file("skills/notes/SKILL.md", NOTES)
        made.file("skills/notes/scripts/note.py", "print('noted')")
        made.wants(SKILL, DESK, SUPPORT)
        made.apply()
        made.requests()
        yield made


def skills(estate: World) -> list[Document]:
    listed: list[Document] = estate.by_hand(estate.connection.page("skills"))["data"]
    return listed


def default_of(estate: World, id_: str) -> str:
    return str(estate.by_hand(estate.sdk.skills.retrieve(id_)).default_version)


def versions(estate: World, id_: str) -> list[str]:
    listed = estate.by_hand(estate.connection.page("skills", id_, "versions"))["data"]
    return [one["version"] for one in listed]


def files_of(estate: World, id_: str) -> dict[str, str]:
    """Return the files of the default version."""
    archive = estate.by_hand(estate.sdk.skills.content.retrieve(id_)).content
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def upload(estate: World, id_: str, text: str, *, default: bool = False) -> str:
    """Somebody else uploads a version."""
    files = [("meeting-notes/SKILL.md", text.encode())]
    return str(estate.by_hand(estate.sdk.skills.versions.create(id_, files=files, default=default)).version)


def create(estate: World, files: dict[str, str]) -> str:
    """Somebody else creates a skill."""
    given = [(f"any/{path}", text.encode()) for path, text in files.items()]
    return str(estate.by_hand(estate.sdk.skills.create(files=given)).id)


def move(estate: World, id_: str, version: str) -> None:
    """Somebody else moves the default."""
    estate.by_hand(estate.sdk.skills.update(id_, default_version=version))


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


class TestApply:
    def test_it_is_made_of_all_files_of_its_folder(self, estate):
        (skill,) = skills(estate)
        assert (skill["name"], skill["description"]) == ("meeting-notes", "Take notes of a meeting.")
        assert files_of(estate, skill["id"]) == {"notes/SKILL.md": NOTES, "notes/scripts/note.py": "print('noted')"}

    def test_an_unchanged_plan_is_empty_after_one_list(self, estate):
        assert is_silent(estate.plan())
        assert estate.requests() == {"GET /v1/skills": 1}

    def test_many_unchanged_skills_are_one_list_too(self, tmp_path):
        with world(tmp_path) as made:
            names = [f"skill-{number}" for number in range(30)]
            for name in names:
                made.file(f"skills/{name}/SKILL.md", NOTES.replace("meeting-notes", name))
            made.wants(*(manifest("Skill", name, {"folder": f"skills/{name}"}) for name in names))
            made.apply()
            made.requests()
            assert is_silent(made.plan())
            assert made.requests() == {"GET /v1/skills": 1}

    def test_a_change_uploads_a_version_and_then_moves_the_default(self, estate):
        id_ = estate.id_of("skill/notes")
        estate.file("skills/notes/SKILL.md", SHORTER)
        assert told(estate.plan().changes) == ['update skill/notes: content["SKILL.md"], description']
        assert estate.plan().requests == {"POST": 2}
        estate.requests()
        estate.apply()
        writes = [f"{method} {path}" for method, path in estate.app.state.requests if method != "GET"]
        assert writes == ["POST /v1/skills/{id}/versions", "POST /v1/skills/{id}"]
        assert (default_of(estate, id_), versions(estate, id_)) == ("2", ["2", "1"])
        assert skills(estate)[0]["description"] == "Take short notes of a meeting."
        assert is_silent(estate.plan())

    def test_files_that_are_added_and_removed_are_in_the_plan(self, estate):
        (estate.root / "skills/notes/scripts/note.py").unlink()
        estate.file("skills/notes/template.txt", "Who, what, when.")
        paths = 'content["scripts/note.py"], content["template.txt"]'
        assert told(estate.plan().changes) == [f"update skill/notes: {paths}"]
        estate.apply()
        assert [*files_of(estate, estate.id_of("skill/notes"))] == ["notes/SKILL.md", "notes/template.txt"]
        assert is_silent(estate.plan())

    def test_another_folder_with_the_same_files_is_no_change(self, estate):
        for path in ("SKILL.md", "scripts/note.py"):
            estate.file(f"abilities/{path}", (estate.root / "skills/notes" / path).read_bytes())
        estate.wants(manifest("Skill", "notes", {"folder": "abilities"}))
        assert is_silent(estate.plan())

    def test_a_deleted_skill_is_created_again(self, estate):
        old = estate.id_of("skill/notes")
        estate.by_hand(estate.sdk.skills.delete(old))
        assert told(estate.plan().drift)[0] == "create skill/notes: content, description, name"
        estate.apply()
        assert estate.id_of("skill/notes") != old
        assert is_silent(estate.plan())

    def test_an_ignored_folder_is_only_written_at_creation(self, estate):
        estate.wants({**SKILL, "lifecycle": {"ignore": ["folder"]}})
        estate.apply()
        estate.file("skills/notes/SKILL.md", SHORTER)
        assert is_silent(estate.plan())
        move(estate, estate.id_of("skill/notes"), upload(estate, estate.id_of("skill/notes"), SHORTER))
        assert is_silent(estate.plan())


class TestDefaultMovedByHand:
    def test_it_is_drift_and_is_moved_back_without_an_upload(self, estate):
        id_ = estate.id_of("skill/notes")
        estate.file("skills/notes/SKILL.md", SHORTER)
        estate.apply()
        move(estate, id_, "1")
        plan = estate.plan()
        assert (told(plan.changes), plan.requests) == ([], {"POST": 1})
        assert told(plan.drift) == ['update skill/notes: content["SKILL.md"], description']
        (moved,) = plan.drift[0].reasons
        assert (moved.code, moved.args) == ("default-version", {"applied": "2", "live": "1"})
        estate.apply()
        assert (default_of(estate, id_), versions(estate, id_)) == ("2", ["2", "1"])
        assert is_silent(estate.plan())

    def test_to_a_version_uploaded_by_hand_it_is_moved_back_too(self, estate):
        id_ = estate.id_of("skill/notes")
        upload(estate, id_, SHORTER, default=True)
        estate.apply()
        assert (default_of(estate, id_), versions(estate, id_)) == ("1", ["2", "1"])
        assert is_silent(estate.plan())

    def test_it_stays_where_drift_is_kept(self, estate):
        id_ = estate.id_of("skill/notes")
        upload(estate, id_, SHORTER, default=True)
        estate.wants({**SKILL, "lifecycle": {"protect": True}})
        estate.apply("keep")
        assert default_of(estate, id_) == "2"
        assert told(estate.plan("keep").drift)

    def test_an_edit_beside_drift_that_is_kept_is_a_conflict(self, estate):
        upload(estate, estate.id_of("skill/notes"), SHORTER, default=True)
        estate.file("skills/notes/scripts/note.py", "print('noted twice')")
        assert rules(estate.plan("keep")) == [("conflict", "skill/notes")]

    def test_a_version_that_is_not_the_default_is_no_drift(self, estate):
        upload(estate, estate.id_of("skill/notes"), SHORTER)
        assert is_silent(estate.plan())

    def test_a_number_that_is_used_again_does_not_stand_for_the_old_content(self, estate):
        id_ = estate.id_of("skill/notes")
        estate.file("skills/notes/SKILL.md", SHORTER)
        estate.apply()
        move(estate, id_, "1")
        estate.by_hand(estate.sdk.skills.versions.delete("2", skill_id=id_))
        assert upload(estate, id_, NOTES.replace("Write", "Gossip")) == "2"
        move(estate, id_, "2")
        estate.apply()
        assert files_of(estate, id_)["notes/SKILL.md"] == SHORTER
        assert versions(estate, id_) == ["3", "2", "1"]

    def test_a_version_with_the_new_content_is_not_uploaded_twice(self, estate):
        id_ = estate.id_of("skill/notes")
        (estate.root / "skills/notes/scripts/note.py").unlink()
        estate.file("skills/notes/SKILL.md", SHORTER)
        upload(estate, id_, SHORTER)
        estate.apply()
        assert (default_of(estate, id_), versions(estate, id_)) == ("2", ["2", "1"])

    def test_live_content_that_the_folder_has_now_is_only_recorded(self, estate):
        id_ = estate.id_of("skill/notes")
        (estate.root / "skills/notes/scripts/note.py").unlink()
        estate.file("skills/notes/SKILL.md", SHORTER)
        upload(estate, id_, SHORTER, default=True)
        assert told(estate.plan().changes) == ["adopt skill/notes"]
        assert estate.plan().requests == {}
        estate.apply()
        estate.requests()
        assert is_silent(estate.plan())
        assert estate.requests() == {"GET /v1/skills": 1}


class TestPull:
    """Commands run in the test process, against the API of the estate."""

    def pull(self, estate: World, *, force: bool = False) -> Pulled:
        workspace = open_workspace(estate.root, estate.environ)

        async def run() -> Pulled:
            observed = await make_plan(workspace, estate.connection, on_drift="keep")
            drift = list(observed.planned.plan.drift)
            whole = await whole_objects(observed.adapters, observed.planned, drift)
            return accepted(workspace, observed.planned, force=force, whole=whole)

        pulled = estate.run(run())
        write(estate.root, pulled.edits, pulled.files)
        return pulled

    def test_the_files_of_the_live_version_are_written_to_the_folder(self, estate):
        upload(estate, estate.id_of("skill/notes"), SHORTER, default=True)
        pulled = self.pull(estate)
        assert [path for path, _ in pulled.accepted] == ["skill/notes"] * 3
        assert (estate.root / "skills/notes/SKILL.md").read_text() == SHORTER
        assert not (estate.root / "skills/notes/scripts/note.py").exists()
        assert told(estate.plan("keep").changes) == ["adopt skill/notes"]
        assert estate.plan("keep").drift == ()

    def test_what_was_edited_too_is_only_replaced_with_force(self, estate):
        upload(estate, estate.id_of("skill/notes"), SHORTER, default=True)
        estate.file("skills/notes/SKILL.md", NOTES + "Twice.\n")
        assert [problem.code for problem in self.pull(estate).problems] == ["not-pulled"] * 3
        assert (estate.root / "skills/notes/SKILL.md").read_text() == NOTES + "Twice.\n"
        self.pull(estate, force=True)
        assert (estate.root / "skills/notes/SKILL.md").read_text() == SHORTER

    def test_a_file_that_the_folder_cannot_have_stops_it(self, estate):
        id_ = estate.id_of("skill/notes")
        files = [("x/SKILL.md", NOTES.encode()), ("x/.env", b"A=1")]
        estate.by_hand(estate.sdk.skills.versions.create(id_, files=files, default=True))
        (problem,) = self.pull(estate).problems
        assert problem.message == "skill/notes: '.env': a path that project folders do not have"
        assert (estate.root / "skills/notes/scripts/note.py").exists()


class TestLateLists:
    def test_the_default_moves_when_the_list_has_the_version(self, tmp_path, monkeypatch):
        with world(tmp_path, skill_delay=3.0) as made:
            made.clock.seconds = time.time()
            monkeypatch.setattr(made.connection.pace, "sleep", sleeping(made))
            made.file("skills/notes/SKILL.md", NOTES)
            made.wants(SKILL)
            made.apply()
            assert is_silent(made.plan())
            made.clock.seconds += 3
            made.file("skills/notes/SKILL.md", SHORTER)
            made.apply()
            assert default_of(made, made.id_of("skill/notes")) == "2"
            assert is_silent(made.plan())


def sleeping(estate: World) -> Any:
    """Return a sleep that moves the clock of the API."""

    async def sleep(seconds: float) -> None:
        estate.clock.seconds += seconds

    return sleep


class TestGuard:
    def test_an_assistant_that_names_it_keeps_it(self, estate):
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert (found.rule, found.address) == ("referenced", "skill/notes")
        assert listed(found) == {"Other references": ("assistant/desk",)}

    def test_so_does_a_template_that_nobody_manages(self, estate):
        named: Any = [{"type": "skill_reference", "skill_id": estate.id_of("skill/notes")}]
        templates = estate.sdk.beta.agents.environments.templates
        made = estate.by_hand(templates.create(name="lab", skills=named)).id
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert listed(found) == {"Other references": (f"environment_template lab ({made})",)}

    def test_so_does_a_request_that_names_it_by_id(self, estate):
        estate.wants(
            manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming(estate.id_of("skill/notes"))]})
        )
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert listed(found) == {"Other references": ("assistant/desk",)}

    def test_what_nothing_needs_is_deleted(self, estate):
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        assert told(estate.plan().changes)[-1] == "delete skill/notes"
        estate.apply()
        assert skills(estate) == []
        assert is_silent(estate.plan())

    def test_protected_it_stays(self, estate):
        estate.wants({**SKILL, "lifecycle": {"protect": True}})
        assert estate.plan().requests == {}
        estate.apply()
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        assert rules(estate.plan()) == [("protected", "skill/notes")]

    def test_kept_on_delete_it_is_unmanaged(self, estate):
        estate.wants({**SKILL, "lifecycle": {"keep_on_delete": True}})
        estate.apply()
        estate.wants(PLAIN_DESK)
        estate.drops("Skill/notes")
        estate.apply()
        assert len(skills(estate)) == 1
        assert not estate.plan().changes


class TestReferences:
    @pytest.mark.parametrize("id_", ["skill_abc123", "openai-spreadsheets"])
    def test_ids_of_skills_that_are_not_managed_stay(self, estate, id_):
        estate.wants(manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming(id_)]}))
        assert load(estate.root, env=None).problems == ()

    def test_a_name_without_a_manifest_is_an_error(self, estate):
        estate.wants(manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming("nots")]}))
        (found,) = load(estate.root, env=None).dangling
        assert found.problem.hint == "did you mean `notes`?"

    def test_a_target_brings_the_skill_along(self, estate):
        estate.file("skills/notes/SKILL.md", SHORTER)
        assert told(estate.plan(targets=("assistant/desk",)).changes)[0].startswith("update skill/notes")

    def test_a_rename_keeps_the_skill(self, estate):
        id_ = estate.id_of("skill/notes")
        estate.drops("Skill/notes")
        estate.wants(
            manifest("Skill", "memos", SKILL["spec"], lifecycle={"moved_from": "notes"}),
            manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [naming("memos")]}),
        )
        estate.apply()
        assert estate.id_of("skill/memos") == id_
        assert is_silent(estate.plan())


@pytest.fixture
def released(estate: World) -> World:
    """With release 1 of the chatbot, published."""
    release(estate.root, estate.environ, "support", vendor=True, publish=True)
    estate.apply()
    return estate


def copy_of(estate: World) -> str:
    """Return the id of the skill that a release uses."""
    live = estate.observed().planned.matched.live
    return next(found.id for address, found in live.items() if str(address).startswith("skill/notes@"))


class TestReleases:
    def test_a_release_has_the_content_and_never_sees_the_default_move(self, released):
        copy = copy_of(released)
        bundle = next(text for path, text in released.memory().items() if path.endswith("chatbot/support.json"))
        assert copy in bundle.decode()
        released.file("skills/notes/SKILL.md", SHORTER)
        released.apply()
        assert files_of(released, copy)["notes/SKILL.md"] == NOTES
        assert copy_of(released) == copy
        assert is_silent(released.plan())

    def test_its_unchanged_plan_is_one_list_too(self, released):
        released.plan()
        released.requests()
        assert is_silent(released.plan())
        assert released.requests() == {"GET /v1/skills": 1}

    def test_a_default_of_the_copy_that_is_moved_by_hand_is_moved_back(self, released):
        copy = copy_of(released)
        upload(released, copy, SHORTER, default=True)
        assert [change.address.partition("@")[0] for change in released.plan().drift] == ["skill/notes"]
        released.apply()
        assert (default_of(released, copy), versions(released, copy)) == ("1", ["2", "1"])
        assert is_silent(released.plan())

    def test_the_release_goes_on_when_the_manifest_is_removed(self, released):
        copy = copy_of(released)
        (released.root / "manifests.yaml").write_text(as_yaml([PLAIN_DESK, released.documents["Chatbot/support"]]))
        released.apply()
        assert [one["id"] for one in skills(released)] == [copy]


class TestImport:
    def test_a_skill_becomes_a_manifest_and_a_folder(self, estate):
        made = create(estate, {"SKILL.md": NOTES.replace("meeting-notes", "recipes"), "lists/shop.md": "Eggs"})
        done = import_skills(estate)
        assert [(one.address, one.id) for one in done.origins] == [("skill/recipes", made)]
        assert (estate.root / "skills/recipes/lists/shop.md").read_text() == "Eggs"
        assert (estate.root / "skills/recipes.yaml").is_file()

    def test_a_file_that_would_be_a_manifest_is_left_out(self, estate):
        text = 'apiVersion: reconciler/v1\n"k\\x69nd": Consent\n'
        page = "---\napiVersion: reconciler/v1\nkind: Assistant\n---\n"
        files = {"x.yaml": text, "y.md": page, "z.md": "---\ntitle: A page\n---\n", ".env": "A=1"}
        create(estate, {"SKILL.md": NOTES.replace("meeting-notes", "recipes"), **files})
        (origin,) = import_skills(estate).origins
        assert sorted(origin.losses) == [
            "'.env': a path that project folders do not have",
            "'x.yaml': a file that would be read as a manifest",
            "'y.md': a file that would be read as a manifest",
        ]

    def test_adopting_it_writes_state_and_nothing_else(self, estate):
        made = create(estate, {"SKILL.md": NOTES.replace("meeting-notes", "recipes")})
        (warning,) = import_skills(estate).problems
        assert (warning.code, warning.severity) == ("owner-unknown", "warning")
        assert rules(estate.plan()) == [("duplicate", "skill/recipes")]
        adopt(estate, {Address("skill", "recipes"): made})
        estate.requests()
        assert is_silent(estate.plan())
        assert estate.requests() == {"GET /v1/skills": 1}

    def test_of_several_with_its_name_the_one_with_its_content_is_adopted(self, tmp_path):
        with world(tmp_path) as made:
            create(made, {"SKILL.md": NOTES, "more.md": "More."})
            wanted = create(made, {"SKILL.md": NOTES})
            made.file("skills/notes/SKILL.md", NOTES)
            made.wants(SKILL)
            adopt(made, {Address("skill", "notes"): wanted})
            assert is_silent_but_for_others(made.plan())


def is_silent_but_for_others(plan: Plan) -> bool:
    return not (plan.changes or plan.drift or plan.refusals or plan.warnings)


def adopt(estate: World, expected: dict[Address, str]) -> None:
    workspace = open_workspace(estate.root, estate.environ)
    observed, pairing = estate.run(planned_adoption(workspace, estate.connection, {}))
    assert (pairing.problems, pairing.ids) == ((), expected)
    warned = [one.address for one in observed.planned.plan.warnings if one.code == "owner-unknown"]
    assert warned == sorted(map(str, expected))
    estate.requests()
    done = estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume=""))
    assert done.complete
    assert not any(name.startswith("POST") for name in estate.requests())


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

    def test_without_a_bundle_the_content_identifies_it(self, tmp_path):
        with world(tmp_path) as made:
            made.file("skills/notes/SKILL.md", NOTES)
            made.wants(SKILL)
            made.apply()
            id_ = made.id_of("skill/notes")
            create(made, {"SKILL.md": NOTES, "more.md": "More."})
            rebuild(made)
            assert made.id_of("skill/notes") == id_
            assert not made.plan().changes

    def test_of_two_with_its_content_none_is_taken(self, tmp_path):
        with world(tmp_path) as made:
            made.file("skills/notes/SKILL.md", NOTES)
            made.wants(SKILL)
            made.apply()
            create(made, {"SKILL.md": NOTES})
            made.lose_state()
            done = made.rebuild()
            assert {str(address): len(ids) for address, ids in done.ambiguous.items()} == {"skill/notes": 2}

    def test_copies_of_releases_are_found_too(self, released):
        before = skills(released)
        rebuild(released)
        assert released.apply().complete
        assert skills(released) == before
        assert is_silent(released.plan())

    def test_a_default_moved_by_hand_is_drift_of_unknown_origin(self, estate):
        id_ = estate.id_of("skill/notes")
        upload(estate, id_, SHORTER, default=True)
        rebuild(estate)
        assert told(estate.plan().drift)[0].startswith("update skill/notes")
        estate.apply()
        assert is_silent(estate.plan())


def rebuild(estate: World) -> None:
    """Lose the state and make it anew."""
    estate.lose_state()
    estate.rebuild()


def test_requests_of_a_change_are_few(estate):
    estate.file("skills/notes/SKILL.md", SHORTER)
    estate.requests()
    estate.apply()
    reads = Counter({name: number for name, number in estate.requests().items() if name.startswith("GET")})
    assert reads == {
        "GET /v1/skills": 1,
        "GET /v1/skills/{id}": 1,
        "GET /v1/skills/{id}/versions": 2,
    }
