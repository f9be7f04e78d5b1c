"""A project whose environments are removed or renamed while their states have objects."""

from pathlib import Path

import pytest

from tests.support.cli import Cli, edit, stores

BOTH = "spec:\n  environments: {production: {}, staging: {}}\n"


@pytest.fixture
def divided(project: Path, cli: Cli) -> Path:
    """Return a project that is applied in one of its two environments."""
    edit(project / "project.yaml", "spec:\n", BOTH)
    assert cli("apply", "--env", "production", "--yes").code == 0
    return project


def refusals(cli: Cli, *words: str) -> list[tuple[str, str]]:
    return [(one["rule"], one["cause"]["code"]) for one in cli(*words, "-o", "json").document["refusals"]]


def test_a_project_that_lost_all_environments_creates_nothing_again(divided, cli: Cli):
    before = stores(divided)
    edit(divided / "project.yaml", BOTH, "spec:\n")
    assert refusals(cli, "plan") == [("duplicate", "environments-removed")]
    assert cli("apply", "--yes").code == 3
    assert stores(divided) == before
    text = cli("plan").out
    assert "Put production back into `spec.environments` of project.yaml" in text
    assert "reconciler destroy --env production\n" in text
    assert "reconciler state rm --all --env production\n" in text
    done = cli("adopt", "--yes")
    assert (done.code, "error[foreign-owner]" in done.err) == (1, True)


def test_it_is_settled_when_they_are_back_or_destroyed(divided, cli: Cli):
    edit(divided / "project.yaml", BOTH, "spec:\n")
    edit(divided / "project.yaml", "spec:\n", BOTH)
    assert cli("plan", "--env", "production", "--detailed-exitcode").code == 0
    edit(divided / "project.yaml", BOTH, "spec:\n")
    assert cli("destroy", "--env", "production", "--confirm", "production").code == 0
    assert refusals(cli, "plan") == []


def test_a_renamed_environment_creates_nothing_again_and_takes_the_objects_over(divided, cli: Cli):
    before = stores(divided)
    edit(divided / "project.yaml", "production: {}", "prod: {}")
    assert refusals(cli, "plan", "--env", "prod") == [("duplicate", "environments-removed")]
    edit(divided / "project.yaml", "prod: {}", "production: {}")
    assert cli("state", "rm", "--all", "--env", "production").code == 0
    edit(divided / "project.yaml", "production: {}", "prod: {}")
    assert cli("adopt", "--env", "prod", "--yes").code == 0
    assert cli("apply", "--env", "prod", "--yes").code == 0
    assert stores(divided) == before


def test_an_environment_that_was_there_before_is_not_a_renamed_one(divided, cli: Cli):
    edit(divided / "project.yaml", "production: {}, ", "")
    assert refusals(cli, "plan", "--env", "staging") == []


def test_only_the_first_environment_forgets_the_project_without_one(applied, cli: Cli):
    assert cli("state", "rm", "--all").code == 0
    edit(applied / "project.yaml", "spec:\n", BOTH)

    def forgotten(environment: str) -> list[str]:
        changes = cli("plan", "--env", environment, "-o", "json").document["changes"]
        return [one["address"] for one in changes if one["action"] == "forget"]

    assert forgotten("production") == forgotten("staging") == ["project/acme"]
    assert cli("adopt", "--env", "production", "--yes").code == 0
    assert cli("apply", "--env", "production", "--yes").code == 0
    assert forgotten("staging") == []
