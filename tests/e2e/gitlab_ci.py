"""Runs the jobs of a GitLab pipeline: rules, variables by environment scope, and the lines of `script:` for real."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.support.github_repositories import git
from tests.support.gitlab_server import Server

Values = Mapping[str, Any]

_STUB: Final = """#!/bin/sh
# Nothing is installed in a test: the words and the environment are written down.
if [ "$1 $2 $3" = "-I -m pip" ]; then env >>"$HOME/installed"; exit 0; fi
exec "%s" "$@"
"""
_COMPARISON: Final = re.compile(r'(\$\w+) (==|!=) ("[^"]*"|\$\w+)')


@dataclass
class Job:
    """A job that ran, or waits for a person."""

    name: str
    code: int
    log: str


@dataclass
class GitLabCi:
    """The platform."""

    server: Server
    bare: Path
    scratch: Path
    commands: Path
    scoped: Mapping[str, Values]
    """CI/CD variables by environment scope, which a merge request from a fork does not get."""
    artifacts: dict[tuple[str, str], Path] = field(default_factory=dict)

    def pipeline(self, branch: str, source: str, *, merge_request: int | None = None, fork: bool = False) -> list[Job]:
        """Run the jobs of a pipeline that start by themselves."""
        variables = self._predefined(branch, source, merge_request)
        return [self._run(name, variables, fork) for name in self._started(branch, variables)]

    def start(self, name: str, branch: str) -> Job:
        """Start a manual job of the last pipeline of a branch."""
        variables = self._predefined(branch, "push", None)
        jobs = self._jobs(branch)
        assert _rule(jobs[name], variables).get("when") == "manual", f"{name} cannot be started"
        return self._run(name, variables, fork=False)

    def _started(self, branch: str, variables: Mapping[str, str]) -> list[str]:
        rules = {name: _rule(job, variables) for name, job in self._jobs(branch).items() if not name.startswith(".")}
        return [name for name, rule in rules.items() if rule and rule.get("when") != "manual"]

    def _jobs(self, branch: str) -> dict[str, Values]:
        yaml = YAML(typ="safe", pure=True)
        root = yaml.load(git("show", f"{branch}:.gitlab-ci.yml", cwd=self.bare))
        jobs: dict[str, Values] = {}
        for entry in root["include"]:
            jobs |= yaml.load(git("show", f"{branch}:{entry['local']}", cwd=self.bare))
        return jobs

    def _run(self, name: str, predefined: Mapping[str, str], fork: bool) -> Job:
        branch = predefined["CI_COMMIT_REF_NAME"]
        jobs = self._jobs(branch)
        job = {**jobs[jobs[name]["extends"]], **jobs[name]}
        scope = job["environment"]["name"]
        scoped = {} if fork else {**self.scoped.get("*", {}), **self.scoped.get(scope, {})}
        variables = {**jobs[jobs[name]["extends"]]["variables"], **job["variables"], **scoped}
        workspace = self.scratch / f"{name}-{len(list(self.scratch.iterdir()))}"
        git("clone", "-q", "-b", branch, str(self.bare), str(workspace), cwd=self.scratch)
        for needed in job.get("needs", []):
            shutil.copytree(self.artifacts[needed, branch], workspace / ".reconciler-plan")
        script = "\n".join([*job["before_script"], *job["script"]])
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=workspace,
            env={**self._platform(), **predefined, **variables, "CI_JOB_NAME": name, "CI_PROJECT_DIR": str(workspace)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if (workspace / ".reconciler-plan").exists():
            self.artifacts[name, branch] = workspace / ".reconciler-plan"
        return Job(name, done.returncode, done.stdout + done.stderr)

    def _predefined(self, branch: str, source: str, merge_request: int | None) -> dict[str, str]:
        common = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.server.url,
            "CI_PROJECT_ID": "42",
            "CI_PIPELINE_SOURCE": source,
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_REF_NAME": branch,
            "CI_COMMIT_SHA": git("rev-parse", branch, cwd=self.bare),
            "CI_JOB_URL": "https://gitlab.example/bots/-/jobs/1",
        }
        if merge_request is None:
            return {**common, "CI_COMMIT_BRANCH": branch}
        target = {"CI_MERGE_REQUEST_IID": str(merge_request), "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
        return {**common, **target}

    def _platform(self) -> dict[str, str]:
        stubs = self.scratch.parent / "stubs"
        stubs.mkdir(exist_ok=True)
        (stubs / "python").write_text(_STUB % sys.executable)
        (stubs / "python").chmod(0o755)
        who = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = os.pathsep.join((str(stubs), str(self.commands), os.environ["PATH"]))
        return {**who, "PATH": path, "HOME": str(self.scratch.parent)}


def _rule(job: Values, variables: Mapping[str, str]) -> Values:
    """Return the first rule that matches; an empty one if the job is not part of the pipeline."""
    return next((rule for rule in job["rules"] if _matches(rule["if"], variables)), {})


def _matches(condition: str, variables: Mapping[str, str]) -> bool:
    parts = [_COMPARISON.fullmatch(part.strip()) for part in condition.split("&&")]
    return all(part is not None and _compare(part, variables) for part in parts)


def _compare(part: re.Match[str], variables: Mapping[str, str]) -> bool:
    left = variables.get(part[1][1:], "")
    right = part[3].strip('"') if part[3].startswith('"') else variables.get(part[3][1:], "")
    return (left == right) == (part[2] == "==")
