"""Tests of the client of GitLab, and of the notes and issues that it writes."""

from collections.abc import Iterator

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from reconciler.gitlab import GitLab, GitLabError, close_issue, connect, replace_notes, upsert_issue, upsert_note
from tests.support.gitlab_server import BOT, TOKEN, Server, serve

MARK = "<!-- reconciler:plan acme/production -->"
OTHER = "<!-- reconciler:plan acme/staging -->"
BY = "<!-- reconciler:by reconciler-production-plan -->"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Server(page=2)) as made:
        yield made


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def gitlab(server: Server, waits: list[float]) -> Iterator[GitLab]:
    with connect(server.environ(), waits.append) as made:
        yield made


def bodies(server: Server) -> list[str]:
    return [note["body"] for note in server.notes[3]]


def test_note_is_edited_in_place_also_behind_the_first_page(gitlab: GitLab, server: Server):
    upsert_note(gitlab, 3, MARK, f"{MARK}\n\nfirst\n")
    for number in range(5):
        upsert_note(gitlab, 3, f"<!-- reconciler:plan acme/{number} -->", f"<!-- reconciler:plan acme/{number} -->")
    upsert_note(gitlab, 3, MARK, f"{MARK}\n\nsecond\n")
    assert bodies(server)[0] == f"{MARK}\n\nsecond"
    assert len(bodies(server)) == 6


def test_note_that_is_the_same_is_not_written(gitlab: GitLab, server: Server):
    for _ in range(2):
        upsert_note(gitlab, 3, MARK, f"{MARK}\n")
    assert [asked for asked in server.asked if asked.startswith("PUT")] == []


def test_note_of_another_author_is_not_edited(gitlab: GitLab, server: Server):
    server.notes[3] = [{"id": 99, "body": f"{MARK} forged", "author": {**BOT, "id": 8}}]
    upsert_note(gitlab, 3, MARK, MARK)
    assert bodies(server) == [f"{MARK} forged", MARK]


def test_only_notes_of_the_same_job_are_replaced(gitlab: GitLab, server: Server):
    upsert_note(gitlab, 3, MARK, f"{MARK}\n\n{BY}")
    upsert_note(gitlab, 3, OTHER, f"{OTHER}\n\n<!-- reconciler:by reconciler-staging-plan -->")
    replaced = replace_notes(gitlab, 3, BY, (), lambda mark: f"{mark}\n\nnone\n\n{BY}")
    assert len(replaced) == 1
    assert bodies(server)[0] == f"{MARK}\n\nnone\n\n{BY}"
    assert "none" not in bodies(server)[1]


def test_issue_is_opened_once_edited_and_closed(gitlab: GitLab, server: Server):
    first = upsert_issue(gitlab, MARK, "Drift: 1", MARK)
    assert upsert_issue(gitlab, MARK, "Drift: 2", MARK) == first
    assert close_issue(gitlab, MARK, f"{MARK} none") == first
    assert close_issue(gitlab, MARK, MARK) is None
    (issue,) = server.issues.values()
    assert (issue["state"], issue["title"], issue["labels"]) == ("closed", "Drift: 2", ["reconciler"])


def test_rate_limit_is_waited_for_and_a_created_note_is_not_repeated(gitlab: GitLab, server: Server, waits):
    server.failing = [JSONResponse({"message": "slow down"}, 429, headers={"retry-after": "9"})]
    gitlab.post("merge_requests/3/notes", {"body": "x"})
    assert waits == [9.0]
    server.failing = [PlainTextResponse("Bad Gateway", 502)]
    with pytest.raises(GitLabError, match="GitLab answered 502 to POST"):
        gitlab.post("merge_requests/3/notes", {"body": "x"})
    server.failing = [PlainTextResponse("Bad Gateway", 502)]
    assert list(gitlab.pages("merge_requests/3/notes"))


@pytest.mark.parametrize(("status", "hint"), [(401, "expired"), (403, "scope `api`"), (404, "CI_JOB_TOKEN")])
def test_refusal_names_the_permission_and_not_the_token(gitlab: GitLab, server: Server, status: int, hint: str):
    server.failing = [JSONResponse({"message": "no"}, status)]
    with pytest.raises(GitLabError) as error:
        gitlab.post("issues", {})
    (problem,) = error.value.problems
    assert hint in problem.hint
    assert TOKEN not in f"{problem}"


def test_redirect_is_not_followed_with_the_token(gitlab: GitLab, server: Server):
    server.failing = [PlainTextResponse("", 302, headers={"location": "https://elsewhere.example/"})]
    with pytest.raises(GitLabError, match="answered 302"):
        list(gitlab.pages("issues"))


def test_wait_that_is_not_a_number_is_ignored(gitlab: GitLab, server: Server, waits):
    server.failing = [JSONResponse({"message": "slow down"}, 429, headers={"retry-after": "\u00b2"})]
    gitlab.post("merge_requests/3/notes", {"body": "x"})
    assert waits == [1.0]


@pytest.mark.parametrize(
    ("name", "value"), [("CI_API_V4_URL", "https://gitlab:port/api/v4"), ("HTTPS_PROXY", "unknown://proxy:1")]
)
def test_invalid_url_is_an_error(monkeypatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    environ = Server(url="https://gitlab.example/api/v4").environ()
    with pytest.raises(GitLabError, match="not valid"), connect({**environ, name: value}):
        pass


@pytest.mark.parametrize("missing", ["GITLAB_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID"])
def test_missing_variable_is_named(missing: str):
    environ = Server(url="https://gitlab.example/api/v4").environ()
    with pytest.raises(GitLabError, match=missing), connect({**environ, missing: ""}):
        pass
