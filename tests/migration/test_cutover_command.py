"""`reconciler migrate --cutover`: its output in every format, its exit codes, and options that it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import codes
from reconciler.cli.main import run
from reconciler.migration.cutover_model import Cutover
from reconciler.reports.markdown.cutover import cutover_markdown
from reconciler.reports.style import Style
from reconciler.reports.text.cutover import cutover_text
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem
from tests.support.desk import Desk


@pytest.fixture
def at_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(desk.root)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("RECONCILER_ENV", raising=False)
    return desk


def document(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert run(["migrate", "--cutover", "support", "-o", "json", *words]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_default_target_is_responses(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate", "--cutover", "chatbot/support"]) == 0
    done = capsys.readouterr()
    assert done.out.startswith("Cutover: chatbot/support to target responses; fields: ")
    assert "Next: reconciler validate" in done.err
    assert (at_desk.root / "assistants/triage-responses.yaml").is_file()


def test_the_text_has_both_configurations_side_by_side(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    run(["migrate", "--cutover", "support", "--dry-run"])
    done = capsys.readouterr()
    lines = {" ".join(line.split()) for line in done.out.splitlines()}
    assert {
        "assistant/triage -> assistant/triage-responses, new manifest",
        "assistants responses",
        '= reasoning_effort: "low" reasoning.effort: "low"',
        '- name: "Claims Desk" -',
        "- history thread: `threads.create`",
        "+ conversation: `conversations.create(items=…)`",
        "Publishes in staging release 2 in place of release 1.",
        "To roll back: reconciler publish support 1",
        "Not switched, still using assistant/closer: chatbot/night",
        "Would write 5 files",
    } <= lines
    assert "Dry run: nothing was written." in done.err


@pytest.mark.parametrize(
    ("published", "words", "commands"),
    [
        ("{staging: 1}", (), ["reconciler publish support 1 --env staging"]),
        ("1", ("--env", "staging"), ["reconciler publish support 1 --env staging"]),
        ("{staging: 1, production: 1}", (), ["reconciler publish support 1"]),
    ],
)
def test_the_rollback_changes_only_the_switched_environments(
    published: str, words: tuple[str, ...], commands: list[str], at_desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    at_desk.edit("chatbots/support.yaml", "published: 1", f"published: {published}")
    run(["migrate", "--cutover", "support", "--dry-run", *words])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines if "To roll back" in line] == commands


def test_the_markdown_is_a_table_of_the_fields(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    run(["migrate", "--cutover", "support", "--dry-run", "-o", "markdown"])
    text = capsys.readouterr().out
    assert text.startswith("# Cutover of `chatbot/support`\n")
    assert '| same | `reasoning_effort: "low"` | `reasoning.effort: "low"` |  |\n' in text
    assert "## Calls of the application\n\n|  | `assistants` | `responses` |\n" in text
    assert "- `releases/support/v2.yaml`" in text


def test_the_json_has_values_and_codes(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys)
    assert (found["format"], found["release"], found["new_release"]) == (
        "reconciler/cutover/v1",
        "release/support@2",
        True,
    )
    triage = next(one for one in found["pairs"] if one["before"] == "assistant/triage")
    effort = next(one for one in triage["fields"] if one.get("field") == "reasoning_effort")
    assert effort == {
        "verdict": "same",
        "field": "reasoning_effort",
        "to": "reasoning.effort",
        "before": "low",
        "after": "low",
    }
    assert [one["code"] for one in found["calls"]] == ["conversation", "answer", "functions", "files", "options"]
    assert len(found["written"]) == 5


def test_a_refusal_has_its_exit_code_and_the_report(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--to", "agents", code=codes.REFUSED)
    assert {one["code"] for one in found["refusals"]} == {"not-expressible"}
    assert found["written"] == []
    assert run(["migrate", "--cutover", "support", "--to", "agents"]) == codes.REFUSED
    done = capsys.readouterr()
    assert done.out.startswith("Refused: chatbot/support to target agents")
    assert "Nothing was written." in done.err


def test_the_way_back(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    run(["migrate", "--cutover", "support"])
    assert run(["migrate", "--cutover", "support", "--to", "assistants"]) == 0
    assert "No new release: release 1 has this content." in capsys.readouterr().out
    assert run(["migrate", "--cutover", "support", "--to", "assistants"]) == 0
    assert "No changes: the chatbot is already switched." in capsys.readouterr().err


def test_the_environment_of_the_pointer(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, "--env", "staging")["published"] == [
        {"environment": "staging", "before": 1, "after": 2, "rollback": False}
    ]
    assert run(["migrate", "--cutover", "support", "--env", "nowhere"]) == codes.REFUSED
    assert "unknown-environment" in (out := capsys.readouterr().out)
    assert "the environment `nowhere` does not exist" in " ".join(out.split())


def test_the_project_of_another_folder(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["migrate", "--cutover", "support", "-C", str(desk.root), "--dry-run"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["export.json", "--cutover", "support"],
        ["export.json", "--to", "assistants"],
        ["export.json", "--to", "agents", "--env", "staging"],
        [],
    ],
)
def test_options_that_do_not_belong_together(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate", *words]) == codes.USAGE
    assert "--" in capsys.readouterr().err


def test_an_unknown_chatbot(at_desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate", "--cutover", "suport"]) == codes.FAILED
    assert "did you mean `chatbot/support`" in capsys.readouterr().err


def test_problems_without_a_place_are_shown_without_one() -> None:
    refused = Cutover(
        Address("chatbot", "support"), "responses", (), refusals=(Problem("any", "No room", hint="Wait"),)
    )
    assert "  any  No room\n" in cutover_text(refused, style=Style())
    assert "\n- No room. Wait\n" in cutover_markdown(refused)
