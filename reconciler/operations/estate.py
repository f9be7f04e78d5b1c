"""The estate of a project: what answers in each environment, releases, owners, costs, and what blocks archiving.

The environment of the command is read live, for its status. Of the others only the state is read, which is one document
in the backend of the project: the page says so.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from reconciler.git.command import GitError
from reconciler.git.worktree import worktree
from reconciler.operations.estate_environments import EnvironmentFields, environments_of, manifests_of_all, unread_of
from reconciler.operations.plan import Observed
from reconciler.planning.build import Planned
from reconciler.planning.drift import DriftReport
from reconciler.planning.graph import COPY
from reconciler.planning.sync_status import ASSISTANT
from reconciler.project.all_environments import CHATBOT, AllEnvironments
from reconciler.project.estate import (
    Answer,
    Blocker,
    Estate,
    EstateAssistant,
    EstateChatbot,
    EstateRelease,
    EstateStore,
    Flow,
    FlowNode,
    ModelEnd,
    owner_of,
)
from reconciler.project.workspace import Workspace
from reconciler.releases.archive import blockers
from reconciler.releases.model import Refused
from reconciler.resources.address import RELEASE, Address, version_of
from reconciler.resources.base import Live, Resource
from reconciler.resources.values import Fields, is_reference, references_in

_RELEASES: Final = "releases"
"""The folder of the manifests of releases."""


def estate_of(workspace: Workspace, observed: Observed, report: DriftReport) -> Estate:
    """Return the estate, given the plan and the drift report of the environment of the workspace. Calls block."""
    environments = tuple(environments_of(workspace, observed))
    project, unloaded = manifests_of_all(workspace)
    found = _Estate(workspace, observed.planned, environments, project)
    return Estate(
        report=report,
        environments=tuple(one.seen for one in environments),
        chatbots=tuple(found.chatbots()),
        assistants=tuple(found.assistants()),
        stores=tuple(found.stores()),
        used_by={str(address): names for address, names in found.used_by.items()},
        price_source=observed.planned.inputs.prices.source,
        unread=tuple(unread_of(workspace, environments, unloaded)),
    )


class _Estate:
    """The estate, joined from the manifests, the live objects, and the states of other environments."""

    def __init__(
        self,
        workspace: Workspace,
        planned: Planned,
        environments: Sequence[EnvironmentFields],
        project: AllEnvironments,
    ) -> None:
        self._workspace, self._planned, self._environments, self._project = workspace, planned, environments, project
        self._resources = {resource.address: resource for resource in workspace.loaded.resources}

    @cached_property
    def used_by(self) -> Mapping[Address, tuple[str, ...]]:
        """The referrers of each object before and after the plan, without copies of it."""
        found: dict[Address, dict[str, None]] = defaultdict(dict)
        for graph in (self._planned.after, self._planned.before):
            for target, edges in graph.referrers.items():
                found[target].update((str(edge.source), None) for edge in edges if edge.seen != COPY)
        return {target: tuple(sorted(names)) for target, names in found.items()}

    def chatbots(self) -> Iterator[EstateChatbot]:
        for address in self._of_kind(CHATBOT):
            resource = self._resources.get(address)
            desired = self._planned.inputs.desired.get(address)
            working = self._answering(desired.fields if desired else {})
            answers = tuple(self._answer(address, one) for one in self._environments)
            yield EstateChatbot(
                address=str(address),
                owner=self._owner(address),
                labels=resource.labels if resource else {},
                answers=answers,
                releases=tuple(self._releases(address, answers)),
                working=working,
                flow=self._flow(working),
            )

    def assistants(self) -> Iterator[EstateAssistant]:
        refused = blockers(self._project)
        live_referrers = self._live_referrers
        for address in self._of_kind(ASSISTANT):
            resource = self._resources.get(address)
            stores = sorted(self._stores_of.get(address, ()))
            yield EstateAssistant(
                address=str(address),
                owner=self._owner(address),
                labels=resource.labels if resource else {},
                models=tuple(self._models(address)),
                cost_per_day=sum(self._costs.get(store, 0.0) for store in stores),
                stores=tuple(map(str, stores)),
                used_by=tuple(sorted(self._chatbots_of.get(address, ()))),
                blockers=tuple(map(_blocker, refused.get(address, ()))),
                live_referrers=tuple(sorted(live_referrers.get(address, ()))),
            )

    def stores(self) -> Iterator[EstateStore]:
        types = self._planned.inputs.resource_types
        desired = self._planned.inputs.desired
        for address in sorted({*self._planned.matched.live, *desired}):
            live, wanted = self._planned.matched.live.get(address), desired.get(address)
            type_ = live.type if live else wanted.type if wanted else ""
            if type_ in types and types[type_].billed:
                yield EstateStore(
                    address=str(address),
                    id=live.id if live else None,
                    owner=self._owner(address),
                    bytes=_size(live) if live else None,
                    cost_per_day=self._costs.get(address),
                    files=_files(live) if live else None,
                    used_by=self.used_by.get(address, ()),
                    last_active_at=live.detail.get("last_active_at") if live else None,
                )

    def _of_kind(self, kind: str) -> list[Address]:
        """Return the working objects of a kind: of the manifests, and live ones that have no manifest any more."""
        known = {*self._planned.inputs.desired, *self._planned.matched.live, *self._resources}
        return sorted(address for address in known if address.kind == kind and not address.is_frozen)

    def _owner(self, address: Address) -> str:
        """Return the owner that the manifest of an object names, or its metadata; of a copy, that of the original."""
        resource = self._resources.get(address) or self._resources.get(address.family)
        desired, live = self._planned.inputs.desired.get(address), self._planned.matched.live.get(address)
        fields = desired.fields if desired else live.fields if live else {}
        return owner_of(resource.labels if resource else {}, fields.get("metadata"))

    def _answering(self, fields: Fields) -> str | None:
        """Return the address that a chatbot names as what answers: the only reference besides its pointers."""
        pointers = {name for one in self._planned.inputs.resource_types.values() for name in one.pointers}
        named = (value for name, value in sorted(fields.items()) if name not in pointers and is_reference(value))
        return next((text for value in named for text in references_in(value)), None)

    def _answer(self, chatbot: Address, environment: EnvironmentFields) -> Answer:
        fields = environment.fields.get(chatbot)
        name = environment.seen.name
        wanted = self._wanted(chatbot, name)
        if environment.seen.source == "unread":
            return Answer(name, is_known=False, wanted=wanted)
        if fields is None:
            return Answer(name, wanted=wanted)
        release = next(references_in(fields.get("published")), None)
        served = environment.fields.get(Address.parse(release), {}) if release else fields
        return Answer(name, True, release, self._answering(served), True, wanted)

    def _wanted(self, chatbot: Address, environment: str | None) -> int | None:
        resource = self._resources.get(chatbot)
        published = resource.spec.published if resource else None
        return published.get(environment or "") if isinstance(published, dict) else published

    def _releases(self, chatbot: Address, answers: Sequence[Answer]) -> Iterator[EstateRelease]:
        for number, resource in sorted(self._releases_of(chatbot).items()):
            yield EstateRelease(
                address=str(resource.address),
                number=number,
                message=resource.spec.message,
                archived=resource.spec.archived,
                created_at=self._added.get(resource.place.file),
                published_in=tuple(one.environment for one in answers if one.release == str(resource.address)),
            )

    def _releases_of(self, chatbot: Address) -> Mapping[int, Resource]:
        """Return the releases of a chatbot by number, with those that it made under earlier names."""
        found: dict[int, Resource] = {}
        for name in self._project.names_of(chatbot.name):
            found = {**self._releases_by_name.get(name, {}), **found}
        return found

    @cached_property
    def _releases_by_name(self) -> Mapping[str, dict[int, Resource]]:
        found: dict[str, dict[int, Resource]] = defaultdict(dict)
        for address, resource in self._project.resources.items():
            version = version_of(address.name) if address.kind == RELEASE else None
            if version:
                found[version[0]][version[1]] = resource
        return found

    @cached_property
    def _added(self) -> Mapping[str, str]:
        """The times of the first commits of the releases, by path; empty without Git."""
        found = worktree(self._workspace.root)
        try:
            return found.added(_RELEASES) if found else {}
        except GitError:  # the page does not need it
            return {}

    def _flow(self, answering: str | None) -> Flow | None:
        desired = self._planned.inputs.desired.get(Address.parse(answering)) if answering else None
        if desired is None or "edges" not in desired.fields:
            return None
        nodes = [FlowNode("start", "")]
        for name, node in desired.fields.get("nodes", {}).items():
            model = node.get("model")
            nodes.append(
                FlowNode(
                    name, str(node.get("type", "")), tuple(references_in(node)), model if isinstance(model, str) else ""
                )
            )
        nodes.append(FlowNode("end", ""))
        known = {node.name for node in nodes}
        pairs = ((str(edge["from"]).partition(".")[0], str(edge["to"])) for edge in desired.fields["edges"])
        edges = dict.fromkeys(pair for pair in pairs if known.issuperset(pair))
        return Flow(str(desired.address), tuple(nodes), tuple(edges))

    def _models(self, address: Address) -> Iterator[ModelEnd]:
        inputs = self._planned.inputs
        one = self._planned.matched.live.get(address) or inputs.desired.get(address)
        if one is not None and one.type in inputs.resource_types:
            found = dict.fromkeys(inputs.resource_types[one.type].models(one.fields))
            yield from (ModelEnd(model, inputs.shutdowns.get(model)) for model in found)

    @cached_property
    def _costs(self) -> Mapping[Address, float]:
        """US dollars a day by store. The free storage is shared by all stores in proportion to their size."""
        inputs = self._planned.inputs
        sizes = {
            address: _size(live) or 0
            for address, live in self._planned.matched.live.items()
            if inputs.resource_types[live.type].billed
        }
        total = sum(sizes.values())
        paid = inputs.prices.per_day(total)
        return {address: paid * size / total if total else 0.0 for address, size in sizes.items()}

    @cached_property
    def _stores_of(self) -> Mapping[Address, set[Address]]:
        """The billed objects that each assistant and its copies refer to."""
        found: dict[Address, set[Address]] = defaultdict(set)
        for source, targets in self._needs.items():
            if source.kind == ASSISTANT:
                found[self._planned.matched.family(source)].update(targets & self._costs.keys())
        return found

    @cached_property
    def _needs(self) -> Mapping[Address, set[Address]]:
        """The objects that each object of ours refers to, before and after the plan."""
        found: dict[Address, set[Address]] = defaultdict(set)
        for graph in (self._planned.before, self._planned.after):
            for edge in graph.edges:
                if isinstance(edge.source, Address) and edge.seen != COPY:
                    found[edge.source].add(edge.target)
        return found

    @cached_property
    def _chatbots_of(self) -> Mapping[Address, set[str]]:
        """The chatbots that use each assistant, in their working version or in a release."""
        found: dict[Address, set[str]] = defaultdict(set)
        for chatbot in self._of_kind(CHATBOT):
            seen: set[Address] = set()
            waiting = [chatbot, *(resource.address for resource in self._releases_of(chatbot).values())]
            while waiting:
                address = waiting.pop()
                if address not in seen:
                    seen.add(address)
                    # Below assistants and stores there are only files, which many chatbots share.
                    ends = address.kind == ASSISTANT or address in self._costs
                    waiting += () if ends else self._needs.get(address, ())
            for used in seen:
                if used.kind == ASSISTANT:
                    found[self._planned.matched.family(used)].add(str(chatbot))
        return found

    @cached_property
    def _live_referrers(self) -> Mapping[Address, set[str]]:
        """Unmanaged objects, and objects of others, by the assistant that they refer to, itself or as a copy."""
        found: dict[Address, set[str]] = defaultdict(set)
        for edge in self._planned.after.edges:
            if edge.target.kind == ASSISTANT and not isinstance(edge.source, Address):
                found[self._planned.matched.family(edge.target)].add(str(edge.source))
        return found


def _blocker(one: Refused) -> Blocker:
    return Blocker(one.environments, one.refusal)


def _size(live: Live) -> int | None:
    size = live.detail.get("usage_bytes")
    return int(size) if isinstance(size, int | float) else None


def _files(live: Live) -> int | None:
    counts = live.detail.get("file_counts")
    total = counts.get("total") if isinstance(counts, Mapping) else None
    return total if isinstance(total, int) else None
