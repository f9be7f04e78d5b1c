"""`init`: write a starter project, or the workflows for GitHub Actions."""

import json
import os
import re
import string
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from reconciler.files.changes import FileChange, write_files
from reconciler.manifests import find_project
from reconciler.manifests.folder import PROJECT_FILE, project_around, undo_interrupted
from reconciler.manifests.scalars import needs_quotes
from reconciler.manifests.schema import schema_file
from reconciler.manifests.tree import is_manifest_name
from reconciler.manifests.writing import SCHEMA_FILE, modeline, schema_around
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.outlets import outlets_of
from reconciler.resources.address import NAME_LENGTH
from reconciler.resources.problems import Problem, ReconcilerError

WORKFLOWS: Final = ("plan", "apply", "drift", "rollback")
WORKFLOW_FOLDER: Final = Path(".github", "workflows")
_PLAIN: Final = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9/._~?=&%:@+-]*")
"""Names of outlets that are written to workflows. Others, such as those with spaces, are left to the maintainer."""
_CALL_INPUTS: Final = re.compile(r"^  workflow_call:\n(?:    .*\n)+", re.MULTILINE)
_INPUT: Final = re.compile(r"\$\{\{ inputs\.([a-z-]+)(?: \|\| '([^']*)')? \}\}")
_MATRIX: Final = re.compile(r"\$\{\{ fromJSON\(.*\) \}\}")
_MANUAL_INPUTS: Final = frozenset({"chatbot", "number", "project", "env"})
"""Inputs of a manual run, which stay expressions."""


def init(folder: Path) -> list[str]:
    """Write the starter project to `folder`, named after it, and return the written paths.

    Its manifests reference the JSON Schema above the folder in the repository; if there is none, it is written. Raises
    ReconcilerError if one of the files exists, or if `folder` overlaps with another project.
    """
    undo_interrupted(folder)
    starter = dict(_tree(files("reconciler.operations") / "starter"))
    existing = [path for path in starter if os.path.lexists(folder / path)]
    if existing:
        hint = "Choose an empty folder: reconciler init DIR"
        raise ReconcilerError(
            Problem("exists", f"{folder / existing[0]} already exists; nothing was written", hint=hint)
        )
    other = project_around(folder)
    if other is not None:
        message = f"{folder} overlaps with the project in {other}; nothing was written"
        raise ReconcilerError(Problem("inside-project", message, hint="Choose a folder outside of that project."))
    schema = schema_around(folder)
    if schema is None:
        schema = folder / SCHEMA_FILE
        starter[SCHEMA_FILE] = schema_file().decode()
    made: dict[str, str] = {}
    for path, text in starter.items():
        first = modeline(folder / path, schema) if is_manifest_name(path) else ""
        made[path] = first + (string.Template(text).safe_substitute(project=_name(folder)) if first else text)
    order = sorted(made, key=lambda path: (is_manifest_name(path), path == PROJECT_FILE))
    write_files(folder, (FileChange(path, None, made[path].encode()) for path in order))
    return list(starter)


def _name(folder: Path) -> str:
    """Return a valid project name derived from the folder, which YAML reads as text."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "project"
    if name[0].isdigit() or needs_quotes(name):
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
    """Write the workflows to the repository of the project at or above `start`, and return their paths.

    They use the environments, the endpoint, the outlets and the state of the project, with `git` in place of a local
    state, and this version of Reconciler. Raises ReconcilerError if one of the files exists, or without a repository.
    """
    project = load_all_environments(find_project(start))
    repository = project.project.repository
    if not (repository / ".git").exists():
        hint = "Create a repository with `git init`, or run the command in one."
        raise ReconcilerError(Problem("no-repository", f"{repository} is not a Git repository", hint=hint))
    undo_interrupted(repository)
    texts = {
        repository / WORKFLOW_FOLDER / f"reconciler-{name}.yml": _workflow_text(name, project) for name in WORKFLOWS
    }
    existing = next((path for path in texts if os.path.lexists(path)), None)
    if existing is not None:
        message = f"{existing} already exists; nothing was written"
        raise ReconcilerError(
            Problem("exists", message, hint="Move the file, run the command again, and compare both.")
        )
    write_files(
        repository,
        (FileChange(path.relative_to(repository).as_posix(), None, text.encode()) for path, text in texts.items()),
    )
    return list(texts)


def templates() -> Path:
    """Return the folder of the workflow templates, in a checkout or in the installed package."""
    installed = Path(__file__).parent / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[2] / WORKFLOW_FOLDER


def _workflow_text(name: str, project: AllEnvironments) -> str:
    """Return the text of a workflow, with the inputs of callers replaced by their values."""
    given = _inputs(project)
    text = _CALL_INPUTS.sub("", (templates() / f"{name}.yml").read_text(encoding="utf-8"))
    text = _MATRIX.sub(lambda _: _matrix(project), text)
    text = _INPUT.sub(
        lambda found: found[0] if found[1] in _MANUAL_INPUTS else given.get(found[1], found[2] or ""), text
    )
    production = (project.environments or ("",))[-1]  # by convention the last one is the environment of users
    return text.replace("default: manifests", f"default: {_folder(project)}").replace(
        "default: production", f'default: "{production}"'
    )


def _inputs(project: AllEnvironments) -> dict[str, str]:
    """Return the inputs that a caller would pass."""
    spec = project.project.spec
    state = spec.state.url
    return {
        "version": version("assistant-reconciler"),
        "endpoint": spec.endpoint or "https://api.openai.com/v1",
        "state": "git" if state == "local" else state,
        "outlets": f"'{' '.join(one.name for one in outlets_of(project.project) if _PLAIN.fullmatch(one.name))}'",
        "plan-workflow": "reconciler-plan.yml",
    }


def _matrix(project: AllEnvironments) -> str:
    """Return the matrix of projects and environments as JSON, which is also YAML."""
    entries = [{"project": _folder(project), "env": name} for name in project.environments or ("",)]
    return json.dumps(entries)


def _folder(project: AllEnvironments) -> str:
    return project.root.relative_to(project.project.repository).as_posix()
