"""Pages, redirects, and failures that may pass."""

import time

import pytest

from reconciler.github import GitHub, GitHubError, connect
from tests.support.github_hub import REPOSITORY, TOKEN, Hub, not_json, refusal


def test_every_page_is_read_and_none_before_it_is_needed(github: GitHub, hub: Hub):
    hub.page = 2
    hub.comments[7] = [{"body": str(number)} for number in range(5)]
    found = github.pages("issues/7/comments")
    assert next(found)["body"] == "0"
    assert hub.asked.total() == 1
    assert [comment["body"] for comment in found] == ["1", "2", "3", "4"]
    assert hub.asked.total() == 3


def test_the_next_page_is_never_at_another_server(github: GitHub, hub: Hub):
    """The token would go there."""
    hub.failing = [refusal(200, "", link='<http://elsewhere.example/x>; rel="next"')]
    with pytest.raises(GitHubError, match=r"another server, elsewhere\.example"):
        list(github.pages("issues/7/comments"))


def test_a_download_does_not_show_the_token_to_the_blob_store(github: GitHub, hub: Hub):
    hub.upload(1, "plan", {"plan.json": b"{}"})
    (artifact,) = github.pages("actions/runs/1/artifacts", key="artifacts")
    assert github.download(f"actions/artifacts/{artifact['id']}/zip").startswith(b"PK")
    assert hub.seen_elsewhere == [None]


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (refusal(429, "slow down", retry_after="7"), 7),
        (refusal(403, "secondary rate limit", retry_after="60"), 60),
        (refusal(403, "You have exceeded a secondary rate limit. Please wait a few minutes."), 60),
        (refusal(500, "oh"), 1),
        (not_json(), 1),
    ],
)
def test_what_may_pass_is_tried_again_when_github_says(github: GitHub, hub: Hub, waits: list[float], answer, wait):
    hub.failing = [answer]
    assert list(github.pages("issues/7/comments")) == []
    assert waits == [pytest.approx(wait, rel=0.3)]


def test_a_proxy_that_answers_itself_is_told(github: GitHub, hub: Hub):
    hub.failing = [not_json(200), not_json(200)]
    for ask in (lambda: github.get("pulls/1"), lambda: list(github.pages("issues/7/comments"))):
        with pytest.raises(GitHubError, match=r"\(text/plain; charset=utf-8\) is not JSON"):
            ask()


def test_a_limit_that_ends_at_a_time_is_waited_for(github: GitHub, hub: Hub, waits: list[float]):
    ends = str(int(time.time()) + 30)
    hub.failing = [refusal(403, "rate limit", x_ratelimit_remaining="0", x_ratelimit_reset=ends)]
    assert list(github.pages("issues/7/comments")) == []
    assert waits == [pytest.approx(30, abs=15)]


def test_a_comment_is_not_made_twice(github: GitHub, hub: Hub, waits: list[float]):
    """After a 502 nobody can tell whether it was made; after a 429 it was not."""
    hub.failing = [refusal(502, "maybe")]
    with pytest.raises(GitHubError, match="502"):
        github.post("issues/7/comments", {"body": "text"})
    hub.failing = [refusal(429, "no")]
    github.post("issues/7/comments", {"body": "text"})
    assert (len(hub.comments[7]), len(waits)) == (1, 1)


def test_a_limit_that_lasts_too_long_is_not_waited_for(github: GitHub, hub: Hub, waits: list[float]):
    hub.failing = [refusal(429, "come back in an hour", retry_after="3600")]
    with pytest.raises(GitHubError, match="come back in an hour"):
        github.get("issues")
    assert waits == []


def test_a_refusal_says_what_to_do_and_never_the_token(github: GitHub, hub: Hub):
    hub.failing = [refusal(403, "Resource not accessible by integration")]
    with pytest.raises(GitHubError) as caught:
        github.post("issues", {"title": "t"})
    text = f"{caught.value} {github!r}"
    assert "403 to POST /repos/acme/bots/issues: Resource not accessible by integration" in text
    assert "permissions" in text
    assert TOKEN not in text


def test_a_server_that_is_not_there(waits: list[float]):
    environ = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
    with connect(environ, waits.append) as github, pytest.raises(GitHubError, match="cannot be reached"):
        github.post("issues", {})
    assert len(waits) == 4


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_what_a_workflow_has_to_give(missing: str):
    environ = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN, missing: " "}
    with pytest.raises(GitHubError, match=f"{missing} is not set"), connect(environ):
        pass
