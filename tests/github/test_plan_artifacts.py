"""Acceptance of plan artifacts, and rejection of those that the pull request may have made itself."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.github import GitHub
from reconciler.github.plan_artifacts import Review, Reviews
from tests.support.github_hub import Hub, now
from tests.support.github_repositories import Checkout

PLAN = b'{"plan": "of %s"}'


@pytest.fixture
def repo(hub: Hub, tmp_path: Path) -> Checkout:
    """Return a repository with one applied commit on main."""
    made = Checkout.make(tmp_path)
    hub.bare = made.bare
    hub.ran("apply.yml", "push", made.commit("main", agent="one"), "main")
    return made


@pytest.fixture
def propose(hub: Hub, repo: Checkout) -> Callable[..., int]:
    """Open a pull request from a branch that changes files, and plan it."""

    def propose(branch: str, *, planned: bool = True, **files: str) -> int:
        repo("checkout", "-q", "main")
        sha = repo.commit(branch, **(files or {branch: "x"}))
        number = hub.open_pull(branch)
        if planned:
            run = hub.ran("plan.yml", "pull_request", sha, branch)
            hub.planned(run, {"plan.json": PLAN % branch.encode()})
        return number

    return propose


@pytest.fixture
def reviews(github: GitHub, hub: Hub) -> Callable[[], list[Review]]:
    def reviews() -> list[Review]:
        where = Reviews(github, "plan.yml", "apply.yml", "main", hub.git("rev-parse", "main"))
        return list(where.since_last_apply())

    return reviews


@pytest.mark.parametrize("squash", [True, False])
def test_merged_pull_request_yields_its_plan(hub: Hub, repo: Checkout, propose, reviews, squash):
    number = propose("feature")
    hub.merged(number, repo.merge("feature", squash=squash))
    assert reviews() == [Review(number, (PLAN % b"feature",))]


def test_rebased_pull_request_is_found_by_its_last_commit(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    sha = repo.commit("feature", feature="and more")
    hub.pushed(number)
    hub.planned(hub.ran("plan.yml", "pull_request", sha, "feature"), {"plan.json": b"of both"})
    repo("checkout", "-q", "main")
    repo.commit("main", another="meanwhile")
    repo("cherry-pick", "main~1..feature")
    hub.merged(number, repo.pushed("main"))
    assert reviews() == [Review(number, (b"of both",))]


def test_pull_requests_since_the_last_successful_apply_are_included(hub: Hub, repo: Checkout, propose, reviews):
    """Two consecutive merges, of which the apply of the first failed, after one that was applied."""
    before, first, second = (propose(branch) for branch in ("before", "first", "second"))
    applied = repo.merge("before")
    hub.merged(before, applied)
    hub.pulls[before]["updated_at"] = "2020-01-01T00:00:00Z"
    hub.ran("apply.yml", "push", applied, "main")
    hub.merged(first, repo.merge("first", squash=True))
    hub.ran("apply.yml", "push", repo("rev-parse", "main"), "main", conclusion="failure")
    hub.merged(second, repo.merge("second"))
    assert {review.pull for review in reviews()} == {first, second}


def test_old_pull_request_with_new_comment_is_excluded(hub: Hub, repo: Checkout, propose, reviews):
    old = propose("old")
    merged = repo.merge("old")
    hub.merged(old, merged)
    hub.ran("apply.yml", "push", merged, "main")
    hub.pulls[old]["updated_at"] = now()
    assert reviews() == []


def test_all_merged_pull_requests_before_the_first_apply_are_included(hub: Hub, repo: Checkout, propose, reviews):
    hub.runs.clear()
    number = propose("feature")
    hub.merged(number, repo.merge("feature"))
    assert [review.pull for review in reviews()] == [number]


def test_pull_request_closed_without_merge_is_excluded(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    hub.pulls[number]["state"] = "closed"
    repo.commit("main", feature="x")
    assert reviews() == []


def test_apply_workflow_run_for_pull_request_is_not_an_apply(hub: Hub, repo: Checkout, propose, reviews):
    """A fork may have a branch `main` with a different apply.yml."""
    number = propose("feature")
    hub.merged(number, repo.merge("feature"))
    hub.ran("apply.yml", "pull_request", repo("rev-parse", "main"), "main")
    hub.ran("apply.yml", "push", repo("rev-parse", "main"), "main", head_repository={"full_name": "mallory/bots"})
    assert [review.pull for review in reviews()] == [number]


def void(reviews: list[Review]) -> str:
    (review,) = reviews
    assert not (review.void and review.plans)
    return review.void


def test_pull_request_from_fork_is_void(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    hub.pulls[number]["head"]["repo"] = {"full_name": "mallory/bots"}
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "it comes from a fork"


def test_pull_request_from_deleted_fork_is_void(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    hub.pulls[number]["head"]["repo"] = None
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "it comes from a fork"


@pytest.mark.parametrize("squash", [True, False])
def test_pull_request_that_edits_the_workflow_is_void(hub: Hub, repo: Checkout, propose, reviews, squash):
    number = propose("feature", **{".github__workflows__plan.yml": "run: echo all is well", "feature": "x"})
    hub.merged(number, repo.merge("feature", squash=squash))
    assert void(reviews()).startswith("it changes .github/")


def test_same_commit_for_another_base_is_void(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    repo("push", "-q", "origin", "main:lenient")
    hub.open_pull("feature", base="lenient")
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "another pull request has the same commit and another base branch"


def test_commit_merged_before_its_plan_was_complete_is_void(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    repo.commit("feature", feature="and more")
    hub.pushed(number)
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "its last commit was merged before its plan was complete"


def test_only_the_last_run_is_used(hub: Hub, repo: Checkout, propose, reviews):
    """The run may be in progress, because the base was changed."""
    number = propose("feature")
    head = hub.pulls[number]["head"]["sha"]
    hub.ran("plan.yml", "pull_request", head, "feature", status="in_progress", conclusion=None)
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "its last commit was merged before its plan was complete"


def test_dispatched_run_is_ignored(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature", planned=False)
    run = hub.ran("plan.yml", "workflow_dispatch", hub.pulls[number]["head"]["sha"], "feature")
    hub.planned(run, {"plan.json": b"{}"})
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "its last commit was merged before its plan was complete"


def test_expired_artifact_is_void(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    for (artifact,) in hub.artifacts.values():
        artifact["expired"] = True
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "its plan has expired"


def test_other_artifacts_are_not_loaded(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    hub.upload(hub.runs[-1]["id"], "report", {"plan.html": b"<html>"})
    hub.merged(number, repo.merge("feature"))
    assert reviews() == [Review(number, (PLAN % b"feature",))]
    assert len(hub.seen_elsewhere) == 1


def test_repeated_run_uses_its_last_artifacts(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    for attempt in range(2, 12):
        hub.planned(hub.runs[-1]["id"], {"plan.json": b"again, %d" % attempt}, attempt=attempt)
    hub.merged(number, repo.merge("feature"))
    assert reviews() == [Review(number, (b"again, 11",))]


def test_a_job_that_failed_has_no_plan(hub: Hub, repo: Checkout, propose, reviews):
    """The folder of the artifact may have been made by the pull request. Other jobs of the run count."""
    number = propose("feature")
    run = hub.runs[-1]["id"]
    hub.planned(run, {"plan.json": b"of production"}, "bots production", conclusion="failure")
    hub.merged(number, repo.merge("feature"))
    assert reviews() == [Review(number, (PLAN % b"feature",))]


def test_a_job_that_failed_when_it_was_repeated_has_no_plan(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    hub.planned(hub.runs[-1]["id"], {}, attempt=2, conclusion="failure")
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "no job that succeeded uploaded a plan"


def test_a_job_that_was_not_repeated_keeps_its_plan(hub: Hub, repo: Checkout, propose, reviews):
    """GitHub repeats only the jobs that failed, and counts the attempts of the run."""
    number = propose("feature")
    run = hub.runs[-1]["id"]
    hub.planned(run, {"plan.json": b"of production"}, "bots production", attempt=2)
    hub.jobs[run][0]["run_attempt"] = 2
    hub.merged(number, repo.merge("feature"))
    assert reviews() == [Review(number, (PLAN % b"feature", b"of production"))]


@pytest.mark.parametrize("name", ["plan-0", "plan-", "plan-0123456789ab", "plan-0123456789ab-1", "plan-0123456789ab-0"])
def test_an_artifact_without_its_job_is_no_plan(hub: Hub, repo: Checkout, propose, reviews, name):
    number = propose("feature", planned=False)
    run = hub.ran("plan.yml", "pull_request", hub.pulls[number]["head"]["sha"], "feature")
    hub.planned(run, {})
    hub.upload(run, name, {"plan.json": b"{}"})
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "no job that succeeded uploaded a plan"


def test_base_set_after_the_run_started_is_void(hub: Hub, repo: Checkout, propose, reviews):
    """The run used the workflow of the other branch; a workflow without `edited` does not run again."""
    number = propose("feature")
    hub.moved(number, "main", at=now())
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "it was planned for another base branch, and not again after the change"


def test_base_set_before_the_run_is_accepted(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature")
    hub.moved(number, "main", at="2020-01-01T00:00:00Z")
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == ""


def test_rules_that_github_does_not_list_are_found(
    hub: Hub, repo: Checkout, propose, reviews, monkeypatch: pytest.MonkeyPatch
):
    """GitHub lists 3,000 files of a pull request, by name, and some names sort before `.github`."""
    edited = propose("edited", **{"-1": "x", ".github__workflows__plan.yml": "run: echo all is well"})
    large = propose("large", **{"-1": "x", "-2": "x"})
    hub.merged(edited, repo.merge("edited"))
    hub.merged(large, repo.merge("large", squash=True))
    monkeypatch.setattr(hub, "listed_files", 1)
    found = {review.pull: review.void for review in reviews()}
    assert found == {edited: "its .github/ is not that of the base branch, so its own workflow may have run", large: ""}


def test_lists_with_many_pages_are_read_completely(hub: Hub, repo: Checkout, propose, reviews):
    """Several pages of pull requests, commits, files, runs and artifacts are read."""
    hub.page = 1
    numbers = [propose(branch, **{branch: "x", f"{branch}-2": "x"}) for branch in ("one", "two", "three")]
    for number, branch in zip(numbers, ("one", "two", "three"), strict=True):
        hub.ran("apply.yml", "push", hub.git("rev-parse", "main"), "main", conclusion="failure")
        hub.merged(number, repo.merge(branch, squash=True))
        run = next(run for run in hub.runs if run["head_branch"] == branch)
        hub.planned(run["id"], {"plan.json": b"of production"}, "bots production")
    assert {(review.pull, *review.plans) for review in reviews()} == {
        (number, PLAN % branch, b"of production")
        for number, branch in zip(numbers, (b"one", b"two", b"three"), strict=True)
    }


def test_artifacts_without_plan_file_are_ignored(hub: Hub, repo: Checkout, propose, reviews):
    number = propose("feature", planned=False)
    run = hub.ran("plan.yml", "pull_request", hub.pulls[number]["head"]["sha"], "feature")
    hub.planned(run, {"../plan.json": b"{}", "plan.json/x": b"", "/etc/plan.json": b""})
    hub.merged(number, repo.merge("feature"))
    assert void(reviews()) == "no job that succeeded uploaded a plan"


def packed(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("plan.json", data)
    return made.getvalue()


BOMB = packed(b"0" * (65 * 2**20))
LYING = BOMB.replace((65 * 2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        pytest.param(BOMB, "is larger than 64 MiB", id="bomb"),
        pytest.param(LYING, "in a damaged archive", id="bomb that says it is small"),
        pytest.param(packed(b"0" * 2**20, zipfile.ZIP_LZMA), "archive of an unsupported kind", id="another method"),
        pytest.param(packed(b"{}")[:-30], "in a damaged archive", id="cut off"),
        pytest.param(b"<html>", "in a damaged archive", id="no archive"),
    ],
)
def test_damaged_artifact_voids_only_its_pull_request(
    hub: Hub, repo: Checkout, propose, reviews, archive: bytes, why: str
):
    good, bad = propose("good"), propose("bad")
    hub.archives[max(hub.archives)] = archive
    hub.merged(good, repo.merge("good"))
    hub.merged(bad, repo.merge("bad"))
    found = {review.pull: review for review in reviews()}
    assert found[good] == Review(good, (PLAN % b"good",))
    assert why in found[bad].void
    assert found[bad].plans == ()
