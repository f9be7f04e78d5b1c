"""Tests of pages, redirects and temporary failures."""

import time

import pytest

from reconciler.github import GitHub, GitHubError, connect
from tests.support.github_hub import REPOSITORY, TOKEN, Hub, not_json, refusal


def test_pages_are_loaded_on_demand(github: GitHub, hub: Hub):
    hub.page = 2
    hub.comments[7] = [{"body": str(number)} for number in range(5)]
    found = github.pages("issues/7/comments")
    assert next(found)["body"] == "0"
    assert hub.asked.total() == 1
    assert [comment["body"] for comment in found] == ["1", "2", "3", "4"]
    assert hub.asked.total() == 3


def test_pages_link_to_another_server_is_rejected(github: GitHub, hub: Hub):
    """The token would be sent to this host."""
    hub.failing = [refusal(200, "", link='<http://elsewhere.example/x>; rel="next"')]
    with pytest.raises(GitHubError, match=r"another server, elsewhere\.example"):
        list(github.pages("issues/7/comments"))


def test_download_does_not_send_the_token_to_the_blob_store(github: GitHub, hub: Hub):
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
def test_temporary_failure_is_retried_after_the_requested_wait(
    github: GitHub, hub: Hub, waits: list[float], answer, wait
):
    hub.failing = [answer]
    assert list(github.pages("issues/7/comments")) == []
    assert waits == [pytest.approx(wait, rel=0.3)]


def test_answer_that_is_not_json_is_an_error(github: GitHub, hub: Hub):
    hub.failing = [not_json(200), not_json(200)]
    for ask in (lambda: github.get("pulls/1"), lambda: list(github.pages("issues/7/comments"))):
        with pytest.raises(GitHubError, match=r"\(text/plain; charset=utf-8\) is not JSON"):
            ask()


def test_rate_limit_with_reset_time_is_awaited(github: GitHub, hub: Hub, waits: list[float]):
    ends = str(int(time.time()) + 30)
    hub.failing = [refusal(403, "rate limit", x_ratelimit_remaining="0", x_ratelimit_reset=ends)]
    assert list(github.pages("issues/7/comments")) == []
    assert waits == [pytest.approx(30, abs=15)]


def test_post_with_lost_answer_is_not_repeated(github: GitHub, hub: Hub, waits: list[float]):
    """After a 502 the comment may exist; after a 429 it does not."""
    hub.failing = [refusal(502, "maybe")]
    with pytest.raises(GitHubError, match="502"):
        github.post("issues/7/comments", {"body": "text"})
    hub.failing = [refusal(429, "no")]
    github.post("issues/7/comments", {"body": "text"})
    assert (len(hub.comments[7]), len(waits)) == (1, 1)


def test_rate_limit_beyond_patience_is_an_error(github: GitHub, hub: Hub, waits: list[float]):
    hub.failing = [refusal(429, "come back in an hour", retry_after="3600")]
    with pytest.raises(GitHubError, match="come back in an hour"):
        github.get("issues")
    assert waits == []


def test_rejected_request_shows_a_hint_and_no_token(github: GitHub, hub: Hub):
    hub.failing = [refusal(403, "Resource not accessible by integration")]
    with pytest.raises(GitHubError) as caught:
        github.post("issues", {"title": "t"})
    text = f"{caught.value} {github!r}"
    assert "403 to POST /repos/acme/bots/issues: Resource not accessible by integration" in text
    assert "permissions" in text
    assert TOKEN not in text


def test_unreachable_server_is_an_error(waits: list[float]):
    environ = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
    with connect(environ, waits.append) as github, pytest.raises(GitHubError, match="cannot be reached"):
        github.post("issues", {})
    assert len(waits) == 4


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_connect_without_required_variables_is_an_error(missing: str):
    environ = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN, missing: " "}
    with pytest.raises(GitHubError, match=f"{missing} is not set"), connect(environ):
        pass
