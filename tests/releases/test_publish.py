"""`publish`: one line of a manifest, in one environment or in all."""

import pytest

from reconciler.releases.model import Publication
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.problems import Problem, ReconcilerError
from tests.support.desk import Desk

CHATBOT = "chatbots/support.yaml"
SPEC = "  pipeline: flow # the only one\n"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """With releases 1 and 2."""
    release(desk.root, {}, "support")
    desk.edit("prompts/triage.md", "shortly", "at length")
    release(desk.root, {}, "support")
    return desk


def published(desk: Desk, number: int | None, env: str | None = None) -> Publication:
    return publish(desk.root, {}, "support", number, env=env)


def refused(desk: Desk, number: int, env: str | None = None) -> Problem:
    before = desk.read(CHATBOT)
    with pytest.raises(ReconcilerError) as error:
        published(desk, number, env)
    assert desk.read(CHATBOT) == before
    (problem,) = error.value.problems
    return problem


@pytest.mark.parametrize(
    ("before", "number", "env", "after"),
    [
        ("", 1, None, "  published: 1\n"),
        ("", 1, "staging", "  published:\n    staging: 1\n"),
        ("  published: 1 # live\n", 2, None, "  published: 2 # live\n"),
        ("  published: 2\n", 1, "staging", "  published:\n    staging: 1\n    production: 2\n"),
        ("  published: {staging: 2, production: 1}\n", 2, "production", "  published: {staging: 2, production: 2}\n"),
        ("  published: {staging: 2}\n", 1, "production", "  published: {staging: 2, production: 1}\n"),
        ("  published: {staging: 2, production: 1}\n", 2, None, "  published: 2\n"),
        ("  published: 2\n", None, None, ""),
        ("  published: 2\n", None, "staging", "  published:\n    production: 2\n"),
        ("  published: {staging: 2}\n", None, "staging", ""),
    ],
)
def test_publish_edits_one_line_and_keeps_comments(
    desk: Desk, before: str, number: int | None, env: str | None, after: str
) -> None:
    head = desk.read(CHATBOT).removesuffix(SPEC)
    desk.write(CHATBOT, f"# Ours.\n{head}{SPEC}{before}")
    published(desk, number, env)
    assert desk.read(CHATBOT) == f"# Ours.\n{head}{SPEC}{after}"


def test_line_ends_of_the_file_stay(desk: Desk) -> None:
    desk.write(CHATBOT, desk.read(CHATBOT).replace("\n", "\r\n"))
    published(desk, 1)
    assert (desk.root / CHATBOT).read_bytes().endswith(b"pipeline: flow # the only one\r\n  published: 1\r\n")


def test_an_older_release_is_a_rollback(desk: Desk) -> None:
    assert [move.rollback for move in published(desk, 2).moves] == [False, False]
    assert [move.rollback for move in published(desk, 1, "staging").moves] == [True]


def test_publishing_the_published_release_edits_nothing(desk: Desk) -> None:
    published(desk, 2)
    before = (desk.root / CHATBOT).stat().st_mtime_ns
    assert published(desk, 2).moves == published(desk, 2, "staging").moves == ()
    assert (desk.root / CHATBOT).stat().st_mtime_ns == before


def test_the_environment_of_the_shell_counts(desk: Desk) -> None:
    done = publish(desk.root, {"RECONCILER_ENV": "staging"}, "support", 1)
    assert [move.environment for move in done.moves] == ["staging"]


def test_a_release_that_does_not_exist(desk: Desk) -> None:
    problem = refused(desk, 3)
    assert (problem.code, problem.hint) == ("unknown-release", "Existing releases: 1 and 2.")
    assert str(problem.place) == "ops/chatbots/support.yaml:1:1"


def test_a_release_that_is_archived(desk: Desk) -> None:
    text = desk.read("releases/support/v1.yaml")
    desk.write("releases/support/v1.yaml", text.partition("  content:")[0] + "  archived: true\n")
    problem = refused(desk, 1)
    assert (problem.code, problem.hint) == ("archived-release", "Existing releases: 2 (1 is archived).")
    assert str(problem.place).startswith("ops/releases/support/v1.yaml:")


def test_an_environment_that_the_release_has_no_values_for(desk: Desk) -> None:
    desk.edit("project.yaml", "    production:", "    canary: {variables: {phone: 555-0, warmth: 2}}\n    production:")
    assert refused(desk, 1, "canary").code == "release-without-values"
    assert refused(desk, 1).code == "release-without-values"
    assert published(desk, 1, "staging").moves


def test_an_unknown_environment_is_an_error(desk: Desk) -> None:
    problem = refused(desk, 1, "stagin")
    assert (problem.code, problem.hint) == ("unknown-environment", "did you mean `staging`?")


def test_a_release_beyond_keep_cannot_be_published_elsewhere(desk: Desk) -> None:
    desk.write(CHATBOT, desk.read(CHATBOT) + "  published: {production: 1}\n  releases: {keep: 1}\n")
    problem = refused(desk, 1, "staging")
    assert problem.code == "archived-reference"
    assert problem.message == "release/support@1 is archived in staging: `releases.keep` of chatbot/support is 1"
    assert published(desk, 1, "production").moves == ()
    assert [move.after for move in published(desk, 2).moves] == [2, 2]


@pytest.mark.parametrize(
    ("before", "number", "env", "after"),
    [
        (
            "  published:\n    staging: 1  # approved\n    # waits for legal\n    production: 1\n",
            2,
            None,
            "  published:\n    staging: 2  # approved\n    # waits for legal\n    production: 2\n",
        ),
        (
            "  published: {\n    staging: 1 # approved\n  }\n",
            2,
            None,
            "  published: {\n    staging: 2, # approved\n    production: 2\n  }\n",
        ),
        ("  published: {staging: 1} # approved\n", 2, None, "  published: 2 # approved\n"),
        (
            "  published: {\n    staging: 1, # approved\n    production: 2 # in March\n  }\n",
            None,
            "production",
            "  published: {\n    staging: 1 # approved\n  }\n",
        ),
        (
            "  published:   # approved\n    1\n",
            2,
            "staging",
            "  published:   # approved\n    staging: 2\n    production: 1\n",
        ),
    ],
)
def test_publish_keeps_comments_on_environments(
    desk: Desk, before: str, number: int | None, env: str | None, after: str
) -> None:
    head = desk.read(CHATBOT)
    desk.write(CHATBOT, head + before)
    published(desk, number, env)
    assert desk.read(CHATBOT) == head + after
