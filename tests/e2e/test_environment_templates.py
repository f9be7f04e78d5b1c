"""Environment templates: half of what they contain is never returned, and nothing on them names their owner."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.importing.destination import destination
from reconciler.importing.inventory import take_inventory
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.model import Imported
from reconciler.importing.selection import selection
from reconciler.manifests import load
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.operations.pull import accepted
from reconciler.planning.model import Plan
from reconciler.project.edits import write
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from tests.support.asking import listed
from tests.support.templates import ARCHIVE, PLUGIN, PROMPT, SKILL, SPEC, TABLE, TOKEN, live, template, with_files
from tests.support.world import Document, Quiet, World, is_silent, manifest, told, world

TEMPLATES = "/v1/agents/environments/templates"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[World]:
    """A template with a skill, an upload, an archive and a secret; applied."""
    with world(tmp_path / "acme") as made:
        with_files(made)
        made.wants(SKILL, template())
        made.apply()
        made.requests()
        yield made


@pytest.fixture
def sent(estate: World, monkeypatch: pytest.MonkeyPatch) -> list[Document]:
    """Return the bodies of the updates of templates."""
    bodies: list[Document] = []
    replace = estate.connection.replace

    async def recorded(*path: str, **given: Any) -> Any:
        if "templates" in path:
            bodies.append(given["body"])
        return await replace(*path, **given)

    monkeypatch.setattr(estate.connection, "replace", recorded)
    return bodies


def change(estate: World, **fields: Any) -> None:
    """Somebody else changes the template."""
    templates = estate.sdk.beta.agents.environments.templates
    estate.by_hand(templates.update(live(estate)[0]["id"], **fields))


def create(estate: World, **fields: Any) -> str:
    """Somebody else creates a template."""
    return str(estate.by_hand(estate.sdk.beta.agents.environments.templates.create(**fields)).id)


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


class TestApply:
    def test_template_has_what_the_manifest_says(self, estate):
        (found,) = live(estate)
        assert found["name"] == "desk"
        assert found["network"] == {"access": "restricted", "allowed_domains": ["api.example.com", "crm.example.com"]}
        assert [one["path"] for one in found["files"]] == ["/workspace/kb/tariffs.csv", "/workspace/prompt.txt"]
        assert found["skills"][0]["skill_id"] == estate.id_of("skill/notes")
        assert found["plugins"] == [{"type": "inline", "name": "crm", "description": "The CRM."}]

    def test_unchanged_plan_is_empty_after_one_list_per_type(self, estate):
        assert is_silent(estate.plan())
        lists = {"GET /v1/files": 1, "GET /v1/skills": 1, f"GET {TEMPLATES}": 1}
        assert estate.requests() == lists

    def test_upload_has_the_purpose_of_files_for_agents(self, estate):
        (file,) = estate.by_hand(estate.connection.page("files"))["data"]
        assert file["purpose"] == "user_data"

    def test_upload_that_an_assistant_uses_too_keeps_its_purpose(self, tmp_path):
        tool = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/tariffs.csv"]}}
        with world(tmp_path) as made:
            with_files(made)
            made.wants(manifest("Assistant", "desk", {"model": "gpt-6-luna", "tools": [tool]}))
            made.apply()
            made.wants(SKILL, template())
            assert told(made.plan().changes) == [one for one in told(made.plan().changes) if "file/" not in one]
            made.apply()
            assert is_silent(made.plan())

    def test_only_changed_fields_are_sent(self, estate, sent):
        estate.wants(template(packages={"npm": ["left-pad"]}))
        estate.apply()
        assert sent == [{"packages": {"npm": ["left-pad"], "python": [], "system": []}}]
        assert is_silent(estate.plan())

    def test_new_content_of_an_upload_gets_the_template_a_new_id(self, estate):
        estate.file("data/tariffs.csv", "tariff,price\na,1\n")
        assert told(estate.plan().changes) == [
            "replace file/data/tariffs.csv: sha256",
            "update template/desk: files",
        ]
        estate.apply()
        assert live(estate)[0]["files"][0]["file_id"] == estate.id_of("file/data/tariffs.csv")
        assert len(estate.by_hand(estate.connection.page("files"))["data"]) == 1
        assert is_silent(estate.plan())

    def test_settings_that_leave_the_manifest_are_cleared(self, estate, sent):
        estate.wants(manifest("EnvironmentTemplate", "desk", {"network": {"access": "disabled"}}))
        estate.apply()
        assert sent == [
            {
                "capability_directories": [],
                "desktop": {"enabled": False},
                "env": None,
                "files": [],
                "network": {"access": "disabled"},
                "packages": {"npm": [], "python": [], "system": []},
                "plugins": [],
                "setup_commands": None,
                "skills": [],
            }
        ]
        assert is_silent(estate.plan())


class TestWriteOnly:
    """Values that the API does not return are compared by the digests in the state."""

    @pytest.mark.parametrize(
        ("fields", "shown", "body"),
        [
            ({"env": {**SPEC["env"], "APP_MODE": "test"}}, "env.APP_MODE", {"env"}),
            ({"setup_commands": [{"command": "make all"}]}, "setup_commands", {"setup_commands"}),
            (
                {"setup_commands": [{"command": "make setup", "cwd": "/workspace/a"}]},
                "setup_commands",
                {"setup_commands"},
            ),
            (
                {"files": [TABLE, {**PROMPT, "text": "Be quick."}]},
                'file_contents["/workspace/prompt.txt"]',
                {"files"},
            ),
            ({"plugins": [{**PLUGIN, "source": ARCHIVE}]}, "plugin_sources.crm", {"plugins"}),
        ],
        ids=str,
    )
    def test_change_in_the_manifest_is_shown_and_sent_with_its_field(self, estate, sent, fields, shown, body):
        estate.wants(template(**fields))
        assert told(estate.plan().changes) == [f"update template/desk: {shown}"]
        assert estate.plan().requests == {"POST": 1}
        estate.apply()
        assert [one.keys() for one in sent] == [body]
        assert is_silent(estate.plan())

    def test_variables_that_all_leave_an_empty_mapping_are_cleared_and_come_back(self, estate, sent):
        every = ", ".join(f"env.{name}" for name in sorted(SPEC["env"]))
        edits: list[Document] = [{}, SPEC["env"]]
        for variables in edits:
            estate.wants(template(env=variables))
            assert told(estate.plan().changes) == [f"update template/desk: empty_env, {every}"]
            estate.apply()
            assert is_silent(estate.plan())
        assert [one["env"].keys() for one in sent] == [set(), SPEC["env"].keys()]

    def test_same_content_in_another_form_is_no_change(self, estate):
        estate.wants(template(files=[{"type": "inline", "path": PROMPT["path"], "data": "QmUgYnJpZWYu"}, TABLE]))
        assert is_silent(estate.plan())

    def test_default_directory_of_a_command_is_no_change(self, estate):
        estate.wants(template(setup_commands=[{"command": "make setup", "cwd": "/workspace"}]))
        assert is_silent(estate.plan())

    def test_archive_of_the_project_is_sent_when_it_changes(self, estate, sent):
        estate.file("plugins/crm.zip", "PK two")
        assert told(estate.plan().changes) == ["update template/desk: plugin_sources.crm"]
        estate.apply()
        assert sent[0]["plugins"][0]["source"]["data"] == "UEsgdHdv"
        assert is_silent(estate.plan())

    def test_blocked_domains_are_written_with_the_network(self, estate, sent):
        estate.wants(template(network={"access": "restricted", "blocked_domains": ["Bad.example"]}))
        estate.apply()
        assert sent.pop() == {"network": {"access": "restricted", "blocked_domains": ["bad.example"]}}
        estate.wants(template(network={"access": "restricted"}))
        assert told(estate.plan().changes) == ["update template/desk: blocked_domains"]
        estate.apply()
        assert sent == [{"network": {"access": "restricted"}}]
        assert is_silent(estate.plan())

    def test_only_digests_are_in_the_plan_and_the_state(self, tmp_path):
        texts = ("prod-eu-7", "make very-private", "Be very brief.", "blocked.example")
        spec = template(
            env={"APP_MODE": texts[0]},
            setup_commands=[{"command": texts[1]}],
            files=[{**PROMPT, "text": texts[2]}],
            network={"access": "restricted", "blocked_domains": [texts[3]]},
        )
        with world(tmp_path) as made:
            with_files(made)
            made.wants(SKILL, spec)
            plan = made.plan()
            made.apply()
            seen = [repr(plan).encode(), *made.memory().values()]
            assert [text for text in texts if any(text.encode() in one for one in seen)] == []

    def test_ignored_fields_are_not_written_again(self, estate):
        estate.wants(template(lifecycle={"ignore": ["env"]}))
        estate.apply()
        changed = {"APP_MODE": "test"}
        estate.wants(template(env=changed, lifecycle={"ignore": ["env"]}))
        assert is_silent(estate.plan())
        estate.wants(template(env=changed))
        assert told(estate.plan().changes) == ["update template/desk: env.APP_MODE, env.CRM_TOKEN"]


class TestSecrets:
    def test_secret_is_sent_and_kept_nowhere(self, estate, sent):
        estate.wants(template(generation=1))
        estate.apply()
        assert sent == [{"env": {"APP_MODE": "prod", "CRM_TOKEN": TOKEN}}]
        kept = [path for path in estate.root.rglob("*") if path.is_file()]
        assert kept
        assert [path for path in kept if TOKEN.encode() in path.read_bytes()] == []

    def test_other_value_of_the_variable_is_no_change(self, estate):
        estate.environ = {**estate.environ, "CRM_TOKEN": "another"}
        assert is_silent(estate.plan())

    def test_plan_and_changes_of_other_fields_need_no_secret(self, estate, sent):
        del estate.environ["CRM_TOKEN"]
        estate.wants(template(packages={"npm": ["left-pad"]}))
        estate.apply()
        assert [one.keys() for one in sent] == [{"packages"}]

    @pytest.mark.parametrize("fields", [{"generation": 2}, {"env": {**SPEC["env"], "APP_MODE": "test"}}], ids=str)
    def test_missing_secret_stops_a_write_of_the_variables_before_any_request(self, estate, fields):
        del estate.environ["CRM_TOKEN"]
        estate.wants(template(**fields))
        estate.plan()
        with pytest.raises(ReconcilerError) as raised:
            estate.apply()
        assert [one.code for one in raised.value.problems] == ["secret-missing"]
        assert not any(name.startswith("POST") for name in estate.requests())

    def test_other_variable_is_a_change(self, estate):
        estate.environ = {**estate.environ, "OTHER": "x"}
        estate.wants(template(env={**SPEC["env"], "CRM_TOKEN": {"$env": "OTHER"}}))
        assert told(estate.plan().changes) == ["update template/desk: env.CRM_TOKEN"]


class TestDrift:
    def test_change_by_hand_is_reverted(self, estate, sent):
        change(estate, network={"access": "enabled"}, packages={"npm": ["x"]})
        assert told(estate.plan().drift) == [
            "update template/desk: network.access, network.allowed_domains, packages.npm, packages.python"
        ]
        estate.apply()
        assert [one.keys() for one in sent] == [{"network", "packages"}]
        assert is_silent(estate.plan())

    def test_inline_file_of_another_size_is_drift_and_sent_again(self, estate, sent):
        change(estate, files=[{"type": "inline", "path": PROMPT["path"], "data": "eA=="}])
        assert told(estate.plan().drift) == ["update template/desk: files"]
        estate.apply()
        assert len(sent[0]["files"]) == 2
        assert is_silent(estate.plan())

    def test_file_added_by_hand_cannot_be_kept_beside_a_change_of_the_list(self, estate):
        known = live(estate)[0]["files"][0]
        added = {"type": "inline", "path": "/workspace/theirs", "data": "eA=="}
        change(estate, files=[known, {**added, "path": PROMPT["path"], "data": "QmUgYnJpZWYu"}, added])
        estate.wants(template(files=[{**TABLE}, {**PROMPT, "text": "Be quick."}]))
        observed = estate.observed("keep")
        assert told(observed.planned.plan.drift) == ["update template/desk: files"]
        (failed,) = [one for one in estate.carry_out(observed).outcomes if one.problem]
        assert failed.problem
        assert failed.problem.code == "content-unknown"
        assert "/workspace/theirs" in failed.problem.message

    def test_pull_writes_what_can_be_read(self, estate):
        change(estate, packages={"python": ["pandas==3.0"]}, network={"access": "disabled"})
        workspace = open_workspace(estate.root, estate.environ)
        pulled = accepted(workspace, estate.observed("keep").planned, ())
        assert pulled.problems == ()
        write(estate.root, pulled.edits, pulled.files)
        assert '"pandas==3.0"' in (estate.root / "manifests.yaml").read_text()
        assert not estate.plan().drift

    @pytest.mark.parametrize(
        ("removed", "manifest"), [({"files": []}, {"files": []}), ({"plugins": None}, {"plugins": []})], ids=str
    )
    def test_contents_that_were_removed_with_their_items_are_only_recorded(self, estate, sent, removed, manifest):
        change(estate, **removed)
        estate.wants(template(**manifest))
        estate.apply()
        assert (sent, is_silent(estate.plan())) == ([], True)
        estate.wants(template())
        estate.apply()
        assert [one.keys() for one in sent] == [manifest.keys()]
        assert is_silent(estate.plan())

    def test_pull_names_what_cannot_be_read_and_writes_the_rest(self, estate):
        known = live(estate)[0]["files"]
        theirs = {"type": "inline", "path": "/workspace/theirs", "data": "eA=="}
        change(estate, files=[known[0], theirs], desktop={"enabled": False})
        workspace = open_workspace(estate.root, estate.environ)
        pulled = accepted(workspace, estate.observed("keep").planned, ())
        assert [one.path for _, one in pulled.accepted] == ["desktop.enabled"]
        (problem,) = pulled.problems
        assert problem.code == "not-pulled"
        assert problem.message.endswith(
            "`files` is not pulled: OpenAI does not return the content of /workspace/theirs"
        )


class TestGuard:
    def test_managed_template_keeps_its_skill_and_its_file(self, estate):
        estate.wants(template(lifecycle={"keep_on_delete": True}))
        estate.apply()
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert (found.rule, found.address) == ("referenced", "skill/notes")
        assert listed(found) == {"Other references": ("template/desk",)}

    def test_unmanaged_template_keeps_a_file(self, estate):
        file = {"type": "file_id", "file_id": estate.id_of("file/data/tariffs.csv"), "path": "/workspace/a"}
        made = create(estate, name="theirs", network={"access": "disabled"}, files=[file])
        estate.wants(template(files=[PROMPT]))
        plan = estate.plan()
        assert [one for one in told(plan.changes) if one.startswith("delete")] == []
        estate.apply()
        assert estate.by_hand(estate.connection.page("files"))["data"]
        assert live(estate)[0]["id"] == made

    def test_unmanaged_template_keeps_a_skill(self, estate):
        skill: Any = {"type": "skill_reference", "skill_id": estate.id_of("skill/notes")}
        made = create(estate, name="theirs", network={"access": "disabled"}, skills=[skill])
        estate.wants(template(skills=[]))
        estate.drops("Skill/notes")
        (found,) = estate.plan().refusals
        assert listed(found) == {"Other references": (f"environment_template theirs ({made})",)}

    def test_template_that_an_automation_uses_is_not_deleted(self, estate):
        environment = {"type": "openai_hosted", "environment_template_id": live(estate)[0]["id"]}
        target: Any = {
            "type": "new_session",
            "agent": {"model": "gpt-6-luna"},
            "environment": environment,
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go."}]}],
        }
        automations = estate.sdk.beta.agents.automations
        made = estate.by_hand(
            automations.create(type="periodic", name="nightly", expression="0 3 * * *", timezone="UTC", target=target)
        ).id
        estate.drops("EnvironmentTemplate/desk")
        (found,) = estate.plan().refusals
        assert listed(found) == {"Other references": (f"automation nightly ({made})",)}

    def test_template_that_nothing_uses_is_deleted_before_what_it_refers_to(self, estate):
        estate.drops("Skill/notes", "EnvironmentTemplate/desk")
        assert [one.partition(" ")[2] for one in told(estate.plan().changes)] == [
            "template/desk",
            "file/data/tariffs.csv",
            "skill/notes",
        ]
        estate.apply()
        assert live(estate) == []
        assert is_silent(estate.plan())

    def test_protected_template_stays(self, estate):
        estate.wants(template(lifecycle={"protect": True}))
        assert estate.plan().requests == {}
        estate.apply()
        estate.drops("EnvironmentTemplate/desk")
        assert ("protected", "template/desk") in rules(estate.plan())

    def test_template_kept_on_delete_is_unmanaged(self, estate):
        estate.wants(template(lifecycle={"keep_on_delete": True}))
        estate.apply()
        estate.drops("EnvironmentTemplate/desk")
        estate.apply()
        assert len(live(estate)) == 1
        assert not estate.plan().changes

    def test_renamed_manifest_keeps_the_template(self, estate):
        (before,) = live(estate)
        estate.drops("EnvironmentTemplate/desk")
        estate.wants(template("lab", name="desk", lifecycle={"moved_from": "desk"}))
        estate.apply()
        assert [one["id"] for one in live(estate)] == [before["id"]]
        assert is_silent(estate.plan())

    def test_target_brings_the_skill_and_the_file_along(self, tmp_path):
        with world(tmp_path) as made:
            with_files(made)
            made.wants(SKILL, template(), manifest("Skill", "more", {"folder": "skills/more"}))
            made.file("skills/more/SKILL.md", "---\nname: more\ndescription: More.\n---\n")
            found = [change.address for change in made.plan(targets=("template/desk",)).changes]
        assert found == ["file/data/tariffs.csv", "skill/notes", "template/desk"]


class TestImport:
    def test_readable_template_becomes_a_manifest_that_fits(self, estate):
        made = create(
            estate,
            name="Lab",
            network={"access": "restricted", "allowed_domains": ["A.example"]},
            desktop={"enabled": True},
        )
        (origin,) = import_templates(estate).origins
        assert (origin.address, origin.id) == ("template/lab", made)
        adopt(estate, {Address("template", "lab"): made})
        assert is_silent(estate.plan())

    def test_what_cannot_be_read_is_named_and_stays(self, estate, sent):
        plugin: Any = {"type": "inline", "name": "p", "description": "d", "source": ARCHIVE}
        file = {"type": "inline", "path": "/workspace/a", "data": "eA=="}
        made = create(
            estate, name="lab", network={"access": "restricted"}, plugins=[plugin], files=[file], env={"A": "1"}
        )
        (origin,) = import_templates(estate).origins
        assert list(origin.losses) == [
            "`env` and `setup_commands`, which cannot be read: they stay as they are until the manifest sets them",
            "`network.blocked_domains`, which cannot be read: the next write of `network` removes them",
            "`files`, which stays as it is: the content of /workspace/a cannot be read",
            "`plugins`, which stays as it is: the content of p cannot be read",
        ]
        adopt(estate, {Address("template", "lab"): made})
        assert is_silent(estate.plan())
        assert sent == []

    def test_references_have_the_names_of_manifests(self, estate):
        skill: Any = {"type": "skill_reference", "skill_id": estate.id_of("skill/notes")}
        file = {"type": "file_id", "file_id": estate.id_of("file/data/tariffs.csv"), "path": "/workspace/a"}
        create(estate, name="lab", network={"access": "disabled"}, skills=[skill], files=[file])
        import_templates(estate)
        text = (estate.root / "templates/lab.yaml").read_text()
        assert "skill_id: notes" in text or skill["skill_id"] in text
        assert load(estate.root, env=None).problems == ()

    def test_adopted_template_gets_what_only_the_manifest_has(self, estate, sent):
        made = create(estate, name="lab", network={"access": "disabled"})
        spec = {"network": {"access": "disabled"}, "env": {"A": "1"}}
        estate.wants(manifest("EnvironmentTemplate", "lab", spec))
        adopt(estate, {Address("template", "lab"): made})
        assert told(estate.plan().changes) == ["update template/lab: env.A"]
        estate.apply()
        assert sent == [{"env": {"A": "1"}}]
        assert is_silent(estate.plan())

    def test_inventory_has_its_owner_and_its_references(self, estate):
        here = project_context(estate.root, estate.environ, env=None, endpoint=None)
        found = {
            one.id: one
            for one in estate.run(take_inventory(here, estate.connection, by=None, on_progress=lambda _: None)).items
        }
        (template_,) = live(estate)
        assert found[template_["id"]].address == "template/desk"


def import_templates(estate: World) -> Imported:
    here = project_context(estate.root, estate.environ, env=None, endpoint=None)
    target = destination(estate.root, None, here)
    chosen = selection(["environment_template"], None)
    return estate.run(import_objects(here, estate.connection, target, chosen, lambda _: None))


def adopt(estate: World, expected: dict[Address, str]) -> None:
    workspace = open_workspace(estate.root, estate.environ)
    observed, pairing = estate.run(planned_adoption(workspace, estate.connection, {}))
    assert (pairing.problems, pairing.ids) == ((), expected)
    estate.requests()
    done = estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume=""))
    assert done.complete
    assert not any(name.startswith("POST") for name in estate.requests())


class TestLostState:
    def test_template_is_found_by_its_settings_and_its_write_only_values_are_written(self, estate, sent):
        (before,) = live(estate)
        estate.lose_state()
        unknown = {str(address): fields for address, fields in estate.rebuild().unknown.items()}
        assert "env.APP_MODE" in unknown["template/desk"]
        assert "name" not in unknown["template/desk"]
        assert [change.address for change in estate.plan().changes] == ["template/desk"]
        estate.apply()
        assert sent[0].keys() == {"env", "files", "plugins", "setup_commands"}
        assert [one["id"] for one in live(estate)] == [before["id"]]
        assert is_silent(estate.plan())

    def test_of_two_with_its_settings_none_is_taken(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(manifest("EnvironmentTemplate", "desk", {"network": {"access": "disabled"}}))
            made.apply()
            create(made, name="desk", network={"access": "disabled"})
            made.lose_state()
            done = made.rebuild()
            assert {str(address): len(ids) for address, ids in done.ambiguous.items()} == {"template/desk": 2}
