"""Every command in the hint of an error or the remedy of a refusal works, and the next plan is not refused for the same
reason.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from tests.support.cli import Cli, applied, by_hand, cli, delete_store, edit, project, rename_store, starter
from tests.support.state_repositories import git
from tests.support.ways_out import commands, refused_for, run

__all__ = ["applied", "cli", "project", "starter"]

STATE = Path(".reconciler/state")
PROMPT = "prompts/helper.md"
CHATBOT = "chatbots/helper.yaml"
HANDBOOK = "stores/handbook.yaml"
FIRST = "releases/helper/v1.yaml"


def change_assistant(project: Path, cli: Cli) -> None:
    """Change what is published of the assistant without changing the state."""
    shutil.copytree(project / STATE, project / "before")
    edit(project / PROMPT, "You answer", "You quickly answer")
    assert cli("apply", "--yes").code == 0
    shutil.rmtree(project / STATE)
    (project / "before").rename(project / STATE)
    edit(project / PROMPT, "You quickly answer", "You answer")


def release(project: Path, cli: Cli, *texts: str) -> None:
    """Release, publish, commit and apply the chatbot with each of these texts as the first word of its prompt."""
    (project / ".gitignore").write_text(".reconciler/\n")
    git(project, "init", "--quiet")
    git(project, "add", ".")
    rest = (project / PROMPT).read_text().partition(" ")[2]
    for text in texts:
        (project / PROMPT).write_text(f"{text} {rest}")
        assert cli("release", "helper", "--publish").code == 0
        git(project, "add", ".")
        git(project, "commit", "--quiet", "-m", text)
        assert cli("apply", "--yes").code == 0


def archive_and_restore(project: Path, cli: Cli) -> None:
    """Archive the first release, apply it, and undo the edit as `git revert` does."""
    text = (project / FIRST).read_text()
    assert cli("archive", "release/helper@1").code == 0
    assert cli("apply", "--yes").code == 0
    (project / FIRST).write_text(text)


def conflict(project: Path, cli: Cli) -> None:
    rename_store(project, "by hand")
    edit(project / HANDBOOK, "spec:\n", "spec:\n  name: mine\n")


def conflict_in_a_document(project: Path, cli: Cli) -> None:
    change_assistant(project, cli)
    edit(project / "assistants/helper.yaml", "model: gpt-6-luna", "model: gpt-6-terra")


def conflict_in_one_field_of_a_document(project: Path, cli: Cli) -> None:
    change_assistant(project, cli)
    edit(project / PROMPT, "You answer", "You slowly answer")


def drift(project: Path, cli: Cli) -> None:
    rename_store(project, "by hand")


def deleted(project: Path, cli: Cli) -> None:
    delete_store(project)


def deleted_and_used(project: Path, cli: Cli) -> None:
    delete_store(project)
    edit(project / PROMPT, "You answer", "You quickly answer")


def release_of_drift(project: Path, cli: Cli) -> None:
    change_assistant(project, cli)
    release(project, cli)
    assert cli("release", "helper").code == 0


def imported(project: Path, cli: Cli) -> None:
    async def create(sdk: AsyncOpenAI) -> None:
        await sdk.vector_stores.create(name="Guide")

    by_hand(project, create)
    (store,) = [one for one in cli("inventory", "-o", "json").document["objects"] if one["name"] == "Guide"]
    assert cli("import", store["id"]).code == 0


def archived_and_published(project: Path, cli: Cli) -> None:
    """The only release that is left was archived before."""
    release(project, cli, "You", "They")
    archive_and_restore(project, cli)
    (project / "releases/helper/v2.yaml").unlink()
    edit(project / CHATBOT, "published: 2", "published: 1")
    edit(project / PROMPT, "They", "You")


def archived_and_published_instead_of_another(project: Path, cli: Cli) -> None:
    release(project, cli, "You", "They")
    archive_and_restore(project, cli)
    edit(project / CHATBOT, "published: 2", "published: 1")


def archived_and_not_marked(project: Path, cli: Cli) -> None:
    release(project, cli, "You", "They")
    archive_and_restore(project, cli)


def two_releases(project: Path, cli: Cli) -> None:
    release(project, cli, "You", "They")


def strictly_kept(project: Path, cli: Cli) -> None:
    with (project / "project.yaml").open("a") as file:
        file.write("  safety: {archive: strict}\n")
    release(project, cli, "You")
    assert cli("publish", "helper", "none").code == 0
    assert cli("apply", "--yes").code == 0
    edit(project / CHATBOT, "assistant: helper", "assistant: other")
    text = (project / "assistants/helper.yaml").read_text().replace("name: helper", "name: other")
    (project / "assistants/other.yaml").write_text(text)
    (project / "assistants/helper.yaml").unlink()


@pytest.mark.parametrize(
    ("before", "words", "code"),
    [
        (conflict, "plan --on-drift keep", "conflict"),
        (conflict, "pull --all", "not-pulled"),
        (conflict_in_a_document, "plan --on-drift keep", "conflict"),
        (conflict_in_one_field_of_a_document, "plan --on-drift keep", "conflict"),
        (drift, "plan --on-drift refuse", "drift"),
        (deleted, "plan --on-drift refuse", "drift"),
        (deleted, "pull --all", "not-pulled"),
        (deleted_and_used, "plan --on-drift keep", "conflict"),
        (release_of_drift, "plan", "release-drift"),
        (imported, "plan", "duplicate"),
        (archived_and_published, "plan", "archived-reference"),
        (archived_and_published, "release helper", "nothing-to-release"),
        (archived_and_published_instead_of_another, "plan", "archived-reference"),
        (archived_and_not_marked, "plan", "already-archived"),
        (two_releases, "archive release/helper@2", "published"),
        (strictly_kept, "plan", "referenced"),
    ],
    ids=lambda value: value.__name__ if callable(value) else value.replace(" ", "-"),
)
def test_every_command_of_a_hint_works(
    applied: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, before: Callable[[Path, Cli], None], words: str, code: str
) -> None:
    before(applied, cli)
    refused = cli(*words.split(), "-o", "json").document
    reasons = refused_for(refused)
    assert code in {reason for reason, _ in reasons}
    found = commands(refused)
    assert found
    for number, command in enumerate(found):
        copy = applied.parent / f"copy-{number}"
        shutil.copytree(applied, copy)
        monkeypatch.chdir(copy)
        done = run(cli, command)
        assert done.code == 0, (command, done.err)
        again = cli(*(words.split() if words.startswith("plan") else ["plan"]), "-o", "json")
        assert again.code == 0, (command, again.out)
        assert code not in {reason for reason, _ in refused_for(again.document)}, command
        monkeypatch.chdir(applied)


def test_commands_name_the_environment_if_there_are_several(project: Path, cli: Cli) -> None:
    with (project / "project.yaml").open("a") as file:
        file.write("  environments: {staging: {}, production: {}}\n")
    assert cli("apply", "--yes", "--env", "staging").code == 0
    conflict(project, cli)
    for words in (["plan", "--on-drift", "keep"], ["pull", "--all"]):
        found = commands(cli(*words, "--env", "staging", "-o", "json").document)
        assert found
        assert all(command[-2:] == ["--env", "staging"] for command in found)


def test_a_release_that_production_publishes_is_not_to_be_marked_as_archived_in_staging(
    project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (project / "project.yaml").open("a") as file:
        file.write("  environments: {staging: {}, production: {}}\n")
    monkeypatch.setenv("RECONCILER_ENV", "staging")
    release(project, cli, "You", "They")
    archive_and_restore(project, cli)
    warned = cli("plan", "-o", "json").document["warnings"]
    assert [one["code"] for one in warned] == ["already-archived"]
    assert cli("publish", "helper", "1", "--env", "production").code == 0
    assert "already-archived" not in {one["code"] for one in cli("plan", "-o", "json").document["warnings"]}
    assert cli("archive", "release/helper@1").code == 3
    assert cli("apply", "--yes", "--env", "production").code == 0
    assert cli("plan", "--env", "production").code == 0
