"""Runs a workflow file as GitHub does: jobs, matrix, conditions, expressions and `run:` steps for real.

The `uses:` steps are the platform's, and so the only ones that are played: a checkout is a clone, caches and artifacts
are what they are at GitHub, a copy of files under a name.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from tests.support.github_hub import REPOSITORY, TOKEN, Hub
from tests.support.github_repositories import git

WORKFLOWS: Final = Path(__file__).parents[2] / ".github" / "workflows"
Values = Mapping[str, Any]
DEPENDABOT: Final = "dependabot[bot]"
_WRITING: Final = {"GITHUB_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "RECONCILER_POSTGRES_DSN"}

_EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\|\||&&|!=|==|[!()]|[A-Za-z_][\w.-]*|\s+")
_OPERATORS: Final = {"||": " or ", "&&": " and ", "!": " not "}
_STUB: Final = """#!/bin/sh
# Nothing is installed in a test: what would be is written down.
if [ "$1 $2 $3" = "-I -m pip" ]; then shift 3; echo "$*" >>"$PIP_LOG"; else exec "%s" "$@"; fi
"""


@dataclass
class Job:
    """A job of a run, with one combination of its matrix."""

    name: str
    conclusion: str = "success"
    index: int = 0
    """The position in the matrix."""
    log: str = ""
    summary: str = ""
    keys: set[str] = field(default_factory=set)
    """API keys of OpenAI that the steps of the job received."""
    environ: dict[str, str] = field(default_factory=dict)
    """Variables that a step of the job received."""
    installed: list[str] = field(default_factory=list)
    """What the job installed: an action with its extras, or the words of pip."""


@dataclass
class Run:
    """A run of a workflow."""

    id: int
    jobs: list[Job] = field(default_factory=list)
    attempt: int = 1
    call: Any = None
    """The workflow and the event, to run it again."""

    def of(self, name: str) -> str:
        """Return the combined result of all jobs of that name."""
        found = {job.conclusion for job in self.jobs if job.name == name}
        return next((word for word in ("failure", "success", "skipped") if word in found), "none")

    @property
    def conclusion(self) -> str:
        ended = {job.conclusion for job in self.jobs}
        return "failure" if "failure" in ended else "success" if "success" in ended else "skipped"

    @property
    def log(self) -> str:
        return "\n".join(job.log for job in self.jobs)


@dataclass
class Actions:
    """The platform."""

    hub: Hub
    scratch: Path
    commands: Path
    """A folder with the commands that the package installs."""
    secrets: Values = field(default_factory=dict)
    variables: Values = field(default_factory=dict)
    environments: Mapping[str, Values] = field(default_factory=dict)
    """Secrets of the environments, which a fork and Dependabot do not get."""
    prefix: str = ""
    """The beginning of the names of the workflow files."""
    folder: Path = WORKFLOWS
    """Folder of the workflows."""
    own_environ: Mapping[str, str] = field(default_factory=dict)
    """Variables of the machine."""
    caches: dict[str, Path] = field(default_factory=dict)

    def run(self, workflow: str, event: str, sha: str, branch: str, *, actor: str = "ann", **payload: Any) -> Run:
        """Run the jobs of a workflow whose conditions hold for an event at a commit.

        `payload` is the event; its `inputs` are those of a manual run.
        """
        name = f"{self.prefix}{workflow}.yml"
        run = Run(self.hub.ran(name, event, sha, branch, status="in_progress", conclusion=None))
        run.call = (name, event, sha, branch, actor, payload)
        self._attempt(run, None)
        return run

    def run_failed_again(self, run: Run) -> None:
        """Run the jobs again that failed, as "Re-run failed jobs" does, and the jobs that need them."""
        run.attempt += 1
        failed = {(job.name, job.index) for job in run.jobs if job.conclusion == "failure"}
        self._attempt(run, failed)

    def _attempt(self, run: Run, only: set[tuple[str, int]] | None) -> None:
        name, event, sha, branch, actor, payload = run.call
        github = self._github(run, name, event, sha, branch, payload)
        foreign = payload.get("pull_request", {}).get("head", {}).get("repo", {}).get("full_name", REPOSITORY)
        trusted = foreign == REPOSITORY and actor != DEPENDABOT
        contexts = {
            "github": github | {"actor": actor},
            "inputs": payload.get("inputs", {}),
            "secrets": self.secrets if trusted else {},
            "vars": self.variables if trusted else {},
            "trusted": trusted,
        }
        self._jobs(run, load(self.folder / name), contexts, only)
        recorded = next(found for found in self.hub.runs if found["id"] == run.id)
        recorded |= {"status": "completed", "conclusion": run.conclusion}

    def _jobs(self, run: Run, file: Values, contexts: Values, only: set[tuple[str, int]] | None) -> None:
        again: set[str] = set()
        for key, job in file["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            repeated = only is None or any(name == key for name, _ in only) or again.intersection(needs)
            if not repeated:
                continue
            again.add(key)
            going = all(run.of(need) == "success" for need in needs)
            here = {**contexts, "needs": {need: {"result": run.of(need)} for need in needs}}
            chosen = only if only is not None and any(name == key for name, _ in only) else None
            run.jobs = [old for old in run.jobs if old.name != key or (chosen and (key, old.index) not in chosen)]
            if not condition(job.get("if"), here, going):
                run.jobs.append(Job(key, "skipped"))
            else:
                whole = {**job, "env": {**file.get("env", {}), **job.get("env", {})}}
                self._matrix(run, key, whole, here, {index for _, index in chosen} if chosen else None)

    def _matrix(self, run: Run, key: str, job: Values, contexts: Values, only: set[int] | None) -> None:
        matrix = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
        for index, entry in enumerate(evaluate(matrix, contexts)):
            if only is not None and index not in only:
                continue
            here = {**contexts, "matrix": entry, "strategy": {"job-index": index}}
            secrets = {**contexts["secrets"]}
            if "environment" in job and contexts["trusted"]:
                environment = evaluate(job["environment"], here)
                name = environment["name"] if isinstance(environment, Mapping) else environment
                secrets |= self.environments.get(name, {})
            made = self._job(run, key, job, {**here, "secrets": secrets}, index)
            run.jobs.append(made)

    def _github(self, run: Run, name: str, event: str, sha: str, branch: str, payload: Values) -> dict[str, Any]:
        base = payload.get("pull_request", {}).get("base", {}).get("ref", "")
        return {
            "event": payload,
            "event_name": event,
            "repository": REPOSITORY,
            "ref": f"refs/heads/{branch}",
            "ref_name": branch,
            "base_ref": base,
            "sha": sha,
            "run_id": run.id,
            "run_attempt": run.attempt,
            "server_url": "https://github.example",
            "token": TOKEN,
            "workflow_ref": f"{REPOSITORY}/.github/workflows/{name}@refs/heads/{branch}",
        }

    def _job(self, run: Run, name: str, job: Values, contexts: Values, index: int) -> Job:
        made = Job(name, index=index)
        workspace = self.scratch / f"run-{run.id}-{run.attempt}-{name}-{index}"
        workspace.mkdir(parents=True)
        workspace.with_suffix(".temp").mkdir()
        contexts = {**contexts, "runner": {"temp": str(workspace.with_suffix(".temp"))}}
        summary = workspace.with_suffix(".summary")
        env = {key: text(evaluate(value, contexts)) for key, value in job["env"].items()}
        platform = self._platform(workspace, summary, contexts["github"])
        outputs: dict[str, Values] = {}
        for step in job["steps"]:
            here = {**contexts, "env": env, "steps": outputs}
            if not condition(step.get("if"), here, made.conclusion == "success"):
                continue
            if step.get("uses", "").partition("@")[0].endswith("/setup"):
                assert not _WRITING & env.keys(), "an installation gets no token"
                made.installed.append(f"{step['uses']} {step.get('with', {}).get('extras', '')}".strip())
                continue
            if "uses" in step:
                used = _USES[step["uses"].partition("@")[0]]
                try:
                    used(self, run, workspace, evaluate(step.get("with", {}), here))
                except LookupError as error:
                    made.conclusion, made.log = "failure", f"{made.log}{error}\n"
                continue
            given = {key: text(evaluate(value, here)) for key, value in step.get("env", {}).items()}
            written = workspace.with_suffix(f".{step.get('id')}")
            environ = {**platform, **env, **given, "GITHUB_OUTPUT": str(written)}
            if "pip install" in step["run"]:
                assert not _WRITING & environ.keys(), "an installation gets no token"
                made.installed.append(step["run"])
            made.log += self._shell(step["run"], workspace, environ, made)
            if "id" in step and written.exists():
                lines = written.read_text(encoding="utf-8").splitlines()
                outputs[step["id"]] = {"outputs": dict(line.split("=", 1) for line in lines)}
        made.summary = summary.read_text(encoding="utf-8") if summary.exists() else ""
        title = text(evaluate(job.get("name", name), contexts)).strip()
        ended = {"name": title, "run_attempt": run.attempt, "status": "completed", "conclusion": made.conclusion}
        others = [found for found in self.hub.jobs.get(run.id, []) if found["name"] != title]
        self.hub.jobs[run.id] = [*others, ended]
        return made

    def _shell(self, script: str, workspace: Path, environ: dict[str, str], job: Job) -> str:
        assert "${{" not in script, "an expression in a script is code that a pull request may write"
        assert "python -m" not in script, "it looks for modules in the working directory first: a pip.py of anybody's"
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=workspace,
            env=environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        job.environ |= environ
        job.keys |= {environ["OPENAI_API_KEY"]} if "OPENAI_API_KEY" in environ else set()
        if done.returncode:
            job.conclusion = "failure"
        return done.stdout + done.stderr

    def _platform(self, workspace: Path, summary: Path, github: Values) -> dict[str, str]:
        stubs = self.scratch / "stubs"
        stubs.mkdir(exist_ok=True)
        (stubs / "python").write_text(_STUB % sys.executable)
        (stubs / "python").chmod(0o755)
        event = workspace.with_suffix(".event")
        event.write_text(json.dumps(github["event"]))
        names = ("repository", "ref_name", "sha", "run_id", "run_attempt", "server_url", "workflow_ref", "event_name")
        return {
            **self.own_environ,
            **{f"GITHUB_{name.upper()}": text(github[name]) for name in names},
            "PATH": os.pathsep.join((str(stubs), str(self.commands), os.environ["PATH"])),
            "HOME": str(self.scratch),
            "CI": "true",
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(workspace.with_suffix(".temp")),
            "PIP_LOG": str(self.scratch / "pip.log"),
        }


def checkout(actions: Actions, run: Run, workspace: Path, given: Values) -> None:
    assert given["persist-credentials"] is False
    assert actions.hub.bare
    recorded = next(found for found in actions.hub.runs if found["id"] == run.id)
    git("clone", "-q", str(actions.hub.bare), ".", cwd=workspace)
    git("checkout", "-q", given.get("ref") or recorded["head_sha"], cwd=workspace)


def restore(actions: Actions, run: Run, workspace: Path, given: Values) -> None:
    """The newest whose key begins as the restore key does."""
    found = [key for key in actions.caches if key.startswith(given.get("restore-keys", given["key"]))]
    if found:
        shutil.copytree(actions.caches[found[-1]], workspace / given["path"], dirs_exist_ok=True)


def save(actions: Actions, run: Run, workspace: Path, given: Values) -> None:
    assert given["key"] not in actions.caches, "a cache is never written again"
    if (workspace / given["path"]).exists():
        kept = actions.scratch / "caches" / str(len(actions.caches)) / Path(given["path"]).name
        shutil.copytree(workspace / given["path"], kept)
        actions.caches[given["key"]] = kept


def upload(actions: Actions, run: Run, workspace: Path, given: Values) -> None:
    folder = workspace / given["path"]
    files = {path.name: path.read_bytes() for path in sorted(folder.rglob("*"))} if folder.exists() else {}
    if files:
        actions.hub.upload(run.id, given["name"], files)


def download(actions: Actions, run: Run, workspace: Path, given: Values) -> None:
    """Download artifacts: by name to the folder, by pattern each to a separate folder."""
    found = actions.hub.artifacts.get(run.id, [])
    if "name" in given and all(artifact["name"] != given["name"] for artifact in found):
        raise LookupError(f"there is no artifact {given['name']}")
    for artifact in found:
        if not fnmatch(artifact["name"], given.get("name") or given["pattern"]):
            continue
        target = workspace / given["path"] / ("" if "name" in given else artifact["name"])
        archive = workspace.with_suffix(".zip")
        archive.write_bytes(actions.hub.archives[artifact["id"]])
        shutil.unpack_archive(archive, target)


def nothing(actions: Actions, run: Run, workspace: Path, given: Values) -> None: ...


_USES: Final[Mapping[str, Callable[[Actions, Run, Path, Values], None]]] = {
    "actions/checkout": checkout,
    "actions/setup-python": nothing,
    "actions/cache/restore": restore,
    "actions/cache/save": save,
    "actions/upload-artifact": upload,
    "actions/download-artifact": download,
}


def load(file: Path) -> Values:
    found: Values = YAML(typ="safe", pure=True).load(file)
    return found


def condition(written: str | None, contexts: Values, going: bool) -> bool:
    """An `if:`; one that asks for no status asks for success."""
    expression = _EXPRESSION.fullmatch(written.strip()) if written else None
    inner = expression[1] if expression else (written or "true")
    asked = re.search(r"\b(always|cancelled|failure|success)\(", inner)
    return bool(_value(inner, contexts)) and (going or bool(asked))


def evaluate(value: Any, contexts: Values) -> Any:
    """Return `value` with its expressions evaluated. A single expression keeps its type."""
    if isinstance(value, Mapping):
        return {key: evaluate(item, contexts) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = _EXPRESSION.fullmatch(value.strip())
    if whole:
        return _value(whole[1], contexts)
    return _EXPRESSION.sub(lambda found: text(_value(found[1], contexts)), value)


def text(value: Any) -> str:
    return "" if value is None else json.dumps(value) if isinstance(value, bool) else str(value)


def _value(expression: str, contexts: Values) -> Any:
    def get(path: str) -> Any:
        value: Any = contexts
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    known = {"fromJSON": json.loads, "cancelled": lambda: False, "always": lambda: True}
    program = "".join(_translated(expression, known))
    return eval(program.strip(), {"get": get, **known})  # our own workflow files, in a test


def _translated(expression: str, functions: Values) -> Iterator[str]:
    position = 0
    while position < len(expression):
        found = _TOKEN.match(expression, position)
        assert found, f"not understood: {expression[position:]!r}"
        token, position = found[0], found.end()
        if token.startswith("'"):
            yield repr(token[1:-1].replace("''", "'"))
        elif token in _OPERATORS or token in functions or not token[0].isalpha():
            yield _OPERATORS.get(token, " " if token.isspace() else token)
        else:
            yield {"true": "True", "false": "False", "null": "None"}.get(token) or f"get({token!r})"
