"""`init`: write a starter project, or the files that run a project in CI."""

import os
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reconciler.files.changes import FileChange, write_files
from reconciler.files.search import PROJECT_FILE, project_around
from reconciler.manifests import find_project
from reconciler.manifests.folder import undo_interrupted
from reconciler.manifests.scalars import needs_quotes
from reconciler.manifests.schema import schema_file
from reconciler.manifests.tree import is_manifest_name
from reconciler.manifests.writing import SCHEMA_FILE, modeline, schema_around
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.resources.address import NAME_LENGTH
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.workflows import CI, Setup, github, gitlab, parse_source, setup_of
from reconciler.workflows.names import named


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


@dataclass(frozen=True)
class Written:
    """The CI files of a project."""

    setup: Setup
    repository: Path
    written: tuple[str, ...]
    """Paths in the repository."""
    unchanged: tuple[str, ...]
    """Files that were there already, with the same content."""
    include: str = ""
    """The file that an existing `.gitlab-ci.yml` must include and does not; empty if there is none."""


def write_workflows(start: Path, environ: Mapping[str, str], ci: CI, source: str | None) -> Written:
    """Write the CI files of the project at or above `start` to its repository.

    They use the environments, the endpoint, the outlets, the state and the default branch of the project, and install
    Reconciler from `source`. Raises ReconcilerError if a file exists with other content, if the state cannot be used in
    CI, without a source that is fixed to one content, or without a repository. Then nothing is written.
    """
    project = load_all_environments(find_project(start), environ)
    repository = project.project.repository
    if not (repository / ".git").exists():
        hint = "Create a repository with `git init`, or run the command in one."
        raise ReconcilerError(Problem("no-repository", f"{repository} is not a Git repository", hint=hint))
    undo_interrupted(repository)
    setup = _setup(project, ci, repository)
    installed = parse_source(source, repository, ci)
    texts = github.workflows(setup, installed) if ci == "github" else gitlab.pipeline(setup, installed)
    include = _add_pipeline(texts, setup, repository) if ci == "gitlab" else ""
    unchanged = tuple(path for path, text in texts.items() if _is_same(repository / path, text))
    written = tuple(path for path in texts if path not in unchanged)
    differing = [path for path in written if os.path.lexists(repository / path)]
    if differing:
        raise ReconcilerError(*map(_exists, differing))
    write_files(repository, (FileChange(path, None, texts[path].encode()) for path in written))
    return Written(setup, repository, written, unchanged, include)


def _setup(project: AllEnvironments, ci: CI, repository: Path) -> Setup:
    """Return the settings of the files; raises ReconcilerError, which says that nothing was written."""
    try:
        return named(setup_of(project), ci, repository)
    except ReconcilerError as error:
        problems = (replace(one, message=f"{one.message}; nothing was written") for one in error.problems)
        raise ReconcilerError(*problems) from error


def _add_pipeline(texts: dict[str, str], setup: Setup, repository: Path) -> str:
    """Add the `.gitlab-ci.yml` that includes the pipeline; if there is one, return the entry that it must include."""
    root, entry = repository / gitlab.ROOT, f"{gitlab.FOLDER}/{setup.prefix}.yml"
    if not root.exists():
        texts[gitlab.ROOT] = gitlab.including(setup)
        return ""
    return "" if entry in root.read_text(encoding="utf-8", errors="replace") else entry


def _is_same(path: Path, text: str) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode()


def _exists(path: str) -> Problem:
    message = f"{path} exists and differs from what would be written; nothing was written"
    hint = "Commit the file, delete it, run the command again, and see the differences with `git diff`."
    return Problem("exists", message, hint=hint)
