"""`init --ci github`: the workflows of this repository, for another one."""

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Final

from reconciler.manifests import find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.resources.problems import Problem, ReconcilerError

NAMES: Final = ("plan", "apply", "drift", "rollback")
FOLDER: Final = Path(".github", "workflows")
_CALLED: Final = re.compile(r"^  workflow_call:\n(?:    .*\n)+", re.MULTILINE)
_PLAIN: Final = re.compile(r"\$\{\{ inputs\.([a-z-]+)(?: \|\| '([^']*)')? \}\}")
_MATRIX: Final = re.compile(r"\$\{\{ fromJSON\(.*\) \}\}")
_KEEPS: Final = frozenset({"chatbot", "number", "project", "env"})
"""What a person gives, who runs a workflow by hand."""


def write_workflows(start: Path) -> list[Path]:
    """Write them into the repository of the project at or above `start`; gives the paths.

    They are for its environments, its endpoint and its state, which is on a branch unless it is elsewhere already, with
    this version. Nothing is overwritten: ReconcilerError if one of the files is there already, or if there is no
    repository.
    """
    project = load_all_environments(find_project(start))
    repository = project.project.repository
    if not (repository / ".git").exists():
        hint = "Make one with `git init`, or run this inside it."
        raise ReconcilerError(Problem("no-repository", f"{repository} is no Git repository", hint=hint))
    texts = {repository / FOLDER / f"reconciler-{name}.yml": _written(name, project) for name in NAMES}
    there = next((path for path in texts if path.exists()), None)
    if there is not None:
        message = f"{there} is there already; nothing was written"
        raise ReconcilerError(Problem("exists", message, hint="Move it away, and compare afterwards."))
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def templates() -> Path:
    """The folder of our own: in a checkout, or inside the installed package."""
    installed = Path(__file__).parent / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[2] / FOLDER


def _written(name: str, project: AllEnvironments) -> str:
    """Without what is for callers, and with their inputs filled in."""
    given = _given(project)
    text = _CALLED.sub("", (templates() / f"{name}.yml").read_text(encoding="utf-8"))
    text = _MATRIX.sub(lambda _: _matrix(project), text)
    text = _PLAIN.sub(lambda found: found[0] if found[1] in _KEEPS else given.get(found[1], found[2] or ""), text)
    return text.replace("default: manifests", f"default: {_folder(project)}").replace(
        "default: production", f'default: "{_last(project)}"'
    )


def _given(project: AllEnvironments) -> dict[str, str]:
    """What a caller would pass."""
    spec = project.project.spec
    state = spec.state.url
    return {
        "version": version("assistant-reconciler"),
        "endpoint": spec.endpoint or "https://api.openai.com/v1",
        "state": "git" if state == "local" else state,
        "plan-workflow": "reconciler-plan.yml",
    }


def _matrix(project: AllEnvironments) -> str:
    """JSON, which is YAML too."""
    entries = [{"project": _folder(project), "env": name} for name in project.environments or ("",)]
    return json.dumps(entries)


def _folder(project: AllEnvironments) -> str:
    return project.root.relative_to(project.project.repository).as_posix()


def _last(project: AllEnvironments) -> str:
    """By custom that of users."""
    return (project.environments or ("",))[-1]
