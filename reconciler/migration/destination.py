"""The project that receives migrated manifests: an existing one, or a new one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from reconciler.manifests import find_project
from reconciler.manifests.drafts import Draft, unique_name
from reconciler.manifests.folder import NO_PROJECT, on_disk, repository_of, undo_interrupted
from reconciler.manifests.project import Project
from reconciler.manifests.project_settings import ProjectSpec
from reconciler.manifests.schema import schema_file
from reconciler.manifests.writing import write_drafts
from reconciler.migration.model import Target
from reconciler.project.loading import load_project
from reconciler.resources.address import Identity
from reconciler.resources.kinds import vector_store
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Place, ReconcilerError

_ORIGIN: Final = re.compile(r"^# Migrated from (?:assistant|prompt|vector store) ([\w.:-]+)[ ,]", re.MULTILINE)
"""The comment that `drafting` writes above a manifest, with the id of the export."""


@dataclass(frozen=True)
class Destination:
    """A project folder with its assistants and vector stores."""

    project: Project
    is_new: bool
    assistants: Mapping[str, Path]
    """Manifest files of the existing assistants, by name."""
    stores: Mapping[str, Path] = field(default_factory=dict)
    """Manifest files of the existing vector stores, by name."""

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables that have a value in every environment."""
        spec = self.project.spec
        first, *others = (frozenset(spec.variables_in(one)) for one in spec.environments or ("",))
        return first.intersection(*others)

    @cached_property
    def migrated(self) -> Mapping[str, str]:
        """Names of the assistants that were migrated before, by the id of their export."""
        return _migrated(self.assistants)

    @cached_property
    def migrated_stores(self) -> Mapping[str, str]:
        """Names of the vector stores that were migrated before, by their id on the server."""
        return _migrated(self.stores)

    def write(
        self, drafts: tuple[Draft, ...], target: Target, files: Mapping[str, Path] = MappingProxyType({})
    ) -> tuple[str, ...]:
        """Write the drafts, and copies of `files`, which are given by path; raises ReconcilerError and writes nothing
        if one of the files exists.
        """
        spec = {"defaults": {"target": target}}
        project = Draft("Project", self.project.identity.project, spec) if self.is_new else None
        schema = schema_file() if project else None
        written = write_drafts(self.project.root, drafts, project=project, schema=schema, files=files)
        return tuple(path.as_posix() for path in written)


def destination(folder: Path, environ: Mapping[str, str]) -> Destination:
    """Return the project at or above `folder`, or a new one in it."""
    folder = folder.resolve()
    undo_interrupted(folder)
    try:
        root = find_project(folder)
    except ReconcilerError as error:
        if any(problem.code != NO_PROJECT for problem in error.problems):
            raise
        return Destination(_new(folder), is_new=True, assistants={})
    loaded = load_project(root, environ, env=None)
    repository = loaded.project.repository
    files: dict[str, dict[str, Path]] = {KIND.prefix: {}, vector_store.PREFIX: {}}
    for one in loaded.resources:
        if one.address.kind in files:
            files[one.address.kind][one.address.name] = repository / on_disk(repository, one.place.file)
    return Destination(loaded.project, False, files[KIND.prefix], files[vector_store.PREFIX])


def _migrated(files: Mapping[str, Path]) -> Mapping[str, str]:
    texts = {name: file.read_text(encoding="utf-8", errors="replace") for name, file in files.items()}
    return {id_: name for name, text in texts.items() for id_ in _ORIGIN.findall(text)}


def _new(folder: Path) -> Project:
    name = unique_name(folder.name, (), "project")
    place = Place("project.yaml")
    return Project(folder, repository_of(folder), Identity(name), ProjectSpec(), place)
