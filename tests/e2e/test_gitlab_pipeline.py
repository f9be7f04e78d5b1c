"""The pipeline that `init --ci gitlab` writes, from a merge request to what is live, with a key per environment."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from openai import OpenAI

from reconciler.operations.init import init, write_workflows
from tests.e2e.gitlab_ci import GitLabCi, Job
from tests.support.github_repositories import Checkout
from tests.support.gitlab_server import TOKEN, Server, serve
from tests.support.keyed_api import serve as serve_api

BIN = Path(sys.executable).parent
SOURCE = "assistant-reconciler==0.1.0 --hash=sha256:" + "0" * 64
KEYS = {f"{kind}-{env}": f"proj_{env}" for env in ("staging", "production") for kind in ("read", "write")}
SCOPED = {
    f"reconciler-{env}{end}": {"OPENAI_API_KEY": f"{kind}-{env}", **({"GITLAB_TOKEN": TOKEN} if end else {})}
    for env in ("staging", "production")
    for kind, end in (("read", "-read"), ("write", ""))
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


@dataclass
class Team:
    """A repository whose state both environments have, and the platform."""

    server: Server
    repo: Checkout
    ci: GitLabCi
    url: str
    """The API of OpenAI."""

    def propose(self, number: int, branch: str, text: str, *, fork: bool = False) -> list[Job]:
        self.repo("checkout", "-q", "main")
        self.repo.commit(branch, **{f"bots__assistants__{branch}.yaml": text})
        return self.ci.pipeline(branch, "merge_request_event", merge_request=number, fork=fork)

    def notes(self, number: int) -> list[str]:
        return [note["body"] for note in self.server.notes.get(number, [])]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("gitlab")
    repo = Checkout.make(folder)
    init(repo.folder / "bots")
    with serve_api(KEYS) as api, serve(Server()) as server:
        project = repo.folder / "bots" / "project.yaml"
        project.write_text(project.read_text() + SETTINGS.format(url=api.url))
        write_workflows(project.parent, {}, "gitlab", SOURCE)
        repo.pushed("main")
        (folder / "jobs").mkdir()
        made = Team(server, repo, GitLabCi(server, repo.bare, folder / "jobs", commands, SCOPED), api.url)
        assert_green(made.ci.pipeline("main", "push"))
        for env in ("staging", "production"):
            assert_green([made.ci.start(f"reconciler-{env}-apply", "main")])
        yield made


def assert_green(jobs: list[Job]) -> None:
    assert jobs
    assert [job.code for job in jobs] == [0] * len(jobs), "\n".join(job.log for job in jobs)


def test_pipeline_passes_the_schema_of_gitlab(team: Team):
    files = [team.repo.folder / ".gitlab-ci.yml", team.repo.folder / ".gitlab" / "reconciler.yml"]
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_merge_request_has_a_note_for_each_environment_and_is_applied_by_a_person(team: Team):
    jobs = team.propose(1, "clerk", ASSISTANT % "clerk")
    assert_green(jobs)
    assert [job.name for job in jobs] == ["reconciler-staging-plan", "reconciler-production-plan"]
    assert [note.splitlines()[0] for note in team.notes(1)] == [
        "<!-- reconciler:plan bots/staging -->",
        "<!-- reconciler:plan bots/production -->",
    ]
    assert all("assistant/clerk" in note for note in team.notes(1))

    team.repo.merge("clerk", squash=True)
    assert_green(team.ci.pipeline("main", "push"))
    applied = team.ci.start("reconciler-staging-apply", "main")
    assert_green([applied])
    assert "assistant/clerk" in applied.log
    assert_green([team.ci.start("reconciler-production-apply", "main")])


def test_apply_of_a_plan_whose_inputs_changed_is_refused(team: Team):
    team.propose(2, "first", ASSISTANT % "first")
    team.repo.merge("first", squash=True)
    team.ci.pipeline("main", "push")
    team.repo("checkout", "-q", "main")
    (team.repo.folder / "bots/assistants/first.yaml").write_text((ASSISTANT % "first").replace("kind.", "rude."))
    team.repo.pushed("main")
    applied = team.ci.start("reconciler-staging-apply", "main")
    assert (applied.code, "stale" in applied.log) == (5, True)


def test_failed_plan_replaces_only_the_note_of_its_environment(team: Team):
    team.propose(3, "torn", ASSISTANT % "torn")
    keys = {**SCOPED, "reconciler-production-read": {"OPENAI_API_KEY": "unknown", "GITLAB_TOKEN": TOKEN}}
    here = replace(team, ci=replace(team.ci, scoped=keys))
    jobs = here.ci.pipeline("torn", "merge_request_event", merge_request=3)
    assert [job.code == 0 for job in jobs] == [True, False]
    staging, production = team.notes(3)
    assert "assistant/torn" in staging
    assert "No plan: `bots/production`" in production


def test_merge_request_from_a_fork_is_planned_offline(team: Team):
    jobs = team.propose(4, "forked", ASSISTANT % "forked", fork=True)
    assert_green(jobs)
    assert all("the plan is made offline" in job.log and "assistant/forked" in job.log for job in jobs)
    assert team.notes(4) == []


def test_schedule_reports_drift_in_one_issue_of_each_environment(team: Team):
    client = OpenAI(base_url=team.url, api_key="write-production")
    agent = next(agent for agent in client.beta.agents.list() if agent.name == "clerk")
    client.beta.agents.update(agent.id, instructions="Be rude.")
    for _ in range(2):
        jobs = team.ci.pipeline("main", "schedule")
        assert_green(jobs)
        assert [job.name for job in jobs] == ["reconciler-staging-drift", "reconciler-production-drift"]
    issues = [issue for issue in team.server.issues.values() if "Be rude." in issue["description"]]
    assert [issue["title"] for issue in issues] == ["Drift: bots/production, 1 modified"]
    client.beta.agents.update(agent.id, instructions="Be kind.")
    assert_green(team.ci.pipeline("main", "schedule"))
    assert issues[0]["state"] == "closed"


def test_installation_gets_no_variable_of_the_job(team: Team):
    installed = (team.ci.scratch.parent / "installed").read_text()
    names = {line.partition("=")[0] for line in installed.splitlines()}
    assert names <= {"PATH", "HOME", "PWD", "SHLVL", "_", "OLDPWD"}
