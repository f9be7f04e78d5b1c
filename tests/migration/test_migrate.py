"""From files to a project: what is written, and what the API is asked."""

import pytest

from reconciler.manifests import load
from reconciler.migration.migrate import migrate
from reconciler.reports.markdown.migration import migration_markdown
from reconciler.resources.problems import ReconcilerError
from tests.migration.exports import assistant, function, migrated, saved
from tests.support.cli import by_hand

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  defaults: {target: responses}
  environments:
    staging: {variables: {brand: Acme, only_here: x}}
    production: {variables: {brand: Acme}}
"""


def outcomes(done, field: str):
    return [
        (entry.outcome, entry.note) for one in done.migrated for entry in one.entries if entry.field.startswith(field)
    ]


def written(folder, path: str):
    return (folder / "project" / path).read_text(encoding="utf-8")


class TestWhatIsWritten:
    def test_a_manifest_reads_like_one_written_by_hand(self, tmp_path):
        given = assistant(
            "Claims Desk",
            created_at=1709251200,
            model="gpt-4o",
            description="First line.",
            instructions="Quote the handbook.",
            tools=[{"type": "code_interpreter"}, {"type": "file_search"}, function("get_claim")],
            tool_resources={"file_search": {"vector_store_ids": ["vs_1"]}},
            temperature=0.2,
        )
        migrated(tmp_path, given)
        assert (
            written(tmp_path, "assistants/claims-desk.yaml")
            == f"""\
# yaml-language-server: $schema=../.schemas/manifest.schema.json
# Migrated from assistant asst_ClaimsDesk, created on 2024-03-01 ({tmp_path}/export.json:1).
# Name: Claims Desk
# Description: First line.
apiVersion: reconciler/v1
kind: Assistant
metadata:
  name: claims-desk
spec:
  target: responses
  model: gpt-4o  # OpenAI's shutdown date of gpt-4o is 2027-01-14; OpenAI names gpt-6-luna instead
  instructions: {{$file: prompts/claims-desk.md}}
  tools:
    - type: code_interpreter
      container: {{type: auto}}
    # to manage these vector stores, run `reconciler import`
    - type: file_search
      vector_store_ids: [vs_1]
    - type: function
      name: get_claim
      description: d
      parameters: {{$file: tools/claims-desk/get_claim.json}}
      strict: false
  temperature: 0.2
"""
        )

    def test_a_dry_run_writes_nothing(self, tmp_path):
        done = migrated(tmp_path, assistant(), dry_run=True)
        assert done.drafts
        assert not (tmp_path / "project").exists()

    def test_250_000_characters_of_instructions(self, tmp_path):
        text = ("Rule: be kind. Règle: sois gentil. 規則 🎉 ${var.x} {{y}}\n" * 5_000)[:250_000]
        migrated(tmp_path, assistant(instructions=text))
        (resource,) = load(tmp_path / "project", env=None).resources
        assert resource.spec.instructions == text

    @pytest.mark.parametrize("target", ["responses", "agents"])
    def test_128_tools(self, tmp_path, target):
        done = migrated(tmp_path, assistant(tools=[function(f"f{n}") for n in range(128)]), target=target)
        (resource,) = load(tmp_path / "project", env=None).resources
        assert [tool.name for tool in resource.spec.tools] == [f"f{n}" for n in range(128)]
        assert not done.migrated[0].entries[-1].hint

    def test_an_existing_file_prevents_all_writes(self, tmp_path):
        in_the_way = tmp_path / "project" / "prompts" / "b.md"
        in_the_way.parent.mkdir(parents=True)
        in_the_way.write_text("mine", encoding="utf-8")
        with pytest.raises(ReconcilerError, match="already exists"):
            migrated(tmp_path, assistant("a"), assistant("b", instructions="Help."))
        assert [path.name for path in (tmp_path / "project").rglob("*") if path.is_file()] == ["b.md"]


class TestAnExistingProject:
    @pytest.fixture
    def project(self, tmp_path):
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / "project.yaml").write_text(PROJECT, encoding="utf-8")
        return tmp_path

    def test_project_yaml_is_not_changed(self, project):
        done = migrated(project, assistant())
        assert done.written == ("assistants/helper.yaml",)
        assert written(project, "project.yaml") == PROJECT

    def test_a_taken_name_gets_a_number(self, project):
        migrated(project, assistant("Helper"))
        done = migrated(project, assistant("helper", id="asst_other"))
        assert done.written == ("assistants/helper-2.yaml",)

    def test_an_export_is_not_migrated_twice(self, project):
        migrated(project, assistant("one"))
        done = migrated(project, assistant("one"), assistant("two"))
        assert done.written == ("assistants/two.yaml",)
        assert [problem.code for problem in done.problems] == ["migrated-before"]

    def test_a_manifest_of_an_earlier_version_counts_as_migrated(self, project):
        export = assistant("claims", created_at=1_709_251_200)
        migrated(project, export)
        manifest = project / "project" / "assistants" / "claims.yaml"
        text = manifest.read_text(encoding="utf-8")
        assert ", created on 2024-03-01 (" in text
        manifest.write_text(text.replace(", created on ", ", made on "), encoding="utf-8")
        done = migrated(project, export)
        assert ([problem.code for problem in done.problems], done.written) == (["migrated-before"], ())

    def test_variables_of_every_environment_fill_a_prompt(self, project):
        text = "Speak for {{brand}}, {{only_here}} and {{ customer }}; not ${{brand}}."
        done = migrated(project, {"id": "pmpt_1", "name": "p", "model": "gpt-6-luna", "instructions": text})
        assert written(project, "prompts/p.md") == (
            "Speak for ${var.brand}, {{only_here}} and {{ customer }}; not ${{brand}}.\n"
        )
        assert outcomes(done, "variables.brand") == [("changed", "replaced by the project variable `${var.brand}`")]
        assert [outcome for outcome, _ in outcomes(done, "variables")] == ["changed"] * 3


class TestManagedAssistants:
    def test_labels_are_left_out_and_copies_only_beside_their_original(self, tmp_path):
        labels = {"reconciler-project": "old", "reconciler-address": "assistant/helper", "tier": "gold"}
        working = assistant(metadata=labels)
        frozen = assistant("Copy", metadata={**labels, "reconciler-address": "assistant/helper@support.1"})
        done = migrated(tmp_path, working, frozen, dry_run=True)
        assert [one.id for one in done.migrated] == ["asst_Helper"]
        assert [(problem.code, problem.severity) for problem in done.problems] == [("frozen-copy", "warning")]
        assert [entry for entry in outcomes(done, "metadata") if entry[0] == "lost"] == []
        assert [one.id for one in migrated(tmp_path, frozen, dry_run=True).migrated] == ["asst_Copy"]


class TestLookingUp:
    def test_ids_that_exist_are_used_and_others_are_not(self, tmp_path):
        project = tmp_path / "project"
        (project / ".reconciler").mkdir(parents=True)

        async def upload(sdk):
            file = await sdk.files.create(file=("a.csv", b"1"), purpose="assistants")
            return file.id, (await sdk.vector_stores.create(name="kb")).id

        file, store = by_hand(project, upload)
        export = assistant(
            tools=[{"type": "code_interpreter"}, {"type": "file_search"}],
            tool_resources={
                "code_interpreter": {"file_ids": [file, "file-gone"]},
                "file_search": {"vector_store_ids": [store, "vs_gone"]},
            },
        )
        done = migrated(tmp_path, export, offline=False, endpoint="embedded")
        (draft,) = done.drafts
        code, search = draft.spec["tools"]
        assert (code["container"]["file_ids"], search["vector_store_ids"]) == ([file], [store])
        assert outcomes(done, "tool_resources") == [
            ("mapped", f"exists at OpenAI, referenced by id: {file}"),
            ("lost", "does not exist at OpenAI: file-gone"),
            ("mapped", f"exists at OpenAI, referenced by id: {store}"),
            ("lost", "does not exist at OpenAI: vs_gone"),
        ]

    def test_file_search_without_existing_stores_is_lost(self, tmp_path):
        project = tmp_path / "project"
        (project / ".reconciler").mkdir(parents=True)
        by_hand(project, lambda sdk: sdk.vector_stores.create(name="other"))
        resources = {"file_search": {"vector_store_ids": ["vs_gone"]}}
        export = assistant(tools=[{"type": "file_search"}], tool_resources=resources)
        done = migrated(tmp_path, export, offline=False, endpoint="embedded")
        assert "tools" not in done.drafts[0].spec
        assert [outcome for outcome, _ in outcomes(done, "tool")] == ["lost", "lost"]

    def test_ids_in_the_tools_of_a_prompt(self, tmp_path):
        project = tmp_path / "project"
        (project / ".reconciler").mkdir(parents=True)
        store = by_hand(project, lambda sdk: sdk.vector_stores.create(name="kb")).id
        tools = [
            {"type": "file_search", "vector_store_ids": ["vs_gone", store]},
            {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-gone"]}},
        ]
        prompt = {"id": "pmpt_1", "model": "gpt-6-luna", "instructions": "Search.", "tools": tools}
        done = migrated(tmp_path, prompt, offline=False, endpoint="embedded")
        search, code = done.drafts[0].spec["tools"]
        assert (search["vector_store_ids"], code["container"]) == ([store], {"type": "auto", "file_ids": []})
        assert ("lost", "does not exist at OpenAI: vs_gone") in outcomes(done, "tools[0]")

    def test_an_invalid_api_key_is_a_warning(self, tmp_path, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "two words")
        export = assistant(
            tools=[{"type": "code_interpreter"}], tool_resources={"code_interpreter": {"file_ids": ["file-1"]}}
        )
        done = migrated(tmp_path, export, offline=False, endpoint="http://127.0.0.1:9/v1", dry_run=True)
        assert done.problems == ()
        file = saved(tmp_path, export)
        done = migrate([file], "responses", into=tmp_path, environ={"OPENAI_API_KEY": "two words"}, dry_run=True)
        assert [(problem.code, problem.severity) for problem in done.problems] == [("bad-api-key", "warning")]
        assert done.complete


def test_markdown_escapes_text_of_exports(tmp_path):
    done = migrated(tmp_path, assistant("<b>@all</b> | [x](y)", temperature=9), dry_run=True)
    text = migration_markdown(done)
    assert "`<b>@all</b> | [x](y)`" in text
    assert "| temperature | **lost** | expected at most 2.0, found 9 |  |" in text
