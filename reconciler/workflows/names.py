"""The prefix of a project: files, environments and jobs that no other project of the repository has."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.workflows import github, gitlab
from reconciler.workflows.model import CI, PREFIX, Setup, environment_names

_FILES: Final = {
    "github": (github.FOLDER, f"{PREFIX}*-plan.yml", "-plan.yml"),
    "gitlab": (gitlab.FOLDER, f"{PREFIX}*.yml", ".yml"),
}
"""For each CI system: the folder, the pattern and the ending of the file that names a project and its environments."""
_OWNER: Final = re.compile(r"^# Written by `reconciler init --ci \w+`\. Project: (.*)$", re.MULTILINE)
_ENVIRONMENT: Final = re.compile(r'(?:"env"|\bRECONCILER_ENV): "([-a-z0-9]*)"')


def named(setup: Setup, ci: CI, repository: Path) -> Setup:
    """Return `setup` with the prefix of its files, if there are some, or with one that no other project uses.

    Raises ReconcilerError if an environment has the name of an environment of another project.
    """
    projects = list(_projects(setup, ci, repository))
    prefixes = {one.prefix: one.project for one in projects}
    taken = {name: one.project for one in projects if one.project != setup.project for name in environment_names(one)}
    mine = next((prefix for prefix, project in prefixes.items() if project == setup.project), None)
    if mine is None:
        free = (replace(setup, prefix=prefix) for prefix in _prefixes(setup.project) if prefix not in prefixes)
        return next(one for one in free if taken.keys().isdisjoint(environment_names(one)))
    found = replace(setup, prefix=mine)
    twice = next((name for name in environment_names(found) if name in taken), None)
    if twice:
        message = f"the environment {twice} of the CI system belongs to the project in {taken[twice]}"
        hint = "Rename the environment in project.yaml, or delete the files of this project and run the command again."
        raise ReconcilerError(Problem("exists", message, hint=hint))
    return found


def _projects(setup: Setup, ci: CI, repository: Path) -> Iterator[Setup]:
    """Yield the projects whose files are in the repository."""
    folder, pattern, ending = _FILES[ci]
    for file in sorted((repository / folder).glob(pattern)):
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        owner = _OWNER.search(text)
        if owner:
            found = tuple(dict.fromkeys(filter(None, _ENVIRONMENT.findall(text))))
            yield replace(setup, project=owner[1], environments=found, prefix=file.name.removesuffix(ending))


def _prefixes(project: str) -> Iterator[str]:
    yield PREFIX
    name = re.sub(r"[^a-z0-9]+", "-", project.lower()).strip("-") or "root"
    yield f"{PREFIX}-{name}"
    for number in count(2):
        yield f"{PREFIX}-{name}-{number}"
