"""Where migrated manifests go: a project that is there, or a new one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.manifests import find_project, load
from reconciler.manifests.drafting import unique_name
from reconciler.manifests.drafts import Draft
from reconciler.manifests.project import Project, ProjectSpec
from reconciler.manifests.schema import schema_file
from reconciler.manifests.tree import repository_of
from reconciler.manifests.writing import write_drafts
from reconciler.migration.model import Target
from reconciler.resources.address import Identity
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Place, ReconcilerError

_ORIGIN: Final = re.compile(r"^# Migrated from \w+ (\w+)[ ,]", re.MULTILINE)
"""As `drafting` writes it."""


@dataclass(frozen=True)
class Destination:
    """A project folder, and what has to be known of it."""

    project: Project
    is_new: bool
    assistants: Mapping[str, Path]
    """The files of those that are there, by name."""

    @property
    def variables(self) -> frozenset[str]:
        """Names that every environment has a value for."""
        environments = [set(one.variables) for one in self.project.spec.environments.values()]
        return frozenset(set.intersection(*environments)) if environments else frozenset()

    @cached_property
    def migrated(self) -> Mapping[str, str]:
        """Names of the assistants that were migrated before, by id of what they were made of."""
        texts = {name: file.read_text(encoding="utf-8", errors="replace") for name, file in self.assistants.items()}
        return {id_: name for name, text in texts.items() for id_ in _ORIGIN.findall(text)}

    def write(self, drafts: tuple[Draft, ...], target: Target) -> tuple[str, ...]:
        """Raises ReconcilerError, and writes nothing, where a file is in the way."""
        spec = {"defaults": {"target": target}}
        project = Draft("Project", self.project.identity.project, spec) if self.is_new else None
        schema = schema_file() if project else None
        written = write_drafts(self.project.root, drafts, project=project, schema=schema)
        return tuple(path.as_posix() for path in written)


def destination(folder: Path) -> Destination:
    """The project at or above `folder`, or a new one in it."""
    folder = folder.resolve()
    try:
        root = find_project(folder)
    except ReconcilerError:
        return Destination(_new(folder), is_new=True, assistants={})
    loaded = load(root, env=None)
    repository = loaded.project.repository
    there = (one for one in loaded.resources if one.kind is KIND)
    return Destination(loaded.project, False, {one.address.name: repository / one.place.file for one in there})


def _new(folder: Path) -> Project:
    name = unique_name(folder.name, (), "project")
    place = Place("project.yaml")
    return Project(folder, repository_of(folder), Identity(name), ProjectSpec(), place)
