"""Tests of comments and issues: one comment per plan, one issue per report, and no change to those of others."""

import pytest

from reconciler.github import GitHub, GitHubError
from reconciler.github.issues import close_issue, mark_of, replace_comments, upsert_comment, upsert_issue
from tests.support.github_hub import Hub

STAGING = "<!-- reconciler:plan acme/staging -->\n"
PRODUCTION = "<!-- reconciler:plan acme/production -->\n"
BY = "<!-- reconciler:by plan.yml -->"
DRIFT = "<!-- reconciler:drift acme/staging -->\n"


def bodies(hub: Hub, number: int) -> list[str]:
    return [comment["body"] for comment in hub.comments[number]]


def test_upsert_comment_twice_edits_the_first(github: GitHub, hub: Hub):
    first = upsert_comment(github, 7, STAGING + "two changes")
    assert upsert_comment(github, 7, STAGING + "three changes") == first
    assert bodies(hub, 7) == [STAGING + "three changes"]


def test_upsert_comment_keeps_one_comment_per_environment(github: GitHub, hub: Hub):
    for body in (STAGING + "a", PRODUCTION + "b", STAGING + "c"):
        upsert_comment(github, 7, body)
    assert bodies(hub, 7) == [STAGING + "c", PRODUCTION + "b"]


def test_upsert_comment_unchanged_writes_nothing(github: GitHub, hub: Hub):
    upsert_comment(github, 7, STAGING + "a")
    upsert_comment(github, 7, STAGING + "a")
    assert hub.asked == {"GET /issues/7/comments": 2, "POST /issues/7/comments": 1}


def test_upsert_comment_is_found_on_later_pages(github: GitHub, hub: Hub):
    hub.comments[7] = [{"id": -n, "body": "LGTM", "user": {"login": "ann"}} for n in range(250)]
    upsert_comment(github, 7, STAGING + "a")
    upsert_comment(github, 7, STAGING + "b")
    assert bodies(hub, 7)[250:] == [STAGING + "b"]


@pytest.mark.parametrize("user", [{"login": "mallory"}, None])
def test_upsert_comment_of_another_author_is_not_edited(github: GitHub, hub: Hub, user):
    hub.comments[7] = [{"id": 1000, "body": STAGING + "nothing to see here", "user": user}]
    upsert_comment(github, 7, STAGING + "all is deleted")
    assert bodies(hub, 7) == [STAGING + "nothing to see here", STAGING + "all is deleted"]


def test_replace_comments_replaces_those_not_kept(github: GitHub, hub: Hub):
    for body in (STAGING + f"a\n{BY}", PRODUCTION + f"b\n{BY}"):
        upsert_comment(github, 7, body)
    replaced = replace_comments(github, 7, BY, {mark_of(STAGING)}, lambda mark: f"{mark}\nnone\n{BY}")
    assert bodies(hub, 7) == [STAGING + f"a\n{BY}", PRODUCTION + f"none\n{BY}"]
    assert replaced == [hub.comments[7][1]["html_url"]]
    replace_comments(github, 7, BY, {mark_of(STAGING)}, lambda mark: f"{mark}\nnone\n{BY}")
    assert hub.asked.total() == 7  # two comments made, a list for each of four calls, one edit: none the second time


@pytest.mark.parametrize(
    ("body", "login"),
    [
        (STAGING + "of another workflow\n<!-- reconciler:by other.yml -->", "github-actions[bot]"),
        (STAGING + f"of somebody else\n{BY}", "mallory"),
        (f"no plan\n{BY}", "github-actions[bot]"),
    ],
)
def test_replace_comments_leaves_other_comments(github: GitHub, hub: Hub, body: str, login: str):
    hub.comments[7] = [{"id": 1000, "body": body, "user": {"login": login}, "html_url": "https://github.example/7"}]
    assert replace_comments(github, 7, BY, (), lambda mark: "none") == []
    assert bodies(hub, 7) == [body]


def test_mark_quoted_in_a_later_line_is_ignored(github: GitHub, hub: Hub):
    upsert_comment(github, 7, STAGING + "a")
    hub.comments[7].insert(0, {"id": 1000, "body": "> " + PRODUCTION, "user": {"login": hub.login}})
    upsert_comment(github, 7, PRODUCTION + "b")
    assert len(hub.comments[7]) == 3


def test_mark_of_text_without_mark_is_an_error(github: GitHub, hub: Hub):
    with pytest.raises(GitHubError, match="no-mark"):
        upsert_comment(github, 7, "hello")
    assert hub.asked.total() == 0


def test_issue_is_opened_updated_and_closed(github: GitHub, hub: Hub):
    first = upsert_issue(github, "Drift: 1 modified", DRIFT + "x")
    assert upsert_issue(github, "Drift: 2 modified", DRIFT + "x, y") == first
    (issue,) = hub.issues.values()
    assert (issue["title"], issue["body"], issue["state"]) == ("Drift: 2 modified", DRIFT + "x, y", "open")
    assert close_issue(github, DRIFT + "in sync") == first
    assert (issue["state"], issue["body"]) == ("closed", DRIFT + "in sync")


def test_close_issue_without_open_issue_writes_nothing(github: GitHub, hub: Hub):
    assert close_issue(github, DRIFT + "in sync") is None
    assert hub.asked == {"GET /issues": 1}


def test_upsert_issue_after_close_opens_a_new_issue(github: GitHub, hub: Hub):
    upsert_issue(github, "Drift", DRIFT + "x")
    close_issue(github, DRIFT + "in sync")
    upsert_issue(github, "Drift", DRIFT + "z")
    assert [issue["state"] for issue in hub.issues.values()] == ["closed", "open"]


def test_upsert_issue_ignores_pull_requests(github: GitHub, hub: Hub):
    """GitHub lists both as issues."""
    upsert_issue(github, "Drift", DRIFT + "x")
    (issue,) = hub.issues.values()
    issue["pull_request"] = {}
    upsert_issue(github, "Drift", DRIFT + "y")
    assert len(hub.issues) == 2
