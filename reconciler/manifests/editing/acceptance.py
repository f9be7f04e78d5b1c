"""Edits of a manifest and the files that it includes, so that they have other canonical values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.manifests.editing.documents import source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.manifests.editing.merging import Merger, Obstacle
from reconciler.manifests.expansion import Expander, Expansion
from reconciler.manifests.includes import Sources
from reconciler.manifests.loading import Loaded
from reconciler.manifests.model_paths import item_identity
from reconciler.manifests.parsing import Document
from reconciler.manifests.variables import Variables
from reconciler.resources.base import Desired, Path, Resource
from reconciler.resources.list_items import Identity
from reconciler.resources.problems import Problem
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, Fields, is_reference


@dataclass(frozen=True)
class Acceptance:
    """The new texts of a manifest and its included files."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """New texts of files, by path relative to the project folder."""
    problems: tuple[Problem, ...] = ()
    """Values that cannot be written, with the next step for each."""


def accept(
    loaded: Loaded, resource: Resource, desired: Desired, wanted: Fields, texts: Mapping[str, str]
) -> Acceptance:
    """Return edits of the manifest of `resource` that change its values from `desired` to `wanted`.

    `texts` has earlier edits by path. Nothing is written. The caller must check that the result is read as `wanted`,
    because that requires loading the whole project.
    """
    source = source_of(loaded.project, resource, texts)
    document = source.document
    merger = _merger(loaded, document, resource, desired, texts)
    try:
        value = {
            **document.value,
            "spec": _spec(loaded, resource, document.value["spec"], desired.fields, wanted, merger),
        }
        new = source.edited(value)
    except UneditableError as error:
        return Acceptance({}, (source.uneditable(error),))
    made = {source.path: new, **merger.files}
    problems = tuple(_problem(resource, obstacle) for obstacle in merger.obstacles)
    kept = {name: made[name] for name in made if name != source.path or new != source.text}
    return Acceptance(kept, problems)


def _merger(
    loaded: Loaded, document: Document, resource: Resource, desired: Desired, texts: Mapping[str, str]
) -> Merger:
    project = loaded.project
    variables = Variables(project.variables, project.variable_texts)
    expansion = Expansion(Expander(Sources(project.root, "", texts), variables), lambda _path, _on_key: resource.place)
    expansion.expand(document.value)
    resource_type = resource_types()[desired.type]
    spec = resource.spec.model_dump(by_alias=True, exclude_unset=True)

    def split(path: Path, item: JSON) -> Sequence[JSON]:
        found = resource_type.canonical(str(path[1]), [item]) if len(path) == 2 else [item]
        return found if isinstance(found, list) else [item]

    def identify(path: Path) -> Identity:
        declared = item_identity(type(resource.spec), path[1:], spec)

        def identity(item: JSON) -> str | None:
            if is_reference(item) or not isinstance(item, dict | list):
                return json.dumps(item)
            return declared.of(item) if declared else None

        return identity

    return Merger(
        expansion.includes,
        variables,
        lambda items: resource_type.canonical("tools", list(items)),
        split,
        identify,
    )


def _spec(loaded: Loaded, resource: Resource, raw: JSON, old: Fields, new: Fields, merger: Merger) -> JSON:
    """The spec, with the fields that have an editor by their own rules."""
    spec, editors = resource.spec, resource.kind.editors
    apart = {name for name in new if name in editors}
    written = spec.model_dump(by_alias=True, exclude_unset=True)
    rest = {name: old.get(name) if name in apart else new[name] for name in new if name in old or name not in apart}
    made = merger.mapping(raw, written, dict(old), rest, ("spec",))
    for name in sorted(apart):
        before = raw.get(name, []), old.get(name, {})
        made = {**made, name: editors[name](spec, loaded.scope.files, merger, *before, new[name])}
    return made


def _problem(resource: Resource, obstacle: Obstacle) -> Problem:
    return Problem(
        "not-pulled", f"{resource.address}: {obstacle.message}", resource.where(obstacle.path), obstacle.hint
    )
