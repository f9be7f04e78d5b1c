"""`archive`: take an assistant, a chatbot, a pipeline or a release out of the manifests, with what goes with it.

Reads and writes the working tree only. Whether it may go is for the guard to say: it is asked with a plan of the edit,
in every environment, of a world in which everything else is as the manifests say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from reconciler.manifests import find_project
from reconciler.manifests.editing.documents import Source, source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.planning import build
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Refusal
from reconciler.planning.release_retention import apply_retention
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.edits import Edit, write
from reconciler.releases.hypothetical import hypothetical
from reconciler.releases.versions import versions
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.base import Desired, Resource
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in

KINDS: Final = ("assistant", "chatbot", "pipeline", RELEASE)
RULES: Final = frozenset({"referenced", "published", "protected"})
"""What of the guard follows from manifests alone."""


@dataclass(frozen=True)
class Refused:
    """Why it may not go, and where."""

    environments: tuple[str, ...]
    """Empty where the project has none."""
    refusal: Refusal


@dataclass(frozen=True)
class Archived:
    """What was edited; or why nothing was."""

    address: str
    removed: tuple[str, ...] = ()
    """Addresses whose manifests are gone."""
    marked: tuple[str, ...] = ()
    """Releases that are archived."""
    edits: tuple[Edit, ...] = ()
    refusals: tuple[Refused, ...] = ()


def archive(start: Path, address: Address) -> Archived:
    """Edit the manifests so that `address` goes, and the releases and vector stores that only it needs.

    Nothing is written where the guard refuses it in any environment. ReconcilerError for what cannot be archived.
    """
    project = load_all_environments(find_project(start))
    target = _target(project, address)
    tree = _Tree(project)
    tree.take(target)
    if address.kind == "chatbot":
        for release in versions(project, address.name).values():
            tree.take(release)
    after = _worlds(project, tree.loaded())
    refusals = _refusals(after)
    following = () if refusals else tuple(_following(project, after, address))
    for resource in following:
        tree.take(resource)
    if following:
        refusals = _refusals(_worlds(project, tree.loaded()))
    if refusals:
        return Archived(str(address), refusals=refusals)
    edits = tuple(tree.edits())
    write(project.root, edits)
    return Archived(str(address), tuple(tree.removed), tuple(tree.marked), edits)


def _target(project: AllEnvironments, address: Address) -> Resource:
    if address.kind not in KINDS:
        hint = f"Archived are {', '.join(KINDS)}; of anything else, remove the manifest."
        raise ReconcilerError(Problem("not-archived", f"{address} is none of what is archived", hint=hint))
    found = project.named(address)
    if address.kind == RELEASE and found.spec.archived:
        raise ReconcilerError(Problem("archived-release", f"{address} is archived already", found.place))
    return found


@dataclass
class _Tree:
    """The working tree as it is edited."""

    project: AllEnvironments
    before: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """New texts, by path; an empty one where the file goes."""
    removed: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)

    def take(self, resource: Resource) -> None:
        """Remove a manifest; of a release, keep what says that it was."""
        source = source_of(self.project.project, resource, self.texts)
        self.before.setdefault(source.path, source.text)
        if resource.address.kind != RELEASE:
            self.texts[source.path] = source.removed()
            self.removed.append(str(resource.address))
        elif not resource.spec.archived:
            self.texts[source.path] = _marked(source)
            self.marked.append(str(resource.address))

    def loaded(self) -> AllEnvironments:
        return load_all_environments(self.project.root, edited=self.texts)

    def edits(self) -> Iterator[Edit]:
        for path, text in self.texts.items():
            yield Edit(path, self.before[path], text or None)


def _marked(source: Source) -> str:
    value = source.document.value
    spec = {name: item for name, item in value["spec"].items() if name != "content"}
    try:
        return source.edited({**value, "spec": {**spec, "archived": True}})
    except UneditableError as error:
        raise ReconcilerError(source.uneditable(error)) from error


def _worlds(before: AllEnvironments, after: AllEnvironments) -> list[PlanInputs]:
    """For each environment, all that is asked for now as live, and what is asked for after the edit as wanted."""
    return [hypothetical(was, wanted) for was, wanted in zip(before.workspaces, after.workspaces, strict=True)]


def _refusals(worlds: Iterable[PlanInputs]) -> tuple[Refused, ...]:
    """What the guard has against it, each once, with the environments; no consent of a supposed world is worth any."""
    found: dict[str, tuple[list[str], Refusal]] = {}
    for inputs in worlds:
        for refusal in build.plan(inputs).plan.refusals:
            if refusal.rule in RULES:
                shown = replace(refusal, consent=None, subject="")
                environments, _ = found.setdefault(repr(shown), ([], shown))
                environments.extend(filter(None, [inputs.identity.environment]))
    return tuple(Refused(tuple(environments), refusal) for environments, refusal in found.values())


def _following(project: AllEnvironments, after: Iterable[PlanInputs], address: Address) -> Iterator[Resource]:
    """Releases that the plan archives because of the edit, and not for their age; and, with an assistant, what it was
    the last to use and is of use only to others, as vector stores are.
    """
    releases, needed, used = set[Address](), set[Address](), set[Address]()
    for inputs, now in zip(after, _worlds(project, project), strict=True):
        staying, retired = apply_retention(inputs)
        releases |= retired.reasons.keys() - apply_retention(now)[1].reasons.keys()
        needed |= _targets(staying.desired)
        used |= _targets(now.desired)
    stores = used - needed if address.kind == "assistant" else set()
    yield from (project.resources[release] for release in sorted(releases))
    yield from (project.resources[store] for store in sorted(stores) if _may_go(project.resources.get(store)))


def _targets(desired: Mapping[Address, Desired]) -> set[Address]:
    return {Address.parse(text) for one in desired.values() for text in references_in(dict(one.fields))}


def _may_go(resource: Resource | None) -> bool:
    serving = {one.address_kind for one in resource_types().values() if one.serves}
    if resource is None or resource.address.kind not in serving:
        return False
    return not (resource.lifecycle.protect or resource.lifecycle.keep_on_delete)
