"""`archive`: remove an assistant, a chatbot, a pipeline or a release, and its dependents, from the manifests.

Reads and writes the working tree only. The guard checks the edit with a plan for every environment, for which all
current manifests count as applied.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from reconciler.git.uncommitted import keep
from reconciler.manifests import find_project
from reconciler.manifests.editing.documents import ManifestSource, source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.planning import build
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.release_retention import apply_retention
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.edits import Edit, write
from reconciler.project.workspace import Workspace
from reconciler.releases.hypothetical import hypothetical
from reconciler.releases.model import Archived, Refused
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.base import Desired, Resource
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in

ASSISTANT: Final = "assistant"
KINDS: Final = (ASSISTANT, "chatbot", "pipeline", RELEASE)
RULES: Final = frozenset({"referenced", "published", "protected"})
"""Rules of the guard that depend on manifests only."""


def archive(start: Path, environ: Mapping[str, str], address: Address) -> Archived:
    """Remove `address` from the manifests, with the releases and vector stores that only it requires.

    Nothing is written if the guard refuses the edit in an environment. Raises ReconcilerError if `address` cannot be
    archived. Texts that are removed and are not committed are kept in the Git repository, if there is one.
    """
    project = load_all_environments(find_project(start), environ)
    target = _target(project, address)
    tree = _Tree(project, environ)
    tree.take(target)
    if address.kind == "chatbot":
        for release in project.releases_of(address.name).values():
            tree.take(release)
    after = _inputs(project, tree.loaded())
    refusals = _refusals(after)
    dependents = () if refusals else tuple(_dependents(project, after, address))
    for resource in dependents:
        tree.take(resource)
    if dependents:
        refusals = _refusals(_inputs(project, tree.loaded()))
    if refusals:
        return Archived(str(address), refusals=refusals, warnings=project.warnings())
    edits = tuple(tree.edits())
    unused = _used(project) - _used(tree.loaded()) - {edit.path for edit in edits}
    kept = keep(project.root, tree.lost)
    write(project.root, edits)
    return Archived(
        str(address),
        tuple(tree.removed),
        tuple(tree.marked),
        edits,
        kept=kept,
        warnings=project.warnings(),
        unused=tuple(sorted(unused)),
    )


def _used(project: AllEnvironments) -> set[str]:
    return set[str]().union(*(loaded.used for loaded in project.loads))


def blockers(project: AllEnvironments) -> Mapping[Address, tuple[Refused, ...]]:
    """Return the refusals of `archive` for each assistant that it would refuse, from one plan for each environment.

    That plan removes all assistants, and nothing else: assistants do not refer to each other, so that it finds for each
    of them what a plan that removes only this one finds.
    """
    found: dict[Address, list[Refused]] = {}
    for one in _refusals(map(_without_assistants, project.workspaces)):
        found.setdefault(Address.parse(one.refusal.address), []).append(one)
    return {address: tuple(refused) for address, refused in found.items() if address.kind == ASSISTANT}


def _without_assistants(workspace: Workspace) -> PlanInputs:
    inputs = hypothetical(workspace, workspace)
    removed = {address for address in inputs.desired if address.kind == ASSISTANT and not address.is_frozen}
    desired = {address: one for address, one in inputs.desired.items() if address not in removed}
    links = {address: found for address, found in inputs.links.items() if address not in removed}
    return replace(inputs, desired=desired, links=links)


def _target(project: AllEnvironments, address: Address) -> Resource:
    if address.kind not in KINDS:
        hint = f"Only {', '.join(KINDS)} can be archived. For other kinds, remove the manifest."
        raise ReconcilerError(Problem("not-archived", f"{address} cannot be archived", hint=hint))
    found = project.named(address)
    if address.kind == RELEASE and found.spec.archived:
        raise ReconcilerError(Problem("archived-release", f"{address} is already archived", found.place))
    return found


@dataclass
class _Tree:
    """The working tree with the edits so far."""

    project: AllEnvironments
    environ: Mapping[str, str]
    before: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """New texts by path; empty for a file to delete."""
    removed: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    """Texts of the manifests that are removed or marked, by path."""

    def take(self, resource: Resource) -> None:
        """Remove a manifest; mark the manifest of a release as archived."""
        source = source_of(self.project.project, resource, self.texts)
        self.before.setdefault(source.path, source.text)
        self.lost[source.path] = self.lost.get(source.path, "") + source.document.source
        if resource.address.kind != RELEASE:
            self.texts[source.path] = source.removed()
            self.removed.append(str(resource.address))
        elif not resource.spec.archived:
            self.texts[source.path] = _marked(source)
            self.marked.append(str(resource.address))

    def loaded(self) -> AllEnvironments:
        return load_all_environments(self.project.root, self.environ, edited=self.texts)

    def edits(self) -> Iterator[Edit]:
        for path, text in self.texts.items():
            yield Edit(path, self.before[path], text or None)


def _marked(source: ManifestSource) -> str:
    value = source.document.value
    spec = {name: item for name, item in value["spec"].items() if name != "content"}
    try:
        return source.edited({**value, "spec": {**spec, "archived": True}})
    except UneditableError as error:
        raise ReconcilerError(source.uneditable(error)) from error


def _inputs(before: AllEnvironments, after: AllEnvironments) -> list[PlanInputs]:
    """Return plan inputs for each environment: the current manifests as live, the edited ones as desired."""
    return [hypothetical(was, wanted) for was, wanted in zip(before.workspaces, after.workspaces, strict=True)]


def _refusals(all_inputs: Iterable[PlanInputs]) -> tuple[Refused, ...]:
    """Return each refusal once, with its environments, and without the consent, whose digest would not be valid."""
    found: dict[str, Refused] = {}
    for inputs in all_inputs:
        for refusal in build.plan(inputs).plan.refusals:
            if refusal.rule in RULES:
                shown = replace(refusal, consent=None, subject="")
                one = found.get(repr(shown), Refused((), shown))
                environments = (*one.environments, *filter(None, [inputs.identity.environment]))
                found[repr(shown)] = replace(one, environments=environments)
    return tuple(found.values())


def _dependents(project: AllEnvironments, after: Iterable[PlanInputs], address: Address) -> Iterator[Resource]:
    """Return the releases that the edit archives, except because of their age, and for an assistant the objects that
    serve only others, as vector stores do, and that nothing else uses.
    """
    releases, needed, used = set[Address](), set[Address](), set[Address]()
    for inputs, now in zip(after, _inputs(project, project), strict=True):
        staying, retired = apply_retention(inputs)
        releases |= retired.reasons.keys() - apply_retention(now)[1].reasons.keys()
        needed |= _targets(staying.desired)
        used |= _targets(now.desired)
    stores = used - needed if address.kind == ASSISTANT else set()
    yield from (project.resources[release] for release in sorted(releases))
    yield from (project.resources[store] for store in sorted(stores) if _is_removable(project.resources.get(store)))


def _targets(desired: Mapping[Address, Desired]) -> set[Address]:
    return {Address.parse(text) for one in desired.values() for text in references_in(dict(one.fields))}


def _is_removable(resource: Resource | None) -> bool:
    serving = {one.address_kind for one in resource_types().values() if one.serves}
    if resource is None or resource.address.kind not in serving:
        return False
    return not (resource.lifecycle.protect or resource.lifecycle.keep_on_delete)
