"""The workflows of projects whose state is in S3 or PostgreSQL, with the credentials of their environments."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.operations.init import init, write_workflows
from reconciler.workflows.github import FOLDER
from tests.e2e.actions import DEPENDABOT, Actions, Run
from tests.support.github_hub import Hub, serve
from tests.support.github_repositories import Checkout
from tests.support.servers import PASSWORD, PostgresServer, S3Server

ACTION = f"acme-platform/reconciler/setup@{'a' * 40}"
ASSISTANT = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: clerk}
spec: {target: agents, model: gpt-6-luna, instructions: Be kind.}
"""


@contextmanager
def platform(folder: Path, commands: Path, state: str, secret: Mapping[str, str]) -> Iterator[tuple[Checkout, Actions]]:
    """A repository with the embedded API and a state, and the platform with `secret` in the three environments."""
    repo = Checkout.make(folder)
    init(repo.folder / "bots")
    project = repo.folder / "bots" / "project.yaml"
    project.write_text(f"{project.read_text()}  endpoint: embedded\n  state: {state}\n")
    write_workflows(project.parent, {}, "github", ACTION)
    repo.pushed("main")
    workflows = folder / "workflows"
    workflows.mkdir()
    for file in (repo.folder / FOLDER).iterdir():
        (workflows / file.name).write_text(file.read_text())
    environments = {f"reconciler{end}": secret for end in ("", "-read", "-approval")}
    (folder / "actions").mkdir()
    with serve(Hub(bare=repo.bare)) as hub:
        yield (
            repo,
            Actions(
                hub, folder / "actions", commands, environments=environments, prefix="reconciler-", folder=workflows
            ),
        )


def plan(repo: Checkout, actions: Actions, *, actor: str = "ann") -> tuple[int, Run]:
    sha = repo.commit("clerk", **{"bots__assistants__clerk.yaml": ASSISTANT})
    number = actions.hub.open_pull("clerk")
    about = {"action": "opened", "pull_request": actions.hub.pulls[number]}
    return number, actions.run("plan", "pull_request", sha, "clerk", actor=actor, **about)


def assert_applied(repo: Checkout, actions: Actions) -> None:
    """Approve a first apply, plan a pull request, and apply its merge."""
    first = actions.run("apply", "workflow_dispatch", repo("rev-parse", "main"), "main")
    assert first.conclusion == "success", first.log
    number, planned = plan(repo, actions)
    assert planned.conclusion == "success", planned.log
    assert "assistant/clerk" in actions.hub.comments[number][0]["body"]
    actions.hub.merged(number, repo.merge("clerk", squash=True))
    applied = actions.run("apply", "push", repo("rev-parse", "main"), "main")
    assert applied.conclusion == "success", applied.log
    assert "assistant/clerk" in applied.log


def assert_validated_only(planned: Run) -> None:
    assert planned.conclusion == "success", planned.log
    assert "The manifests are valid. There is no plan" in planned.jobs[0].summary


def test_state_in_a_bucket(tmp_path: Path, commands: Path, s3_server: S3Server):
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": PASSWORD}
    name = f"acme-{secrets.token_hex(6)}"
    s3_server.make_bucket(name)
    state = f"{{backend: s3, bucket: {name}, region: eu-central-1, endpoint_url: '{s3_server.url}'}}"
    with platform(tmp_path, commands, state, keys) as (repo, actions):
        assert_applied(repo, actions)


def test_state_in_a_database(tmp_path: Path, commands: Path, postgres_server: PostgresServer):
    state = f"{{backend: postgres, schema: acme_{secrets.token_hex(6)}}}"
    with platform(tmp_path, commands, state, {"RECONCILER_POSTGRES_DSN": postgres_server.dsn}) as (repo, actions):
        assert_applied(repo, actions)


@pytest.mark.parametrize(
    "state", ["{backend: postgres}", "{backend: s3, bucket: acme-bots, region: eu-central-1}"], ids=["postgres", "s3"]
)
def test_pull_request_without_credentials_is_validated_and_green(tmp_path: Path, commands: Path, state: str):
    with platform(tmp_path, commands, state, {"RECONCILER_POSTGRES_DSN": "unused"}) as (repo, actions):
        assert_validated_only(plan(repo, actions, actor=DEPENDABOT)[1])
