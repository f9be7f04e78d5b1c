"""A project that was applied without environments, and gets `spec.environments` afterwards."""

import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Cli, edit, stores
from tests.support.state_repositories import ENVIRON, git

ENVIRONMENTS = "spec:\n  environments: {production: {}, staging: {}}\n"


def add_environments(project: Path) -> None:
    edit(project / "project.yaml", "spec:\n", ENVIRONMENTS)


def left(cli: Cli, *words: str) -> list[object]:
    warnings = cli(*words, "-o", "json").document["warnings"]
    return [one["args"] for one in warnings if one["code"] == "environment-left"]


@pytest.mark.parametrize("words", [("plan",), ("plan", "--offline"), ("drift",)], ids=" ".join)
def test_every_plan_warns_of_the_state_without_an_environment(applied, cli: Cli, words):
    assert left(cli, *words) == []
    add_environments(applied)
    assert left(cli, *words, "--env", "staging") == [{"identity": "acme", "environment": None}]
    assert "`reconciler state rm --all`" in cli("plan", "--offline", "--env", "staging").out


def test_the_remedy_can_be_copied_and_the_warning_does_not_repeat_it(applied, cli: Cli, monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    git(applied, "init", "--quiet", "--initial-branch=main")
    git(applied, "add", "project.yaml")
    git(applied, "commit", "--quiet", "-m", "before")
    add_environments(applied)
    git(applied, "commit", "--quiet", "-m", "environments", "--", "project.yaml")
    (applied / "project.yaml").write_text((applied / "project.yaml").read_text() + "# a later edit\n")
    git(applied, "commit", "--quiet", "-m", "comment", "--", "project.yaml")
    divided = (applied / "project.yaml").read_text()
    out = cli("plan", "--env", "staging").out
    assert "Warnings" not in out
    joined = out.replace(" \\\n", " ")
    before, back = (" ".join(line.split()) for line in joined.splitlines() if "git checkout" in line)
    subprocess.run(before, shell=True, check=True, cwd=applied)
    assert "environments" not in (applied / "project.yaml").read_text()
    assert cli("state", "rm", "--all").code == 0
    subprocess.run(back, shell=True, check=True, cwd=applied)
    assert (applied / "project.yaml").read_text() == divided
    assert cli("adopt", "--env", "production", "--yes").code == 0


def test_what_the_project_manages_is_not_created_a_second_time(applied, cli: Cli):
    before = stores(applied)
    add_environments(applied)
    for words in (("plan",), ("apply", "--yes")):
        done = cli(*words, "--env", "production", "-o", "json")
        assert done.code == 3
    (refusal,) = cli("plan", "--env", "production", "-o", "json").document["refusals"]
    assert (refusal["rule"], refusal["address"], refusal["consent"]) == ("duplicate", "project/acme", None)
    text = " ".join(cli("plan", "--env", "production").out.split())
    assert "such as production or staging" in text
    assert "reconciler adopt --env ENVIRONMENT" in text
    assert stores(applied) == before


def test_the_only_environment_need_not_be_named(applied, cli: Cli):
    edit(applied / "project.yaml", "spec:\n", "spec:\n  environments: {production: {}}\n")
    assert left(cli, "plan", "--offline") == [{"identity": "acme", "environment": None}]


def test_an_object_of_the_project_without_environments_is_moved(applied, cli: Cli):
    entry = cli("state", "show", "vectorstore/handbook").document["id"]
    add_environments(applied)
    done = cli("adopt", f"vectorstore/handbook={entry}", "--env", "production", "--yes")
    assert done.code == 1
    assert "error[foreign-owner]" in done.err
    assert "run `reconciler state rm --all` with the project.yaml from before" in done.err
    assert "keep_on_delete" not in done.err


def test_adopt_names_the_objects_that_the_project_still_manages(applied, cli: Cli):
    add_environments(applied)
    done = cli("adopt", "--env", "production", "--yes")
    assert done.code == 1
    assert "error[foreign-owner]: vectorstore/handbook: vs_" in done.err
    assert "run `reconciler state rm --all` with the project.yaml from before" in done.err
    assert "apply creates it" not in done.err


def test_all_objects_move_to_production_and_staging_is_new(applied, cli: Cli):
    before = stores(applied)
    forgotten = cli("state", "rm", "--all", "-o", "json").document
    assert forgotten["removed"] == ["assistant/helper", "chatbot/helper", "file/kb/welcome.md", "vectorstore/handbook"]
    assert "the outlets still have" in forgotten["notes"][0]
    assert "`reconciler adopt`" in forgotten["notes"][1]
    add_environments(applied)
    assert left(cli, "plan", "--env", "production") == []
    adopted = cli("adopt", "--env", "production", "--yes", "-o", "json")
    assert (adopted.code, [one["address"] for one in adopted.document["outcomes"]]) == (0, ["vectorstore/handbook"])
    assert cli("apply", "--env", "production", "--yes").code == 0
    assert stores(applied) == before
    for words in (("plan",), ("drift",), ("status",)):
        assert "internal" not in cli(*words, "--env", "staging").err
    assert cli("apply", "--env", "staging", "--yes").code == 0
    assert len(stores(applied)) == 2 * len(before)
    for environment in ("production", "staging"):
        assert cli("plan", "--env", environment, "--detailed-exitcode").code == 0


def test_all_of_nothing_is_nothing(project, cli: Cli):
    assert cli("state", "rm", "--all", "-o", "json").document["removed"] == []
    assert "nothing was applied yet" in cli("state", "list").out


@pytest.mark.parametrize("words", [(), ("--all", "vectorstore/handbook")], ids=["neither", "both"])
def test_addresses_or_all(applied, cli: Cli, words):
    done = cli("state", "rm", *words)
    assert (done.code, "or pass --all" in done.err) == (64, True)
    assert len(cli("state", "list", "-o", "json").document["objects"]) == 4
