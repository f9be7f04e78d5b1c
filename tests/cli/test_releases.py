"""`release`, `publish`, `diff` and `archive`: options, output, exit codes."""

import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Cli, edit


@pytest.fixture
def bot(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The chatbot of the starter project, which is under version control; no endpoint is needed."""
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    subprocess.run(["git", "init", "--quiet", "."], check=True)
    subprocess.run(["git", "add", "-A"], check=True)
    (file,) = (project / "chatbots").iterdir()
    return file.stem


def test_a_release_is_written_and_reported(bot: str, cli: Cli) -> None:
    done = cli("release", bot, "-m", "the first")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"Released release/{bot}@1\n  wrote releases/{bot}/v1.yaml\n"
        f"Next: commit it, and have it reviewed. To publish it: reconciler publish {bot} 1\n"
    )
    assert cli("validate").code == 0
    again = cli("release", bot)
    assert (again.code, again.out) == (1, "")
    assert "error[nothing-to-release]" in again.err


def test_a_release_and_its_publication_in_one(bot: str, project: Path, cli: Cli) -> None:
    assert cli("release", bot, "--publish").code == 0
    (file,) = (project / "assistants").iterdir()
    edit(file, "spec:\n", "spec:\n  temperature: 0.5\n")
    done = cli("release", bot, "--publish", "-o", "json").document
    assert done["published"] == [{"environment": None, "before": 1, "after": 2, "rollback": False}]
    assert done["files"] == [f"releases/{bot}/v2.yaml", f"chatbots/{bot}.yaml"]
    assert [one["fields"] for one in done["changes"]["objects"]] == [[{"path": "temperature", "after": 0.5}]]


def test_a_rollback_is_reported(bot: str, project: Path, cli: Cli) -> None:
    cli("release", bot)
    (file,) = (project / "assistants").iterdir()
    edit(file, "spec:\n", "spec:\n  temperature: 0.5\n")
    cli("release", bot, "--publish")
    done = cli("publish", bot, 1)
    assert (done.code, done.out.split("\n")[0]) == (0, "Rollback: release 1, after 2")
    assert cli("publish", bot, 1).out == f"No changes: release 1 of {bot} is already published.\n"
    assert "Unpublishes release 1\n" in cli("publish", bot, "none").out
    assert cli("publish", bot, "none", "-o", "json").document["published"] == []


@pytest.mark.parametrize("number", ["0", "-1", "one", "1.5", "²"])
def test_an_invalid_release_number_is_incorrect_usage(bot: str, cli: Cli, number: str) -> None:
    assert cli("publish", bot, "--", number).code == 64


def test_a_comparison(bot: str, project: Path, cli: Cli) -> None:
    cli("release", bot)
    assert cli("diff", f"{bot}@1", bot).out == f"release/{bot}@1 -> chatbot/{bot}: nothing changed.\n"
    (file,) = (project / "assistants").iterdir()
    edit(file, "spec:\n", "spec:\n  temperature: 0.5\n")
    text = cli("diff", f"{bot}@1", bot)
    assert (text.code, "      + temperature: 0.5\n" in text.out) == (0, True)
    assert not cli("diff", f"{bot}@1", bot, "-o", "json").document["same"]
    markdown = cli("diff", f"{bot}@1", bot, "-o", "markdown").out
    assert markdown.startswith(f"## `release/{bot}@1` → `chatbot/{bot}`\n")
    assert "```text\nObjects\n  ~ assistant/" in markdown


def test_archive_of_a_used_object_returns_exit_code_3(bot: str, project: Path, cli: Cli) -> None:
    (file,) = (project / "assistants").iterdir()
    done = cli("archive", f"assistant/{file.stem}")
    assert done.code == 3
    assert f"refused[referenced]: assistant/{file.stem} is still used" in done.out
    assert done.out.endswith("Nothing was changed.\n")
    assert "consent" not in done.out
    document = cli("archive", f"assistant/{file.stem}", "-o", "json").document
    assert [one["rule"] for one in document["refusals"]] == ["referenced"]


def test_archive_names_the_files_that_stay_without_a_manifest(project: Path, cli: Cli) -> None:
    desk = "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {{name: {0}}}\nspec: {{model: gpt-6-luna, {1}}}\n"
    for name, fields in (("desk", "instructions: {$file: desk.txt}"), ("lane", "instructions: {$file: lane.txt}")):
        (project / f"{name}.yaml").write_text(desk.format(name, fields))
        (project / f"{name}.txt").write_text("Be kind.")
    assert cli("archive", "assistant/desk", "-o", "json").document["unused"] == ["desk.txt"]
    assert "No manifest uses these files any longer, and they stay: lane.txt" in cli("archive", "assistant/lane").out
    assert (project / "desk.txt").is_file()


def test_archive_edits_the_manifests(bot: str, project: Path, cli: Cli) -> None:
    cli("release", bot)
    done = cli("archive", f"chatbot/{bot}")
    assert (done.code, f"removed chatbots/{bot}.yaml" in done.out) == (0, True)
    assert not (project / f"chatbots/{bot}.yaml").exists()
    assert cli("validate").code == 0


def test_no_address_is_wrong_usage(bot: str, cli: Cli) -> None:
    assert cli("archive", bot).code == 64


def test_release_of_a_project_without_environments_keeps_its_variables(project, cli):
    text = (project / "project.yaml").read_text()
    lines = [line for line in text.splitlines() if "company" not in line]
    (project / "project.yaml").write_text("\n".join([*lines, "  variables: {company: Acme, n: 1.10}"]) + "\n")
    with (project / "prompts" / "helper.md").open("a") as file:
        file.write("\nFor ${var.company} at ${var.n}.\n")
    assert cli("release", "helper", "--publish", "--vendor", "-m", "First").code == 0
    assert cli("apply", "--yes").code == 0
    assert cli("plan").out.startswith("No changes.")
    edit(project / "project.yaml", "company: Acme", "company: Globex")
    done = cli("diff", "helper@1", "helper")
    assert '  ~ company: "Acme" -> "Globex"' in done.out
