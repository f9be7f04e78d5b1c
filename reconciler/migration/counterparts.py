"""The manifests of one assistant on several targets: `triage`, and `triage-responses` with the label of `triage`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Self

from reconciler.manifests.drafts import Draft, unique_name
from reconciler.manifests.editing.comments import of_next
from reconciler.manifests.editing.documents import ManifestSource
from reconciler.manifests.editing.edits import UneditableError, edited
from reconciler.manifests.emitting import emit
from reconciler.manifests.writing import path_of
from reconciler.project.all_environments import AllEnvironments
from reconciler.resources.address import Address
from reconciler.resources.base import Resource
from reconciler.resources.front_matter import API_VERSION
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON

LABEL: Final = "counterpart"
"""The label of a counterpart, with the name of the assistant that it was made of."""

_OF_ONE_OBJECT: Final = frozenset({"ignore", "moved_from"})
"""Rules that are not copied: earlier names are those of one object, and ignored fields may have other names."""


def target_of(resource: Resource) -> str:
    target: str = resource.spec.target
    return target


def family(resource: Resource) -> str:
    """Return the name that an assistant and its counterparts have in common."""
    return resource.labels.get(LABEL, resource.address.name)


@dataclass(frozen=True)
class Families:
    """The assistants of a project, with their counterparts."""

    by_name: Mapping[str, Sequence[Resource]]
    """Assistants by the name of their family, and by its earlier names."""
    taken: frozenset[str]

    @classmethod
    def of(cls, project: AllEnvironments) -> Self:
        found: dict[str, list[Resource]] = defaultdict(list)
        assistants = [one for one in project.resources.values() if one.kind is KIND]
        for one in assistants:
            for name in _names(one):
                found[name].append(one)
        return cls(found, frozenset(one.address.name for one in assistants))

    def counterpart(self, resource: Resource, target: str) -> Resource | None:
        """Return the assistant of the same family with a target, or None.

        Raises ReconcilerError if there are several.
        """
        members = {one.address: one for name in _names(resource) for one in self.by_name.get(name, ())}
        found = [one for one in members.values() if one.address != resource.address and target_of(one) == target]
        if len(found) > 1:
            listed = ", ".join(str(one.address) for one in found)
            message = f"{resource.address} has several counterparts with target {target}: {listed}"
            hint = f"Remove the label `{LABEL}` from all but one of them."
            raise ReconcilerError(Problem("ambiguous-counterpart", message, found[1].place, hint))
        return found[0] if found else None

    def free_name(self, resource: Resource, target: str) -> str:
        """Return a free name for a counterpart: that of the family if it has no manifest, or `NAME-TARGET`."""
        own = family(resource)
        return own if own not in self.taken else unique_name(f"{own}-{target}", self.taken)


def _names(resource: Resource) -> tuple[str, ...]:
    """Return the names under which an assistant is found: of its family, and earlier ones of its own."""
    return (family(resource), *(resource.lifecycle.moved_from if LABEL not in resource.labels else ()))


def copied(
    source: ManifestSource, resource: Resource, name: str, spec: Mapping[str, JSON], ignored: Sequence[str]
) -> tuple[str, str]:
    """Return the path and the text of a counterpart: a copy of the manifest with another name, spec and list of ignored
    fields, which keeps its comments and its layout where that is possible.
    """
    document = source.document
    wanted = _envelope(document.value, resource, name, spec, ignored)
    path = PurePosixPath(source.path).parent / f"{name}.yaml"
    own = document.text.removesuffix(of_next(document.text)) if len(source.documents) > 1 else document.text
    try:
        if document.body:
            return path.with_suffix(PurePosixPath(source.path).suffix).as_posix(), source.edited(wanted)
        return path.as_posix(), _alone(edited(own, wanted))
    except UneditableError:
        return path.as_posix(), emit(wanted)


@dataclass(frozen=True)
class Restored:
    """A manifest of an assistant, made of its copy in a release."""

    release: Address
    path: str
    text: str


def restored(project: AllEnvironments, chatbot: str, address: Address, target: str) -> Restored | None:
    """Return a manifest of an assistant with a target from the newest release that contains it; None without any."""
    for release in reversed(project.releases_of(chatbot).values()):
        content = release.spec.content
        spec = content.objects.get(str(address)) if content else None
        if spec and spec.get("target") == target:
            head = {"apiVersion": API_VERSION, "kind": KIND.name, "metadata": {"name": address.name}}
            text = emit({**head, "spec": spec})
            return Restored(release.address, path_of(Draft(KIND.name, address.name, spec)), text)
    return None


def _envelope(
    value: JSON, resource: Resource, name: str, spec: Mapping[str, JSON], ignored: Sequence[str]
) -> dict[str, JSON]:
    metadata = value["metadata"]
    labels = {**metadata.get("labels", {}), LABEL: family(resource)}
    made = {**value, "metadata": {**metadata, "name": name, "labels": labels}, "spec": dict(spec)}
    lifecycle = {key: item for key, item in (value.get("lifecycle") or {}).items() if key not in _OF_ONE_OBJECT}
    if ignored:
        lifecycle["ignore"] = list(ignored)
    if lifecycle:
        return {**made, "lifecycle": lifecycle}
    made.pop("lifecycle", None)
    return made


def _alone(text: str) -> str:
    """Return the text of a document without the marker that separates it from the one before."""
    first, line_end, rest = text.partition("\n")
    return rest if line_end and first.rstrip() == "---" else text
