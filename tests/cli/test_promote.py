"""Tests of `promote`: one environment publishes the release that another one publishes."""

from pathlib import Path

import pytest

from tests.support.cli import Cli, edit

BOT = "chatbots/helper.yaml"
PUBLISHED = "  published:\n    staging: 2  # since Monday\n    # after the summer\n    production: 1   # stable\n"
TO_PRODUCTION = ("promote", "helper", "--from", "staging", "--to", "production")


@pytest.fixture
def released(project: Path, cli: Cli) -> Path:
    """Return a project that publishes release 2 in staging, and release 1 in production."""
    with (project / "project.yaml").open("a") as file:
        file.write("  environments: {staging: {}, production: {}, test: {}}\n")
    for number in (1, 2):
        edit(project / "prompts/helper.md", "You", f"You, {number}")
        assert cli("release", "helper", "--vendor").code == 0
    with (project / BOT).open("a") as file:
        file.write(PUBLISHED)
    return project


def test_the_edit_is_one_line_and_keeps_the_comments(released: Path, cli: Cli):
    before = (released / BOT).read_text()
    done = cli(*TO_PRODUCTION)
    assert done.code == 0
    assert (released / BOT).read_text() == before.replace("production: 1 ", "production: 2 ")
    assert "-    production: 1   # stable\n+    production: 2   # stable\n" in done.out
    assert done.out.startswith("Publishes in production: release 2, after 1\n")
    assert "\n  reconciler plan --env production\n  git commit --message 'Promote release 2 of helper to" in done.out
    assert cli("validate", "--env", "production").code == 0


def test_it_shows_what_changes_for_users(released: Path, cli: Cli):
    done = cli(*TO_PRODUCTION, "--dry-run")
    noticed = "What changes for users:\n  ~ assistant/helper: instructions\n"
    assert f"{noticed}  In full: reconciler diff helper@1 helper@2 --env production\n" in done.out
    assert cli("diff", "helper@1", "helper@2", "--env", "production").code == 0


def test_publishing_everywhere_shows_what_changes_by_environment(released: Path, cli: Cli):
    edit(released / "prompts/helper.md", "You", "You, 3")
    assert cli("release", "helper", "--vendor").code == 0
    done = cli("publish", "helper", 3)
    assert "What changes for users in staging:\n" in done.out
    assert "What changes for users in production:\n" in done.out
    assert done.out.count("In full: reconciler diff ") == 2
    assert done.out.endswith("Next: commit it, and have it reviewed. The next apply moves the pointer.\n")


def test_a_release_that_cannot_be_read_is_not_compared(released: Path, cli: Cli):
    edit(released / "releases/helper/v1.yaml", "spec:\n", "spec:\n  archived: true\n")
    text = (released / "releases/helper/v1.yaml").read_text()
    (released / "releases/helper/v1.yaml").write_text(text.partition("  content:")[0])
    done = cli("publish", "helper", 2, "--env", "production")
    assert (done.code, "What changes for users" in done.out) == (0, False)


def test_a_dry_run_writes_nothing(released: Path, cli: Cli):
    before = (released / BOT).read_text()
    done = cli(*TO_PRODUCTION, "--dry-run")
    assert (done.code, "+    production: 2" in done.out) == (0, True)
    assert done.out.endswith("Nothing was written.\n")
    assert cli(*TO_PRODUCTION, "--dry-run", "-o", "json").document["files"] == []
    assert (released / BOT).read_text() == before


def test_json(released: Path, cli: Cli):
    document = cli(*TO_PRODUCTION, "-o", "json").document
    assert (document["number"], document["files"]) == (2, [BOT])
    moves = [(one["environment"], one["before"], one["after"]) for one in document["published"]]
    assert moves == [("production", 1, 2)]


def test_an_older_release_is_a_rollback(released: Path, cli: Cli):
    done = cli("promote", "chatbot/helper", "--from", "production", "--to", "staging")
    assert done.out.startswith("Rollback in staging: release 1, after 2\n")


def test_equal_environments_are_not_edited(released: Path, cli: Cli):
    assert cli(*TO_PRODUCTION).code == 0
    done = cli(*TO_PRODUCTION)
    assert (done.code, done.out) == (0, "No changes: staging and production publish release 2 of helper.\n")


def test_an_environment_that_publishes_nothing_gets_a_line(released: Path, cli: Cli):
    assert cli("promote", "helper", "--from", "staging", "--to", "test").code == 0
    assert "    test: 2\n" in (released / BOT).read_text()


def test_one_number_for_all_environments_is_equal(released: Path, cli: Cli):
    edit(released / BOT, PUBLISHED, "  published: 1\n")
    assert cli(*TO_PRODUCTION).out == "No changes: staging and production publish release 1 of helper.\n"


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["helper", "--from", "stagin", "--to", "production"], 1, "did you mean `staging`?"),
        (["helper", "--from", "staging", "--to", "prodution"], 1, "did you mean `production`?"),
        (["helper", "--from", "test", "--to", "production"], 1, "publishes no release in test"),
        (["helpr", "--from", "staging", "--to", "production"], 1, "did you mean `chatbot/helper`?"),
        (["helper", "--from", "staging", "--to", "staging"], 64, "--from and --to are both 'staging'"),
        (["helper", "--from", "staging"], 64, "Missing option '--to'"),
    ],
)
def test_what_cannot_be_promoted_is_an_error(released: Path, cli: Cli, words: list[str], code: int, why: str):
    before = (released / BOT).read_text()
    done = cli("promote", *words)
    assert (done.code, why in done.err) == (code, True)
    assert (released / BOT).read_text() == before


def test_an_archived_or_missing_release_is_an_error(released: Path, cli: Cli):
    edit(released / "releases/helper/v2.yaml", "spec:\n", "spec:\n  archived: true\n")
    done = cli(*TO_PRODUCTION)
    assert (done.code, "release/helper@2" in done.err, "archived" in done.err) == (1, True, True)
    (released / "releases/helper/v2.yaml").unlink()
    done = cli(*TO_PRODUCTION)
    assert (done.code, "release/helper@2" in done.err) == (1, True)


@pytest.mark.parametrize("destroyed", ["staging", "production"])
def test_a_destroyed_environment_neither_gives_nor_gets_a_release(released: Path, cli: Cli, destroyed: str):
    before = (released / BOT).read_text()
    edit(released / BOT, PUBLISHED, "")
    assert cli("apply", "--yes", "--env", destroyed).code == 0
    assert cli("destroy", "--env", destroyed, "--confirm", destroyed).code == 0
    (released / BOT).write_text(before)
    for words in ((), ("--dry-run",)):
        done = cli(*TO_PRODUCTION, *words)
        assert (done.code, f"error[destroyed]: acme/{destroyed} was destroyed by" in done.err) == (3, True), done.err
    assert (released / BOT).read_text() == before


def test_a_project_without_environments_has_nothing_to_promote(project: Path, cli: Cli):
    done = cli(*TO_PRODUCTION)
    assert (done.code, "the environment `staging` does not exist" in done.err) == (1, True)
