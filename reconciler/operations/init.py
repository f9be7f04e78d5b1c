"""`init`: a small project to start from."""

import json
import re
import string
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from reconciler.manifests import find_project
from reconciler.manifests.modeline import SCHEMA_FILE, modeline, schema_around
from reconciler.manifests.schema import schema_file
from reconciler.manifests.tree import is_manifest_name, project_around
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.resources.address import NAME_LENGTH
from reconciler.resources.problems import Problem, ReconcilerError

NOT_TEXT = frozenset({"true", "false", "null"})
"""Words that are values of other types in YAML 1.2, as are numbers."""
WORKFLOWS: Final = ("plan", "apply", "drift", "rollback")
WORKFLOW_FOLDER: Final = Path(".github", "workflows")
_CALL_INPUTS: Final = re.compile(r"^  workflow_call:\n(?:    .*\n)+", re.MULTILINE)
_INPUT: Final = re.compile(r"\$\{\{ inputs\.([a-z-]+)(?: \|\| '([^']*)')? \}\}")
_MATRIX: Final = re.compile(r"\$\{\{ fromJSON\(.*\) \}\}")
_MANUAL_INPUTS: Final = frozenset({"chatbot", "number", "project", "env"})
"""What a person gives, who runs a workflow by hand."""


def init(folder: Path) -> list[str]:
    """Write the starter project into `folder`, named after it; gives the paths written.

    Its manifests name the JSON Schema that is above the folder in the repository; where there is none, it is written.
    Nothing is overwritten: ReconcilerError if one of the files is there already, or if another project is around or in
    the folder, which would read them as its own.
    """
    starter = dict(_tree(files("reconciler.operations") / "starter"))
    there = [path for path in starter if (folder / path).exists()]
    if there:
        hint = "Choose an empty folder: reconciler init DIR"
        raise ReconcilerError(
            Problem("exists", f"{folder / there[0]} is there already; nothing was written", hint=hint)
        )
    other = project_around(folder)
    if other is not None:
        message = f"{folder} has {other} around or in it, a project already; nothing was written"
        raise ReconcilerError(Problem("inside-project", message, hint="Choose a folder outside of it."))
    schema = schema_around(folder)
    if schema is None:
        schema = folder / SCHEMA_FILE
        starter[SCHEMA_FILE] = schema_file().decode()
    for path, text in starter.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        first = modeline(target, schema) if is_manifest_name(path) else ""
        made = string.Template(text).safe_substitute(project=_name(folder)) if first else text
        target.write_text(first + made, encoding="utf-8")
    return list(starter)


def _name(folder: Path) -> str:
    """The name of the folder, as far as it can be a project's, and as YAML reads it as text."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "project"
    if name[0].isdigit() or name in NOT_TEXT:
        name = f"project-{name}"
    return name[:NAME_LENGTH].strip("-")


def _tree(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _tree(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_text(encoding="utf-8")))
    return found


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
    texts = {
        repository / WORKFLOW_FOLDER / f"reconciler-{name}.yml": _workflow_text(name, project) for name in WORKFLOWS
    }
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
    return installed if installed.is_dir() else Path(__file__).parents[2] / WORKFLOW_FOLDER


def _workflow_text(name: str, project: AllEnvironments) -> str:
    """Without what is for callers, and with their inputs filled in."""
    given = _inputs(project)
    text = _CALL_INPUTS.sub("", (templates() / f"{name}.yml").read_text(encoding="utf-8"))
    text = _MATRIX.sub(lambda _: _matrix(project), text)
    text = _INPUT.sub(
        lambda found: found[0] if found[1] in _MANUAL_INPUTS else given.get(found[1], found[2] or ""), text
    )
    return text.replace("default: manifests", f"default: {_folder(project)}").replace(
        "default: production", f'default: "{_last_environment(project)}"'
    )


def _inputs(project: AllEnvironments) -> dict[str, str]:
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


def _last_environment(project: AllEnvironments) -> str:
    """By custom that of users."""
    return (project.environments or ("",))[-1]
