"""Documents of version 893cbbb that are kept at GitHub: plans that pull requests have shown, and drift reports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github_hub import REPOSITORY, TOKEN, Hub, serve
from tests.support.github_repositories import Checkout
from tests.upgrade.conftest import DATA, Cli, Restore, live, read

CASES = DATA / "acme" / "cases"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """GitHub as a run of apply.yml on main sees it."""
    repository = Checkout.make(tmp_path)
    repository.commit("main", readme="Bots.")
    head = repository.commit("topic", readme="More bots.")
    with serve(Hub(bare=repository.bare)) as made:
        for name, value in {
            "GITHUB_API_URL": made.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REF_NAME": "main",
            "GITHUB_SHA": head,
            "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/apply.yml@refs/heads/main",
        }.items():
            monkeypatch.setenv(name, value)
        yield made


def merged(hub: Hub, plan: Path) -> None:
    """A pull request that showed `plan` and was merged."""
    head = hub.git("rev-parse", "topic")
    pull = hub.open_pull("topic", sha=head)
    run = hub.ran("plan.yml", "pull_request", head, "topic")
    hub.planned(run, {"plan.json": plan.read_bytes()})
    hub.merged(pull, head)


def test_a_plan_that_was_reviewed_counts_and_applies(cli: Cli, restore: Restore, hub: Hub, tmp_path: Path):
    root = restore("acme", "fresh")
    merged(hub, CASES / "fresh" / "plan.json")
    approved = tmp_path / "approved.json"
    reviewed = cli("ci", "reviewed", "--env", "production", "--out", approved)
    assert reviewed.code == 0, reviewed.out + reviewed.err
    assert read(approved)["digest"] == read(CASES / "fresh" / "plan.json")["digest"]
    before = live(root)
    assert cli("apply", "--yes", approved).code == 0
    assert live(root) != before


def test_what_no_pull_request_has_shown_is_held_back(cli: Cli, restore: Restore, hub: Hub, tmp_path: Path):
    restore("acme", "fresh")
    merged(hub, CASES / "drift" / "plan-keep.json")
    reviewed = cli("ci", "reviewed", "--env", "production", "--out", tmp_path / "approved.json")
    assert reviewed.code == 2, reviewed.out + reviewed.err


def test_an_issue_is_opened_from_a_drift_report(cli: Cli, hub: Hub, tmp_path: Path):
    body = tmp_path / "body.md"
    body.write_text("<!-- reconciler:drift acme/production -->\nDrift.\n")
    opened = cli("ci", "issue", body, "--drift", CASES / "drift" / "drift.json")
    assert opened.code == 0, opened.err
    (issue,) = hub.issues.values()
    assert issue["title"] == "Drift: acme/production, 3 modified"
