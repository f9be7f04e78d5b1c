"""The inputs of planning: everything desired, last applied and live. Planning reads nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import chain

from reconciler.planning.model import OnDrift
from reconciler.planning.published import Bundle, Pointer, Stray
from reconciler.resources.address import RELEASE, Address, Identity
from reconciler.resources.base import Applied, Desired, Live, Unlisted
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labelled import is_mislabelled, labelled_address
from reconciler.resources.prices import Prices
from reconciler.resources.problems import Place
from reconciler.resources.resource_type import Members, ResourceType
from reconciler.resources.values import JSON, Fields, Keys


@dataclass(frozen=True, slots=True)
class Link:
    """A reference in a manifest, with its place."""

    target: Address
    place: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A write that a run announced and did not complete, with an unknown outcome."""

    address: Address
    type: str
    marker: Mapping[str, JSON]
    """The values that identify the object: `filename`, `bytes` and `sha256` of an upload, the hashes of `fields`
    otherwise. See also `planning.unfinished`."""
    since: float
    """Unix time before which the object cannot have been made."""
    creates: bool = True
    """False for the write of an object that exists, and for a publication."""


@dataclass(frozen=True, slots=True)
class Runner:
    """An object that runs what a chatbot publishes: see `planning.runners`."""

    chatbot: Address
    release: Address | None
    """The release that it runs after the plan; None if it is suspended or not created."""
    keys: Keys
    """Path of the reference in its fields."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the manifests."""

    chatbot: Address
    parts: frozenset[Address]
    """Its copies and uploads; releases with equal content share some of them."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A permission for one change that is otherwise refused."""

    name: str
    identity: str
    address: str
    rule: str
    subject: str
    """`Refusal.subject` of the refusal that it lifts."""
    reason: str
    expires: date
    """The last day on which it is valid."""
    place: Place


@dataclass(frozen=True, slots=True)
class DestroyedManifests:
    """The properties, in the manifests, of the objects that `destroy` removes; each by its address and former ones."""

    published: frozenset[Address] = frozenset()
    """Chatbots that publish a release."""
    protected: frozenset[Address] = frozenset()
    kept: frozenset[Address] = frozenset()
    """Objects with `keep_on_delete`."""
    types: frozenset[str] = frozenset()
    """The types of all objects of the manifests."""
    is_removed: bool = False
    """True if project.yaml does not have the environment any longer, so that manifests may not be readable for it."""

    def publishes(self, chatbot: Address) -> bool:
        """Return True if the manifests publish a release of a chatbot. Of a removed environment they say nothing: what
        it publishes counts until an apply withdraws it.
        """
        return self.is_removed or chatbot in self.published

    def marked(self, applied: Mapping[Address, Applied]) -> dict[Address, Applied]:
        """Return the entries of a state, also protected and kept as the manifests demand, applied or not."""
        return {
            address: replace(
                one, protected=one.protected or address in self.protected, keep=one.keep or address in self.kept
            )
            for address, one in applied.items()
        }


@dataclass(frozen=True)
class PlanInputs:
    """Desired, applied and live objects of one identity."""

    identity: Identity
    resource_types: Mapping[str, ResourceType]
    desired: Mapping[Address, Desired]
    applied: Mapping[Address, Applied]
    live: Sequence[Live]
    """Every listed object of every type, managed or not; documents in the outlets have their address as id."""
    links: Mapping[Address, Sequence[Link]] = field(default_factory=dict)
    """References of the manifests, by the resource that makes them."""
    pending: Sequence[Pending] = ()
    """Unfinished creates."""
    unfinished: Sequence[Pending] = ()
    """Other unfinished writes: of parts of an object, of documents, and of bundles."""
    superseded: Sequence[Pending] = ()
    """Creates with an unknown outcome after which another create completed the address."""
    bundles: Mapping[Address, Bundle] = field(default_factory=dict)
    pointers: Mapping[Address, Pointer] = field(default_factory=dict)
    peers: Mapping[Identity, Sequence[Live]] = field(default_factory=dict)
    """Documents in the outlets of other identities that refer to what would go, as their states have them. The name of
    each is its address there."""
    unlisted: Sequence[Unlisted] = ()
    """Live objects that could not be listed and may refer to what would go."""
    scope: frozenset[Address] | None = None
    """The addresses that may change with `--target`; None for all."""
    adopt: Mapping[Address, str] = field(default_factory=dict)
    """Live ids of unmanaged objects that are adopted at these addresses. Nothing else of them changes."""
    imported: Mapping[Address, str] = field(default_factory=dict)
    """Live ids in the import comments of manifests."""
    releases: Mapping[Address, Release] = field(default_factory=dict)
    """Releases that manifests ask for, by address. Of an archived one there is nothing, as of one that never was."""
    published: Mapping[Address, Pointer] = field(default_factory=dict)
    """Published releases by chatbot; `pointers` has the drafts."""
    strays: Sequence[Stray] = ()
    """Documents that only outlets beside the built-in one have."""
    removed_outlets: Mapping[str, frozenset[Address]] = field(default_factory=dict)
    """Outlets of the last run that the project does not name any longer, each with the pointers written there."""
    removed_identities: Mapping[Identity, frozenset[Address]] = field(default_factory=dict)
    """Environments of the last run that the project does not have any longer and whose states have objects, and before
    the first run identities in the same place that publish the same names, each with the names that applications load.
    """
    undivided: Identity | None = None
    """The project itself, if its state from before it had environments still has objects."""
    environments: tuple[str, ...] = ()
    """The environments of project.yaml."""
    removed_environments: tuple[Identity, ...] = ()
    """Environments that project.yaml does not have any longer, and whose objects this identity would create again."""
    outlet_documents: Mapping[str, Sequence[Live]] = field(default_factory=dict)
    """Documents in removed outlets that refer to what would go, by outlet. The name of each is its address there."""
    tombstones: frozenset[Address] = frozenset()
    """Releases that were archived: they never come back."""
    archived: frozenset[Address] = frozenset()
    """Releases with `archived: true` in their manifests."""
    idle: frozenset[Address] = frozenset()
    """Files that are neither uploaded nor replaced, because nothing that the plan writes refers to them."""
    unchanged: frozenset[Address] = frozenset()
    """Objects that differ neither from their manifests nor from the state, as the digests of the last apply prove."""
    runners: Mapping[Address, Runner] = field(default_factory=dict)
    """Objects that run what a chatbot publishes."""
    unwritten: Mapping[Address, Fields] = field(default_factory=dict)
    """Values in manifests of documents that their `lifecycle.ignore` excludes. What is published is desired instead."""
    consents: Sequence[Consent] = ()
    today: date = date.min
    """The date that expiry of consents and shutdown of models are compared with."""
    shutdowns: Mapping[str, date] = field(default_factory=dict)
    """Shutdown dates of models: a model does not answer from that day on."""
    on_drift: OnDrift = "revert"
    settings: GuardSettings = field(default_factory=GuardSettings)
    """The settings of project.yaml."""
    recorded: GuardSettings | None = None
    """The settings that an apply recorded; None if none did."""
    project_place: Place | None = None
    """The place of the settings in project.yaml."""
    prices: Prices = field(default_factory=Prices)
    refused_parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Parameters that models refuse, by model, where the project says so."""
    openai_project: str | None = None
    """The OpenAI project that answered."""
    applied_project: str | None = None
    """The OpenAI project that state was applied to."""
    pinned_project: str | None = None
    """The OpenAI project that the manifest of the project names for this environment."""
    lineage: str | None = None
    """The lineage of the state. None before the first run, and in states of versions without lineages."""
    is_new: bool = False
    """True if the state was never written: everything that exists for the identity belongs to another state."""
    takes_over: bool = False
    """True if objects whose label has no lineage are managed although the state does not have them: for
    `state rebuild`."""
    foreign_pointers: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """Digests of bundles in outlets beside the built-in one that another state may have published, by object and
    outlet."""

    destroys: DestroyedManifests | None = None
    """Set for a plan that removes everything: nothing is desired."""

    @property
    def guarding(self) -> tuple[GuardSettings, ...]:
        """The settings that a plan must satisfy: those of project.yaml, and those that are recorded."""
        return (self.settings,) if self.recorded is None else (self.recorded, self.settings)

    @property
    def strict(self) -> bool:
        """True if unpublished releases block deletes."""
        return any(one.strict for one in self.guarding)

    @cached_property
    def outlet_types(self) -> frozenset[str]:
        """Types whose objects are documents in the outlets."""
        return frozenset(type_ for type_, resource_type in self.resource_types.items() if resource_type.in_outlets)

    @cached_property
    def pinned(self) -> Mapping[str, str]:
        """The digests of the live objects that are only deleted as they are now, by id."""
        types = {name: one for name, one in self.resource_types.items() if one.pins_deletes}
        return {live.id: types[live.type].body_digest(live.fields) for live in self.live if live.type in types}

    @cached_property
    def recorded_names(self) -> Mapping[Address, Address]:
        """The address that the state has for each name that an applied release has for an object, where it is another
        one. Of a name that several objects had in turn, one of them. See `planning.held_names`.
        """
        return {name: address for (_, name), address in self.held_addresses.items() if name != address}

    @cached_property
    def held_addresses(self) -> Mapping[tuple[Address, Address], Address]:
        """The address that the state has for each name of each applied release. See `planning.held_names`.

        An object whose entry `state mv` has moved, and whose manifest is still under the name on its label, is left
        out: the manifest is that of the name.
        """
        releases = [(address, applied) for address, applied in self.applied.items() if address.kind == RELEASE]
        held = [(release, *item) for release, applied in releases for item in applied.holds.items()]
        by_id = {applied.id: address for address, applied in self.applied.items()} if held else {}
        found = {(release, Address.parse(name)): by_id[id_] for release, name, id_ in held if id_ in by_id}
        other = {address for (_, name), address in found.items() if address != name}
        ids = {self.applied[address].id for address in other}
        labels = {live.id: self.labelled_address(live) for live in self.live if live.id in ids}
        return {
            (release, name): address
            for (release, name), address in found.items()
            if name == address or name not in self.desired or labels.get(self.applied[address].id) != name
        }

    @cached_property
    def intents(self) -> Mapping[Address, Sequence[Pending]]:
        """Unfinished creates by address."""
        return _by_address(self.pending)

    @cached_property
    def announced(self) -> Mapping[Address, Sequence[Pending]]:
        """Unfinished creates and other unfinished writes, by address."""
        return _by_address((*self.pending, *self.unfinished))

    def is_labelled(self, type_: str) -> bool:
        """Return True if objects of this type have labels."""
        return type_ in self.resource_types and self.resource_types[type_].is_labelled

    def is_upload(self, type_: str) -> bool:
        """Return True if objects of this type are identified by content, so that several addresses may share one."""
        return type_ in self._upload_types

    @cached_property
    def _upload_types(self) -> frozenset[str]:
        return frozenset(type_ for type_, resource_type in self.resource_types.items() if resource_type.is_upload)

    def needs_state(self, type_: str) -> bool:
        """Return True if only the state proves the owner of objects of this type."""
        return type_ in self.resource_types and self.resource_types[type_].needs_state

    def members(self, type_: str) -> Members | None:
        """Return the declaration of the members of this type; None where it has none."""
        resource_type = self.resource_types.get(type_)
        return resource_type.members if resource_type else None

    @cached_property
    def known_types(self) -> frozenset[str]:
        """Types of which manifests, the state or the outlets have an object. What only the outlets have may be of any
        type with its first part of an address.
        """
        pointers = chain(self.pointers.values(), self.published.values())
        names = {text for one in pointers for text, id_ in one.ids.items() if id_ != text}
        known = {str(address) for group in (self.desired, self.applied) for address in group}
        published = {text.partition("/")[0] for text in names - known}
        in_outlets = {
            type_ for type_, resource_type in self.resource_types.items() if resource_type.address_kind in published
        }
        declared = (item.type for group in (self.desired, self.applied) for item in group.values())
        return frozenset(declared) | (in_outlets - self.outlet_types)

    @property
    def elsewhere(self) -> Iterator[Live]:
        """The objects of peers."""
        return chain.from_iterable(self.peers.values())

    def labelled_address(self, live: Live) -> Address | None:
        """Return the address that a label of this identity assigns to an object; None without one that counts."""
        return labelled_address(live, self.resource_types, self.identity)

    def is_mislabelled(self, live: Live) -> bool:
        """Return True if the label names this identity and an address that an object of this type cannot have."""
        return is_mislabelled(live, self.resource_types, self.identity)

    def is_of_another_project(self, live: Live) -> bool:
        """Return True if the label names another project. Environments of one project have the same manifests."""
        return live.labels is not None and Identity.parse(live.labels.identity).project != self.identity.project

    @cached_property
    def of_undivided(self) -> Mapping[str, Live]:
        """Live objects that the project manages since before it had environments, by the address on their label."""
        return self._labelled_by({self.undivided} if self.undivided else ())

    @cached_property
    def of_removed_environments(self) -> Mapping[str, Live]:
        """Live objects of `removed_environments`, by the address on their label."""
        return self._labelled_by(self.removed_environments)

    def _labelled_by(self, identities: Iterable[Identity]) -> Mapping[str, Live]:
        owners = {str(identity) for identity in identities}
        labelled = ((live.labels, live) for live in self.live) if owners else ()
        return {labels.address: live for labels, live in labelled if labels and labels.identity in owners}

    def children(self, ids: Iterable[str]) -> Iterator[tuple[Live, str]]:
        """Yield the live objects that are deleted with one of `ids`, each with that id."""
        for id_ in ids if self._by_parent else ():
            yield from ((live, id_) for live in self._by_parent.get(id_, ()))

    @cached_property
    def _by_parent(self) -> Mapping[str, Sequence[Live]]:
        found: dict[str, list[Live]] = defaultdict(list)
        for live in self.live:
            field_name = self.resource_types[live.type].parent if live.type in self.resource_types else ""
            parent = live.fields.get(field_name) if field_name else None
            if isinstance(parent, str):
                found[parent].append(live)
        return found

    def in_scope(self, address: Address) -> bool:
        return self.scope is None or address in self.scope


def _by_address(items: Iterable[Pending]) -> Mapping[Address, Sequence[Pending]]:
    found: dict[Address, list[Pending]] = defaultdict(list)
    for item in items:
        found[item.address].append(item)
    return dict(found)
