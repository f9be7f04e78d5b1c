"""What planning looks at: everything wanted, last applied and live. Values only; nothing is fetched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain

from reconciler.planning.model import OnDrift
from reconciler.planning.reasons import Reason
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.prices import Prices
from reconciler.resources.problems import Place
from reconciler.resources.resource_type import Members, ResourceType
from reconciler.resources.values import JSON


@dataclass(frozen=True, slots=True)
class Link:
    """A reference from a manifest, and where it is written."""

    target: Address
    place: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A create that a killed run announced and of which nobody knows whether it happened."""

    address: Address
    type: str
    marker: Mapping[str, JSON]
    """What it is to be known by, where it has no label: `filename`, `bytes` and `sha256` of an upload."""
    since: float
    """Unix time before which the object cannot have been made."""


@dataclass(frozen=True)
class Bundle:
    """What should be published at an address: the digest of its content, and whom the content refers to."""

    digest: str
    refers_to: frozenset[Address]


@dataclass(frozen=True)
class Pointer:
    """What is published at an address."""

    blob: str
    ids: Mapping[str, str]
    fault: Reason | None = None
    """The outlets disagree, or a blob is missing or altered."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release that a manifest asks for."""

    chatbot: Address
    parts: frozenset[Address]
    """The copies and uploads that it asks for; releases of equal content share some of them."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's leave to do the one thing that would be refused."""

    name: str
    identity: str
    address: str
    rule: str
    subject: str
    """`Refusal.subject` of the refusal that it lifts."""
    reason: str
    expires: date
    """The last day on which it counts."""
    place: Place


@dataclass(frozen=True)
class PlanInputs:
    """One identity, as wanted, as applied and as live."""

    identity: Identity
    resource_types: Mapping[str, ResourceType]
    desired: Mapping[Address, Desired]
    applied: Mapping[Address, Applied]
    live: Sequence[Live]
    """Every object of every type that was listed, ours or not; documents in the outlets carry their address as id."""
    links: Mapping[Address, Sequence[Link]] = field(default_factory=dict)
    """References of the manifests, by the resource that makes them."""
    pending: Sequence[Pending] = ()
    bundles: Mapping[Address, Bundle] = field(default_factory=dict)
    pointers: Mapping[Address, Pointer] = field(default_factory=dict)
    peers: Mapping[Identity, Sequence[Live]] = field(default_factory=dict)
    """Documents in the outlets of other identities that refer to what would go, as their states have them. The name of
    each is its address there."""
    scope: frozenset[Address] | None = None
    """With `--target`: the only addresses that may change."""
    adopt: Mapping[Address, str] = field(default_factory=dict)
    """Live ids of objects that nobody owns and that are to become these. Nothing else of them changes."""
    imported: Mapping[Address, str] = field(default_factory=dict)
    """Live ids that manifests say they were imported from."""
    releases: Mapping[Address, Release] = field(default_factory=dict)
    """Releases that manifests ask for, by address. Of an archived one there is nothing, as of one that never was."""
    published: Mapping[Address, Pointer] = field(default_factory=dict)
    """What is published under the names of chatbots; `pointers` has their drafts."""
    tombstones: frozenset[Address] = frozenset()
    """Releases that were archived: they never come back."""
    archived: frozenset[Address] = frozenset()
    """Releases whose manifests say that they are archived."""
    strict: bool = False
    """Whether releases that are not published block too, instead of being archived with what they use."""
    consents: Sequence[Consent] = ()
    today: date = date.min
    """By which consents expire and models have been shut down."""
    shutdowns: Mapping[str, date] = field(default_factory=dict)
    """When models are shut down: from that day on they do not answer."""
    on_drift: OnDrift = "revert"
    max_deletes: int | None = None
    max_daily_cost: float | None = None
    """US dollars."""
    prices: Prices = field(default_factory=Prices)
    openai_project: str | None = None
    """The OpenAI project that answered."""
    applied_project: str | None = None
    """The OpenAI project that state was applied to."""

    @cached_property
    def outlet_types(self) -> frozenset[str]:
        """Types whose objects are documents in the outlets."""
        return frozenset(type_ for type_, resource_type in self.resource_types.items() if resource_type.in_outlets)

    def is_labelled(self, type_: str) -> bool:
        """Tell whether objects of this type have labels."""
        return type_ in self.resource_types and self.resource_types[type_].is_labelled

    def is_upload(self, type_: str) -> bool:
        """Tell whether objects of this type are identified by content, so that several addresses may share one."""
        return type_ in self.resource_types and self.resource_types[type_].is_upload

    def needs_state(self, type_: str) -> bool:
        """Tell whether nothing on objects of this type proves who owns them."""
        return type_ in self.resource_types and self.resource_types[type_].needs_state

    def members(self, type_: str) -> Members | None:
        """Return the declaration of the members of this type; None where it has none."""
        return self.resource_types[type_].members if type_ in self.resource_types else None

    @property
    def elsewhere(self) -> Iterator[Live]:
        """What peers have."""
        return chain.from_iterable(self.peers.values())

    def in_scope(self, address: Address) -> bool:
        return self.scope is None or address in self.scope
