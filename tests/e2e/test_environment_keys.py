"""The workflows that `init --ci github` writes, for two environments whose keys belong to different OpenAI projects."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations.init import init, write_workflows
from reconciler.workflows.github import FOLDER
from tests.e2e.actions import DEPENDABOT, Actions, Run
from tests.support.github_hub import Hub, serve
from tests.support.github_repositories import Checkout
from tests.support.keyed_api import serve as serve_api

ACTION = f"acme-platform/reconciler/setup@{'a' * 40}"
KEYS = {
    "read-staging": "proj_staging",
    "write-staging": "proj_staging",
    "read-production": "proj_production",
    "write-production": "proj_production",
}
ENVIRONMENTS = {
    f"reconciler-{env}{kind}": secrets
    for env in ("staging", "production")
    for kind, secrets in {
        "-read": {"OPENAI_READ_KEY": f"read-{env}"},
        "": {"OPENAI_API_KEY": f"write-{env}", "OPENAI_READ_KEY": f"read-{env}", "CRM_TOKEN": f"token-of-{env}"},
        "-approval": {"OPENAI_API_KEY": f"write-{env}", "CRM_TOKEN": f"token-of-{env}"},
    }.items()
}
SETTINGS = """\
  endpoint: {url}
  state: {{backend: git}}
  environments:
    staging: {{openai_project: proj_staging}}
    production: {{openai_project: proj_production}}
"""
ASSISTANT = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: %s}
spec: {target: agents, model: gpt-6-luna, instructions: Be kind.}
"""
VAULT = "apiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: crm}\nspec: {}\n"
CREDENTIAL = """
apiVersion: reconciler/v1
kind: Credential
metadata: {name: crm}
spec:
  vault: crm
  auth: {type: static_bearer, mcp_server_url: "https://crm.example.com/mcp", token: {$env: CRM_TOKEN}}
  generation: %d
"""


@dataclass
class Monorepo:
    """A repository with a project in `bots/`, and the platform that runs its workflows."""

    hub: Hub
    repo: Checkout
    actions: Actions

    def plan(self, branch: str, path: str, text: str, *, actor: str = "ann", fork: bool = False) -> tuple[int, Run]:
        """Commit a file on a new branch, and plan the pull request."""
        self.repo("checkout", "-q", "main")
        sha = self.repo.commit(branch, **{path.replace("/", "__"): text})
        number = self.hub.open_pull(branch, **({"repository": "stranger/bots"} if fork else {}))
        return number, self.actions.run(
            "plan", "pull_request", sha, branch, actor=actor, action="opened", pull_request=self.hub.pulls[number]
        )

    def merge(self, number: int, branch: str) -> Run:
        self.hub.merged(number, self.repo.merge(branch, squash=True))
        return self.on_main("apply", "push")

    def on_main(self, workflow: str, event: str, **payload: Any) -> Run:
        return self.actions.run(workflow, event, self.repo("rev-parse", "main"), "main", **payload)

    def comments(self, number: int) -> list[str]:
        return [comment["body"] for comment in self.hub.comments.get(number, [])]


@pytest.fixture(scope="module")
def monorepo(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Monorepo]:
    folder = tmp_path_factory.mktemp("keys")
    repo = Checkout.make(folder)
    init(repo.folder / "bots")
    with serve_api(KEYS) as api, serve(Hub(bare=repo.bare)) as hub:
        project = repo.folder / "bots" / "project.yaml"
        project.write_text(project.read_text() + SETTINGS.format(url=api.url))
        (project.parent / "vault.yaml").write_text(VAULT)
        (project.parent / "credential.yaml").write_text(CREDENTIAL % 1)
        write_workflows(project.parent, {}, "github", ACTION)
        repo.pushed("main")
        workflows = folder / "workflows"
        workflows.mkdir()
        for file in (repo.folder / FOLDER).iterdir():
            (workflows / file.name).write_text(file.read_text())
        actions = Actions(
            hub, folder / "actions", commands, environments=ENVIRONMENTS, prefix="reconciler-", folder=workflows
        )
        actions.scratch.mkdir()
        made = Monorepo(hub, repo, actions)
        assert_green(made.on_main("apply", "workflow_dispatch"))
        yield made


def assert_green(run: Run) -> None:
    assert run.conclusion == "success", run.log


def keys(run: Run, job: str) -> list[set[str]]:
    """Return the keys that each job with this name received."""
    return [one.keys for one in run.jobs if one.name == job]


def test_each_environment_is_planned_and_applied_with_its_own_key(monorepo: Monorepo):
    number, planned = monorepo.plan("clerk", "bots/assistants/clerk.yaml", ASSISTANT % "clerk")
    assert_green(planned)
    assert keys(planned, "plan") == [{"read-staging"}, {"read-production"}]
    assert [body.splitlines()[0] for body in monorepo.comments(number)] == [
        "<!-- reconciler:plan bots/staging -->",
        "<!-- reconciler:plan bots/production -->",
    ]

    applied = monorepo.merge(number, "clerk")
    assert_green(applied)
    assert keys(applied, "reviewed") == [{"write-staging"}, {"write-production"}]
    drift = monorepo.on_main("drift", "schedule")
    assert_green(drift)
    assert keys(drift, "drift") == [{"read-staging"}, {"read-production"}]
    assert monorepo.hub.issues == {}


def test_secret_of_a_manifest_reaches_only_the_jobs_that_apply(monorepo: Monorepo):
    number, planned = monorepo.plan("rotated", "bots/credential.yaml", CREDENTIAL % 2)
    assert_green(planned)
    assert tokens(planned) == {("plan", None), ("comment", None)}
    applied = monorepo.merge(number, "rotated")
    assert_green(applied)
    assert tokens(applied) == {("reviewed", "token-of-staging"), ("reviewed", "token-of-production")}
    manual = monorepo.on_main("apply", "workflow_dispatch")
    given = {("approved", "token-of-staging"), ("approved", "token-of-production")}
    assert tokens(manual) == {("plan", None), *given}
    assert "token-of-" not in planned.log + applied.log + manual.log


def tokens(run: Run) -> set[tuple[str, str | None]]:
    """Return the secret that each job received, by the name of the job."""
    return {(job.name, job.environ.get("CRM_TOKEN")) for job in run.jobs if job.conclusion != "skipped"}


def test_manual_run_plans_with_the_read_key_and_applies_with_the_key_of_the_approval(monorepo: Monorepo):
    run = monorepo.on_main("apply", "workflow_dispatch")
    assert_green(run)
    assert keys(run, "plan") == [{"read-staging"}, {"read-production"}]
    assert keys(run, "approved") == [{"write-staging"}, {"write-production"}]


def test_rollback_uses_the_key_of_the_chosen_environment(monorepo: Monorepo):
    inputs = {"chatbot": "helper", "number": "9", "env": "production"}
    rolled = monorepo.on_main("rollback", "workflow_dispatch", inputs=inputs)
    assert keys(rolled, "rollback") == [{"read-production"}]
    assert "release/helper@9 does not exist" in rolled.log


def test_key_of_another_environment_is_refused_with_the_project_that_the_manifest_names(monorepo: Monorepo):
    secrets = {**ENVIRONMENTS, "reconciler-production-read": {"OPENAI_READ_KEY": "read-staging"}}
    here = replace(monorepo, actions=replace(monorepo.actions, environments=secrets))
    number, planned = here.plan("mixed", "bots/assistants/mixed.yaml", ASSISTANT % "mixed")
    assert [job.conclusion for job in planned.jobs if job.name == "plan"] == ["success", "failure"]
    (comment,) = (body for body in here.comments(number) if "bots/production -->" in body)
    wrong = "the key is of OpenAI project proj_staging; project.yaml names proj_production"
    assert f"{wrong} for the environment production" in comment.replace("`", "")


@pytest.mark.parametrize(("actor", "fork"), [(DEPENDABOT, False), ("stranger", True)], ids=["dependabot", "fork"])
def test_pull_request_without_secrets_is_planned_offline_and_green(monorepo: Monorepo, actor: str, fork: bool):
    branch = f"bump-{actor.partition('[')[0]}"
    number, planned = monorepo.plan(
        branch, f"bots/assistants/{branch}.yaml", ASSISTANT % branch, actor=actor, fork=fork
    )
    assert_green(planned)
    assert keys(planned, "plan") == [{""}, {""}]
    assert "the plan is made offline" in planned.jobs[0].summary
    assert f"assistant/{branch}" in planned.jobs[0].summary
    assert len(monorepo.comments(number)) == (0 if fork else 2)


def test_pull_request_that_does_not_touch_the_project_is_green_without_a_plan(monorepo: Monorepo):
    number, planned = monorepo.plan("website", "website/index.html", "<h1>Hello</h1>")
    assert_green(planned)
    assert keys(planned, "plan") == [set(), set()]
    assert all(not job.installed for job in planned.jobs if job.name == "plan")
    assert monorepo.comments(number) == []


def test_failed_job_that_is_run_again_leaves_the_plan_of_the_other_environment(monorepo: Monorepo):
    """The job of production failed once, because its key was missing a project; then its secret was corrected."""
    wrong = {**ENVIRONMENTS, "reconciler-production-read": {"OPENAI_READ_KEY": "unknown"}}
    here = replace(monorepo, actions=replace(monorepo.actions, environments=wrong))
    number, planned = here.plan("again", "bots/assistants/again.yaml", ASSISTANT % "again")
    assert [job.conclusion for job in planned.jobs if job.name == "plan"] == ["success", "failure"]
    (staging,) = here.comments(number)
    assert "assistant/again" in staging

    monorepo.actions.run_failed_again(planned)
    assert_green(planned)
    comments = monorepo.comments(number)
    assert [body.splitlines()[0].split()[2] for body in comments] == ["bots/staging", "bots/production"]
    assert all("assistant/again" in body and "No plan" not in body for body in comments)
    assert_green(monorepo.merge(number, "again"))


def test_manual_plan_that_is_run_again_is_the_one_that_is_approved(monorepo: Monorepo):
    wrong = {**ENVIRONMENTS, "reconciler-production-read": {"OPENAI_READ_KEY": "unknown"}}
    here = replace(monorepo, actions=replace(monorepo.actions, environments=wrong))
    run = here.on_main("apply", "workflow_dispatch")
    assert [job.conclusion for job in run.jobs] == ["skipped", "success", "failure", "success", "failure"]
    assert "There is no plan of bots production to apply" in run.log
    monorepo.actions.run_failed_again(run)
    assert_green(run)
    names = [artifact["name"] for artifact in monorepo.hub.artifacts[run.id]]
    assert sorted(name.rpartition("-")[2] for name in names) == ["1", "2"]
    assert len({name.rpartition("-")[0] for name in names}) == 2


def test_every_job_installs_the_action_without_a_token(monorepo: Monorepo):
    number, planned = monorepo.plan("installed", "bots/assistants/installed.yaml", ASSISTANT % "installed")
    assert [job.installed for job in planned.jobs] == [[ACTION]] * 3
    assert monorepo.merge(number, "installed").jobs[0].installed == [ACTION]
