"""A manifest, and the files it includes, with other canonical values: the inverse of reading it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from reconciler.manifests.editing.edits import UneditableError, edited
from reconciler.manifests.editing.merging import Merger, Obstacle
from reconciler.manifests.editing.store_entries import Entries, is_store
from reconciler.manifests.expansion import Expander, Expansion
from reconciler.manifests.included import Sources
from reconciler.manifests.loading import Loaded
from reconciler.manifests.parsing import Document, parse
from reconciler.manifests.project import Project
from reconciler.manifests.reading import MAX_MANIFEST, locate, read_text
from reconciler.manifests.variables import Variables
from reconciler.resources.base import Desired, Resource
from reconciler.resources.problems import Place, Problem
from reconciler.resources.registry import forms
from reconciler.resources.values import JSON, Fields


@dataclass(frozen=True)
class Acceptance:
    """What has to be written so that a manifest asks for other values."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """New texts of files, by path relative to the project folder."""
    problems: tuple[Problem, ...] = ()
    """Values that cannot be written, and what to do."""


def accept(
    loaded: Loaded, resource: Resource, desired: Desired, wanted: Fields, texts: Mapping[str, str]
) -> Acceptance:
    """Edits of the manifest `resource`, which asks for `desired`, so that it asks for `wanted`.

    `texts` are edits made before, by path. Nothing is written; that the result is read as `wanted` is for the caller to
    check, who can load the whole project.
    """
    path = _project_path(loaded.project, resource.place.file)
    text = texts[path] if path in texts else read_text(locate(loaded.project.root, path), MAX_MANIFEST)
    documents = list(parse(text, resource.place.file))
    index = next(at for at, one in enumerate(documents) if _describes(one, resource))
    document = documents[index]
    merger = _merger(loaded, document, resource, desired, texts)
    try:
        value = {
            **document.value,
            "spec": _spec(loaded, resource, document.value["spec"], desired.fields, wanted, merger),
        }
        new = edited(document.text, value)
    except UneditableError as error:
        place = Place(document.file, document.line + error.line)
        return Acceptance({}, (Problem("uneditable", error.message, place, "edit the manifest by hand"),))
    whole = "".join(one.text if at != index else new for at, one in enumerate(documents))
    made = {path: whole, **merger.files}
    problems = tuple(_problem(resource, obstacle) for obstacle in merger.obstacles)
    return Acceptance({name: made[name] for name in made if name != path or whole != text}, problems)


def _project_path(project: Project, file: str) -> str:
    """A file that messages name, relative to the project folder."""
    return FilePath(os.path.relpath(project.repository / file, project.root)).as_posix()


def _describes(document: Document, resource: Resource) -> bool:
    value = document.value
    if not isinstance(value, dict) or value.get("kind") != resource.kind.name:
        return False
    return bool(value["metadata"]["name"] == resource.address.name)


def _merger(
    loaded: Loaded, document: Document, resource: Resource, desired: Desired, texts: Mapping[str, str]
) -> Merger:
    project = loaded.project
    variables = Variables(project.variables)
    expansion = Expansion(Expander(Sources(project.root, "", texts), variables), lambda _path, _on_key: resource.place)
    expansion.expand(document.value)
    form = forms()[desired.type]
    return Merger(expansion.includes, variables, lambda items: form.canonical("tools", list(items)))


def _spec(loaded: Loaded, resource: Resource, raw: JSON, old: Fields, new: Fields, merger: Merger) -> JSON:
    """The spec, with the entries of a store by their own rules."""
    spec = resource.spec
    apart = {name for name in old if is_store(spec, name) and name in new}
    written = spec.model_dump(by_alias=True, exclude_unset=True)
    kept = {name: old[name] for name in apart}
    made = merger.mapping(raw, written, dict(old), {**new, **kept}, ("spec",))
    for name in apart:
        made = {**made, name: Entries(merger, spec, loaded.scope.files).merged(raw[name], old[name], new[name])}
    return made


def _problem(resource: Resource, obstacle: Obstacle) -> Problem:
    return Problem(
        "not-pulled", f"{resource.address}: {obstacle.message}", resource.where(obstacle.path), obstacle.hint
    )
