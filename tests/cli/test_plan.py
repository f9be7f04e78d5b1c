"""`plan`, and `show` of a plan that was saved."""

import json

import pytest

from tests.support.cli import Cli, edit, rename_store, stores
from tests.support.state_repositories import ENVIRON, git


def test_a_first_plan_writes_nothing(project, cli: Cli):
    done = cli("plan")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("4 changes: acme, 4 create, 0 unchanged.")
    assert stores(project) == []
    assert not (project / ".reconciler" / "state").exists()


def test_detailed_exitcode_returns_2_for_changes(project, cli: Cli):
    assert cli("plan", "--detailed-exitcode").code == 2
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0
    edit(project / "prompts" / "helper.md", "You", "Thou")
    assert cli("plan", "--detailed-exitcode").code == 2


def test_kept_drift_is_not_a_change(applied, cli: Cli):
    rename_store(applied, "by hand")
    assert cli("plan", "--detailed-exitcode", "--on-drift", "keep").code == 0
    assert cli("plan", "--detailed-exitcode").code == 2
    assert cli("plan", "--detailed-exitcode", "--on-drift", "refuse").code == 3


def test_a_refusal_has_precedence_over_changes(applied, cli: Cli):
    (applied / "stores" / "handbook.yaml").unlink()
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    done = cli("plan", "--detailed-exitcode", "-o", "json")
    assert done.code == 3
    assert [refusal["rule"] for refusal in done.document["refusals"]] == ["referenced"]


def test_a_dangling_reference_is_an_error(project, cli: Cli):
    edit(project / "chatbots" / "helper.yaml", "assistant: helper", "assistant: helpr")
    done = cli("plan")
    assert done.code == 1
    assert "chatbots/helper.yaml:7:14: error[dangling-reference]: no manifest defines assistant/helpr" in done.err
    assert "did you mean `helper`?" in done.err


def test_a_target_includes_its_dependencies(project, cli: Cli):
    done = cli("plan", "--target", "assistant/helper", "-o", "json")
    assert [change["address"] for change in done.document["changes"]] == [
        "file/kb/welcome.md",
        "vectorstore/handbook",
        "assistant/helper",
    ]


def test_an_unknown_target_is_an_error_with_a_suggestion(project, cli: Cli):
    done = cli("plan", "--target", "assistant/hlper")
    assert done.code == 1
    assert "assistant/hlper was not found" in done.err
    assert "did you mean `assistant/helper`" in done.err


def test_a_target_in_another_case_has_one_suggestion(project, cli: Cli):
    assert "did you mean `chatbot/helper`?\n" in cli("plan", "--target", "chatbot/Helper").err


@pytest.mark.parametrize("variable", [False, True])
def test_the_environment_is_chosen_by_option_or_variable(project, cli: Cli, monkeypatch, variable):
    edit(project / "project.yaml", "spec:\n", "spec:\n  environments: {staging: {}, production: {}}\n")
    done = cli("plan")
    assert done.code == 1
    assert "choose one with `--env NAME` or `RECONCILER_ENV`" in done.err
    monkeypatch.setenv("RECONCILER_ENV", "production" if variable else "nonsense")
    chosen = cli("plan") if variable else cli("plan", "--env", "production")
    assert chosen.out.startswith("4 changes: acme/production,")
    unknown = cli("plan", "--env", "prodution")
    assert unknown.code == 1
    assert "did you mean `production`?" in unknown.err


def test_the_command_to_type_next_makes_the_same_plan(project, cli: Cli, monkeypatch):
    monkeypatch.chdir(project.parent)
    given = ["-C", "acme", "--endpoint", "embedded", "--on-drift", "keep", "--target", "assistant/helper"]
    assert cli("plan", *given).out.endswith(f"Apply with: reconciler apply {' '.join(given)}\n")
    saved = cli("plan", *given, "--out", "the plan.json")
    assert saved.out.endswith("Apply with: reconciler apply -C acme --endpoint embedded 'the plan.json'\n")
    assert "Apply with" not in cli("apply", "--yes", *given).out
    assert cli("plan", *given).out == "No changes. The targeted objects of acme match the manifests, 3 unchanged.\n"


def test_a_saved_plan_is_shown_without_project_and_network(project, cli: Cli, tmp_path, monkeypatch):
    saved = tmp_path / "plan.json"
    printed = cli("plan", "--out", saved)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    assert cli("show", tmp_path / "plan.json").out == printed.out
    assert cli("show", tmp_path / "plan.json", "-o", "json").document == json.loads(
        (tmp_path / "plan.json").read_text()
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "it is not a text file"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not a plan of format reconciler/plan/v2"),
        (b'{"format": "reconciler/drift/v2"}', "its format is 'reconciler/drift/v2'"),
        (b'{"format": "reconciler/plan/v2"}', "an incomplete plan"),
        (b'{"format": "reconciler/plan/v1"}', "an incomplete plan"),
    ],
)
def test_an_invalid_plan_file_is_an_error(cli: Cli, tmp_path, content, said):
    (tmp_path / "plan.json").write_bytes(content)
    done = cli("show", tmp_path / "plan.json")
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert "reconciler plan --out" in done.err


def test_show_a_plan_of_a_newer_format_names_both_and_the_upgrade(cli: Cli, tmp_path):
    (tmp_path / "plan.json").write_text('{"format": "reconciler/plan/v12"}')
    for command in ("show", "apply"):
        done = cli(command, tmp_path / "plan.json", *(["--yes"] if command == "apply" else []))
        assert (done.code, done.out) == (1, "")
        assert "reconciler/plan/v12" in done.err
        assert "reads reconciler/plan/v1 and reconciler/plan/v2" in done.err
        assert "pip install --upgrade ." in done.err


def test_a_missing_plan_file_is_an_error(cli: Cli, tmp_path):
    done = cli("show", tmp_path / "plan.json")
    assert done.code == 1
    assert "No such file or directory" in done.err


def test_colour_is_for_terminals_only(project, cli: Cli):
    assert "\x1b" not in cli("plan").out


def test_an_unlisted_model_is_a_warning(applied, cli: Cli):
    edit(applied / "assistants" / "helper.yaml", "gpt-6-luna", "gpt-6-lunar")
    done = cli("plan", "-o", "json")
    (warning,) = done.document["warnings"]
    assert warning["code"] == "model-unlisted"
    assert warning["text"].startswith("the API lists no model gpt-6-lunar for this key. Did you mean `gpt-6-luna`")
    assert warning["text"].endswith("? Used by assistant/helper")


def test_an_unlisted_model_is_of_the_objects_that_the_plan_changes(project, cli: Cli):
    helper = project / "assistants" / "helper.yaml"
    edit(helper, "gpt-6-luna", "gpt-6-lunar")
    (project / "assistants" / "desk.yaml").write_text(helper.read_text().replace("name: helper", "name: desk"))
    assert cli("apply", "--yes").code == 0
    edit(project / "prompts" / "helper.md", "You", "Thou")
    edit(project / "assistants" / "desk.yaml", "$file: prompts/helper.md", "$file: prompts/desk.md")
    (project / "prompts" / "desk.md").write_text("Unchanged.")
    assert cli("apply", "--yes").code == 0
    (project / "prompts" / "desk.md").write_text("Changed.")
    (warning,) = cli("plan", "-o", "json").document["warnings"]
    assert warning["text"].endswith("? Used by assistant/desk")


def test_a_new_manifest_that_the_commit_does_not_have_makes_it_dirty(project, cli: Cli, monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    git(project, "init", "--quiet", "--initial-branch=main")
    (project / "notes.txt").write_text("no manifest uses it")
    git(project, "add", "--", ".", ":!notes.txt")
    git(project, "commit", "--quiet", "-m", "manifests")
    commit = git(project, "rev-parse", "HEAD")
    assert cli("plan", "-o", "json").document["commit"] == commit
    helper = project / "assistants" / "helper.yaml"
    (project / "assistants" / "desk.yaml").write_text(helper.read_text().replace("name: helper", "name: desk"))
    assert cli("plan", "-o", "json").document["commit"] == f"{commit}-dirty"
    (project / "assistants" / "desk.yaml").unlink()
    (project / "kb" / "new.md").write_text("the store takes every file of this folder")
    assert cli("plan", "-o", "json").document["commit"] == f"{commit}-dirty"
