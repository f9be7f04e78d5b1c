"""Tests of `ci`: inputs from a workflow, and outputs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli
from tests.support.github_hub import REPOSITORY, TOKEN, Hub, refusal, serve

BODY = "<!-- reconciler:plan acme -->\nhello\n"
COUNTS = {"modified": 2, "missing": 0, "tampered": 1, "failing": 1, "retiring": 2, "unchanged": 40}
DRIFT = {"format": "reconciler/drift/v2", "identity": "acme", "in_sync": False, "clean": False, "summary": COUNTS}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with serve(Hub()) as made:
        monkeypatch.setenv("GITHUB_API_URL", made.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield made


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "body.md"
    file.write_text(BODY)
    return file


def happen(monkeypatch: pytest.MonkeyPatch, body: Path, pull_request: dict[str, Any]) -> None:
    """Write the event of the workflow run, in the format of GitHub."""
    event = body.with_name("event.json")
    event.write_text(json.dumps({"pull_request": pull_request}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))


@pytest.fixture
def pull(hub: Hub, body: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A pull request, and a run of plan.yml for its head."""
    number = hub.open_pull("topic", sha="3f2c1ab9d0e1f2a3")
    happen(monkeypatch, body, hub.pulls[number])
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_RUN_ID", "17")
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", f"{REPOSITORY}/.github/workflows/plan.yml@refs/pull/7/merge")
    return number


def test_the_comment_says_of_which_commit_it_is_and_where_all_of_it_is(hub: Hub, cli: Cli, body: Path, pull: int):
    assert cli("ci", "comment", body).code == 0
    (comment,) = hub.comments[pull]
    assert comment["body"] == (
        f"{BODY}\nPlanned is the merge of `3f2c1ab9d0e1` into `main`. "
        "The full plan, as HTML and JSON, is an artifact of "
        "[this run](https://github.example/acme/bots/actions/runs/17).\n\n<!-- reconciler:by plan.yml -->\n"
    )


def test_a_plan_of_an_earlier_commit_does_not_stay(hub: Hub, cli: Cli, body: Path, pull: int):
    cli("ci", "comment", body)
    assert "(no plan)" in cli("ci", "comment").out
    (comment,) = hub.comments[pull]
    assert comment["body"] == (
        "<!-- reconciler:plan acme -->\n\n## No plan: `acme`\n\n"
        "There is none for `3f2c1ab9d0e1`: planning failed, or `acme` is not planned any more. "
        "See [this run](https://github.example/acme/bots/actions/runs/17).\n\n<!-- reconciler:by plan.yml -->\n"
    )
    cli("ci", "comment", body)
    assert comment["body"].startswith(BODY)


def test_the_run_of_an_earlier_commit_writes_nothing(hub: Hub, cli: Cli, body: Path, pull: int):
    hub.pulls[pull]["head"]["sha"] = "4a3d"
    done = cli("ci", "comment", body)
    assert (done.code, hub.comments) == (0, {})
    assert f"#{pull} has a commit that is newer than 3f2c1ab9d0e1" in done.out


def test_the_pull_request_is_that_of_the_event(hub: Hub, cli: Cli, body: Path, monkeypatch: pytest.MonkeyPatch):
    happen(monkeypatch, body, {"number": 7})
    assert cli("ci", "comment", body).out.startswith("https://github.example/acme/bots/pull/7#")
    assert [comment["body"] for comment in hub.comments[7]] == [BODY]


def test_a_run_for_no_pull_request_has_to_name_one(hub: Hub, cli: Cli, body: Path):
    assert cli("ci", "comment", body).code == 64
    assert cli("ci", "comment", body, "--pull-request", 8).code == 0
    assert list(hub.comments) == [8]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_title_of_the_issue_counts_what_was_found(hub: Hub, cli: Cli, body: Path, version: str):
    drift = body.with_name("drift.json")
    drift.write_text(json.dumps({**DRIFT, "format": f"reconciler/drift/{version}"}))
    assert cli("ci", "issue", body, "--drift", drift).code == 0
    (issue,) = hub.issues.values()
    assert issue["title"] == "Drift: acme, 2 modified, 1 tampered, 1 failing file, 2 retiring models"
    drift.write_text(json.dumps({**DRIFT, "in_sync": True, "clean": True}))
    assert cli("ci", "issue", body, "--drift", drift).code == 0
    assert issue["state"] == "closed"
    assert "no open issue" in cli("ci", "issue", body, "--drift", drift).out


def test_a_retiring_model_keeps_the_issue_open(hub: Hub, cli: Cli, body: Path):
    drift = body.with_name("drift.json")
    soon = {"in_sync": True, "clean": False, "summary": {"modified": 0, "retiring": 1, "unchanged": 40}}
    drift.write_text(json.dumps({**DRIFT, **soon}))
    cli("ci", "issue", body, "--drift", drift)
    (issue,) = hub.issues.values()
    assert (issue["state"], issue["title"]) == ("open", "To do: acme, 1 retiring model")


def test_a_report_that_says_the_same_leaves_the_issue_alone(hub: Hub, cli: Cli, body: Path):
    drift = body.with_name("drift.json")
    drift.write_text(json.dumps(DRIFT))
    for _ in range(3):
        assert cli("ci", "issue", body, "--drift", drift).code == 0
    assert {request.partition(" ")[0] for request in hub.asked} == {"GET", "POST"}
    assert hub.asked["POST /issues"] == 1


@pytest.mark.parametrize("drift", ["", "{}", "[]", '{"format": "reconciler/plan/v1"}', "\xff"])
def test_an_invalid_drift_document_is_an_error(hub: Hub, cli: Cli, body: Path, drift: str):
    file = body.with_name("drift.json")
    file.write_bytes(drift.encode("latin-1"))
    done = cli("ci", "issue", body, "--drift", file)
    assert done.code == 1
    assert "error[drift-file]" in done.err
    assert not hub.issues


def test_a_drift_report_of_a_newer_format_names_both_and_the_upgrade(hub: Hub, cli: Cli, body: Path):
    file = body.with_name("drift.json")
    file.write_text(json.dumps({**DRIFT, "format": "reconciler/drift/v3"}))
    done = cli("ci", "issue", body, "--drift", file)
    assert done.code == 1
    assert "reconciler/drift/v3" in done.err
    assert "reads reconciler/drift/v1 and reconciler/drift/v2" in done.err
    assert "pip install --upgrade ." in done.err
    assert not hub.issues


def test_a_refusal_of_github_is_an_error_without_the_token(hub: Hub, cli: Cli, body: Path):
    hub.failing = [refusal(403, "Resource not accessible by integration")]
    done = cli("ci", "comment", body, "--pull-request", 7)
    assert done.code == 1
    assert "error[github]: GitHub answered 403" in done.err
    assert TOKEN not in done.out + done.err


def test_reviewed_outside_a_workflow_says_what_is_missing(hub: Hub, cli: Cli, project: Path):
    done = cli("ci", "reviewed", "--out", project / "reviewed.json")
    assert done.code == 64
    assert "GITHUB_WORKFLOW_REF is not set" in done.err


def test_reviewed_without_changes_sends_no_request_to_github(hub: Hub, cli: Cli, applied: Path):
    done = cli("ci", "reviewed", "--out", applied / "reviewed.json")
    assert (done.code, hub.asked.total()) == (0, 0)
    assert "Reviewed: 0 changes. Held back: 0 changes." in done.out
    assert cli("apply", applied / "reviewed.json", "--yes").code == 0


def test_reviewed_refuses_a_plan_that_is_refused(hub: Hub, cli: Cli, applied: Path):
    (applied / "assistants" / "helper.yaml").unlink()
    assert cli("ci", "reviewed", "--out", applied / "reviewed.json").code == 3
    assert not (applied / "reviewed.json").exists()
