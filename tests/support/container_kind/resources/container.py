"""Containers: folders of the project that hosted tools can open. The API has no metadata for them."""

from collections.abc import Callable, Iterator
from posixpath import join, relpath
from typing import Final

from pydantic import Field

from reconciler.resources.base import Desired, Live, LocalFile, Resource, Scope, Spec
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.problems import Finding
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON

DESCRIPTION: Final = "description"


class ContainerSpec(Spec):
    """A folder of files that hosted tools can open."""

    folder: str = Field(min_length=1)
    """Folder of the project, with everything below it. Required."""
    description: str | None = None
    """Purpose of the container, for agents. Default: none."""


def _parts(resource: Resource, scope: Scope) -> Iterator[LocalFile | Finding]:
    spec: ContainerSpec = resource.spec
    return (scope.files.read(path) for path in scope.files.glob(join(spec.folder, "**", "*")))


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    found = list(_parts(resource, scope))
    if not found:
        yield Finding(("spec", "folder"), "empty-folder", f"there are no files in {resource.spec.folder}")
    yield from (Finding(("spec", "folder"), one.code, one.message) for one in found if isinstance(one, Finding))


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    spec: ContainerSpec = resource.spec
    parts = tuple(part for part in _parts(resource, scope) if isinstance(part, LocalFile))
    described = {DESCRIPTION: spec.description} if DESCRIPTION in spec.model_fields_set else {}
    yield Desired(
        address=resource.address,
        type=CONTAINER.type,
        fields={
            "name": resource.address.name,
            "content": {relpath(part.path, spec.folder): part.sha256 for part in parts},
            **described,
        },
        place=resource.place,
        lifecycle=resource.lifecycle,
        parts=parts,
    )


def _to_manifest(live: Live, name: str, _called: Callable[[str], str]) -> SpecDraft:
    folder = f"containers/{name}"
    described = {DESCRIPTION: live.fields[DESCRIPTION]} if live.fields[DESCRIPTION] else {}
    files = {f"{folder}/{path}": text.encode() for path, text in live.detail["texts"].items()}
    return SpecDraft({"folder": folder, **described}, files=files)


def _canonical(_field: str, value: JSON) -> JSON:
    return value


CONTAINER: Final = ResourceType(
    type="container",
    identity="state",
    canonical=_canonical,
    render=dict,
    defaults={DESCRIPTION: None},
    immutable=frozenset({"content"}),
    serves=True,
)

KIND: Final = Kind(
    name="Container",
    prefix="container",
    models={"": ContainerSpec},
    desired=_desired,
    check=_check,
    to_manifest={"container": _to_manifest},
    frozen="content",
    attaches=True,
)
