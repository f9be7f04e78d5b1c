"""Resource types: the declaration of everything in which one type of live object differs from another.

A `ResourceType` has the canonical form of its type: the shape in which desired, last applied and live are compared, and
from which requests are written, so that the values that are compared are the values that are sent. Other modules use
the properties of a resource type, never its name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from reconciler.resources.address import Address
from reconciler.resources.base import Spec
from reconciler.resources.references import ids_in, localised, types_in
from reconciler.resources.risks import Hazard
from reconciler.resources.values import (
    ADDRESS_KEY,
    JSON,
    Fields,
    digest,
    is_reference,
    reference,
    references_in,
    replace_references,
)

OwnedBy: TypeAlias = Literal["labels", "content", "state", "document"]
"""Proof that a live object is managed by this identity:

- `labels`: four pairs in the metadata of the object;
- `content`: an entry in state, or a mark on the object where a managed object holds it. Such an object never changes
  and has one local file, whose digest is its field `sha256`. Equal objects with one name are interchangeable;
- `state`: an entry in state. A create is announced with the hashes of its fields, and a lost object is found by them;
- `document`: a place in the outlets. There are no requests to OpenAI and no labels, and the address is the id.
"""


CONTENT: Final = "sha256"
"""The field of an upload, and of the settings of a member, that has the digest of the content."""


@dataclass(frozen=True)
class Members:
    """Objects that another object contains, in one of its fields: the files of a vector store.

    The field maps the path of a member to its settings, one of which refers to the member. A member that the manifest
    names by its live id has that id as key and as reference. `CONTENT` is set if the member has a mark of Reconciler.
    As read, before `localise`, the field maps live ids to settings. The detail of a live object has the members that
    are not in the field: `unmanaged_FIELD` and `failed_FIELD`, by id. `pending_FIELD` lists the ids of those
    that are still being indexed.
    """

    field: str
    kind: str
    """First part of the addresses of members."""
    noun: str
    """Noun for one member in messages."""
    reference: str
    """Setting that refers to the member."""
    fixed: frozenset[str]
    """Settings that cannot be changed while the member is attached."""
    batch: int
    """Largest number of members that one request attaches."""

    def of(self, fields: Fields | None) -> Mapping[str, Mapping[str, JSON]]:
        """Return the members in `fields`, by path or id."""
        return (fields or {}).get(self.field) or {}

    def is_marked(self, entry: JSON) -> bool:
        """Return True if an entry is a managed upload with a mark. Reconciler attached it, even if the state does not
        have it.
        """
        return isinstance(entry, Mapping) and CONTENT in entry and is_reference(entry.get(self.reference))

    def unmarked(self, fields: Fields) -> set[str]:
        """Return the keys of members that were not attached by Reconciler."""
        return {key for key, entry in self.of(fields).items() if CONTENT not in entry}

    def unmanaged(self, detail: Mapping[str, JSON]) -> Mapping[str, JSON]:
        return detail.get(f"unmanaged_{self.field}") or {}

    def failed(self, detail: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Return the members that OpenAI could not index, each with the error."""
        return detail.get(f"failed_{self.field}") or {}

    def pending(self, detail: Mapping[str, JSON]) -> Sequence[str]:
        """Return the ids of the members that OpenAI is still indexing."""
        return detail.get(f"pending_{self.field}") or ()

    def target(self, entry: Mapping[str, JSON]) -> Address | None:
        """Return the address of the member; None if it is named by a live id."""
        held = entry.get(self.reference)
        return Address.parse(held[ADDRESS_KEY]) if is_reference(held) else None


@dataclass(frozen=True, slots=True)
class Lane:
    """A rate limit for the requests about one object, in addition to the limit for their method."""

    name: str
    per_minute: int
    requests: str
    """Name of the requests in messages, before the id of the object: `writes to vector store`."""

    def of(self, id: str) -> str:  # noqa: A002
        """Return the name of the lane of one object."""
        return f"{self.name}/{id}"


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The end of an API at OpenAI, which other servers may still serve."""

    api: str
    """The API in messages: `the Assistants API`."""
    on: date
    migration: str
    """The command that moves objects of the API to another target."""


def _with_defaults(resource_type: "ResourceType", fields: Fields) -> Fields:
    """Return every field of the object, without those whose default is chosen by the API."""
    known = {name: value for name, value in resource_type.defaults.items() if name not in resource_type.resolved}
    return {**known, **fields}


def _referring(fields: Fields, named: Callable[[Address], Address]) -> Fields:
    return {
        name: replace_references(value, lambda text: reference(named(Address.parse(text))))
        for name, value in fields.items()
    }


def _localised(
    resource_type: "ResourceType", fields: Fields, addresses: Callable[[str], Sequence[str]], expected: Fields
) -> Fields:
    """Return `fields` with references instead of live ids, if the models declare one and the id has an address."""
    if not ids_in(resource_type.specs, fields):  # most objects refer to nothing
        return fields
    wanted = frozenset(references_in(dict(expected)))
    literal = frozenset(ids_in(resource_type.specs, expected)) if resource_type.is_labelled else frozenset[str]()
    found = localised(resource_type.specs, fields, addresses, wanted, literal)
    return {
        name: value if value is fields[name] else resource_type.canonical(name, value) for name, value in found.items()
    }


def _as_applied(fields: Fields, _id_of: Callable[[Address], str | None]) -> Fields:
    return fields


Specs: TypeAlias = tuple[type[Spec], ...]
NO_RANK: Final[tuple[int | None, int | None]] = (None, None)


@dataclass(frozen=True)
class ResourceType:
    """A type of live object.

    `canonical` must be idempotent, and must return the same value for a response as for the request that created it:
    it adds every default that the API adds, according to the documentation of the API.
    """

    type: str
    canonical: Callable[[str, JSON], JSON]
    """Return the canonical form of the value of a top-level field of a manifest or of a response."""
    render: Callable[[Fields], dict[str, JSON]]
    """Return canonical fields as the request body that sets them. References are not resolved."""
    defaults: Fields
    """Value of a field after it is dropped from the manifest; `None` asks the API for its own default."""
    identity: OwnedBy = "labels"
    prefix: str = ""
    """First part of the addresses of such objects. Default: `type`."""
    specs: Specs = ()
    """Models whose declared references also hold for live bodies: ids at those places are read as references."""
    owned_by_key: frozenset[str] = frozenset()
    """Mappings of which only the keys that a manifest sets are managed (`metadata`, `reasoning`)."""
    immutable: frozenset[str] = frozenset()
    """Fields whose change requires a new object."""
    changeable: frozenset[tuple[str, ...]] = frozenset()
    """Paths inside immutable fields whose change does not require a new object."""
    fixed: Callable[[Mapping[str, JSON]], frozenset[str]] = lambda _detail: frozenset()
    """Return the fields whose change requires a new object in the state that the detail of the live object shows."""
    outlives: bool = False
    """True if a replaced object stays live while something holds it. The state keeps it until nothing does."""
    parent: str = ""
    """Type of the object below whose path this one is listed, and with which it is deleted; also the name of the field
    that refers to it."""
    write_only: frozenset[str] = frozenset()
    """Fields that the API never returns. State has their digests."""
    unreadable_in: Mapping[str, str] = field(default_factory=dict)
    """The readable field that contains a write-only value and is written with it, by the name of the value."""
    inside_items: frozenset[str] = frozenset()
    """Those of them that are in the items of a readable list: without its item, such a value does not exist."""
    is_confidential: bool = False
    """True if plans show only the digests of write-only values."""
    creation_only: frozenset[str] = frozenset()
    """Write-only fields that only a create can set. A later change is reported and waits for the next create."""
    versioned: frozenset[str] = frozenset()
    """Fields that make up a version of the object, and that lists do not contain. A change of one uploads a version and
    makes it the current one, in two requests; the versions before it stay."""
    derived: frozenset[str] = frozenset()
    """Fields with values from the texts of versioned files, which copies in releases do not have: a release keeps the
    digests of files, and they identify the texts."""
    secret: frozenset[str] = frozenset()
    """Fields, at any depth, whose values are read from the environment when the request is sent (`Desired.secrets`).
    Neither the value nor its digest may be in desired, applied or live fields (`check_secrets`)."""
    renewed_by: str = ""
    """Write-only field whose change sends the secrets again. It is not a field of the API."""
    apart: frozenset[str] = frozenset()
    """Fields that are written by separate requests after the object is created (the files of a vector store). They have
    no hash in the labels: a run that is killed in between would leave the hash of a value that was not written. One
    that does not have the members takes one request to change, and none if a new object has its default."""
    members: Members | None = None
    """Declaration of the objects that the object contains, if any."""
    pins_deletes: bool = False
    """True if a delete requires that the object is as it was when it was planned: the API has no time of the last
    change, and the digest of the object shows that someone edited it since.
    """
    pointers: frozenset[str] = frozenset()
    """Fields that are not part of the object and name the release that is published under its name."""
    suspended: Fields = field(default_factory=dict)
    """Fields of an object that runs what a chatbot publishes, while that is nothing. Empty for types whose objects
    cannot refer to a chatbot."""
    resolved: frozenset[str] = frozenset()
    """Fields with defaults that the API chooses (`reasoning` of an agent, which depends on the model)."""
    delete_ranks: tuple[int | None, int | None] = NO_RANK
    """Position of working objects and of frozen copies in the order of deletes, the highest first. None if only
    references decide, which is sufficient unless objects without references to each other must be ordered."""
    models: Callable[[Fields], Iterable[str]] = lambda _fields: ()
    """Models of OpenAI that the object runs on."""
    risks: Callable[[Fields, Fields], Iterable[Hazard]] = lambda _before, _after: ()
    """Risks of a change of some fields, given their values before and after it."""
    refused: Callable[[Fields, Mapping[str, Sequence[str]]], Iterable[Hazard]] = lambda _fields, _replaced: ()
    """Risks of parameters that the model of an object refuses, given the entries of the project by model."""
    prompt: Callable[[Fields], str] = lambda _fields: ""
    """Text that is sent with every request."""
    paid: Callable[[Fields], Iterable[str]] = lambda _fields: ()
    """Names in `prices` of everything that is billed by use, in addition to tokens."""
    billed: bool = False
    """True if OpenAI bills the members by byte and day. The size is `usage_bytes` in the detail."""
    serves: bool = False
    """True if an object is useful only to objects that refer to it, and is reported as unused without any."""
    runs: Callable[[Fields, datetime], Sequence[str]] = lambda _fields, _now: ()
    """Return the next times at which an object acts by itself, as RFC 3339, given its fields and the present time."""
    passed: Callable[[Fields, datetime], str] = lambda _fields, _now: ""
    """Return the field with a time that the API refuses because it has passed; empty if there is none."""
    paces: tuple[Lane, ...] = ()
    """Rate limits for the requests about one object."""
    shutdown: Shutdown | None = None
    """The end of the API of these objects at OpenAI. There, manifests with such objects are refused."""
    upload_name: Callable[[str, str, bool], str] = lambda path, _sha256, _attached: path
    """Return the name of an upload at OpenAI, given its path, its digest, and whether a managed object contains it."""
    is_readable: Callable[[Mapping[str, JSON]], bool] = lambda _detail: False
    """Return True if the API returns the content of an upload, given its detail."""
    complete: Callable[["ResourceType", Fields], Fields] = _with_defaults
    """Return fields with the defaults for all that are not set."""
    rename: Callable[[Fields, Callable[[Address], Address]], Fields] = _referring
    """Return fields with other addresses in their references."""
    own_localise: Callable[[Fields, Callable[[str], Sequence[str]], Fields], Fields] | None = None
    """Replacement for `localise`, for types with ids in other places than declared references, or with values that the
    server chooses for what `expected` leaves to it."""
    as_listed: Callable[[Fields, Callable[[Address], str | None]], Fields] = _as_applied
    """Return applied fields as the API lists them, given the id of an address: the inverse of `localise`. Required only
    if ids are keys."""

    @property
    def address_kind(self) -> str:
        return self.prefix or self.type

    @property
    def is_labelled(self) -> bool:
        return self.identity == "labels"

    @property
    def in_outlets(self) -> bool:
        return self.identity == "document"

    @property
    def is_upload(self) -> bool:
        """True if the content identifies an object, so that several addresses may share one."""
        return self.identity == "content"

    @property
    def needs_state(self) -> bool:
        """True if the live object itself does not identify its owner."""
        return self.identity in ("content", "state")

    @property
    def is_known_from_state_only(self) -> bool:
        """True if nothing in the live object, nor in another one, shows which project manages it."""
        return self.identity == "state"

    def replaces(self, fields: Iterable[tuple[str, ...]], detail: Mapping[str, JSON]) -> list[str]:
        """Return the immutable fields among these changed paths, sorted, given the detail of the live object."""
        immutable = self.immutable | self.fixed(detail)
        paths = (path for path in fields if path[0] in immutable)
        fixed = (path for path in paths if not any(path[: len(one)] == one for one in self.changeable))
        return sorted({path[0] for path in fixed})

    def written_with(self, name: str) -> str:
        """Return the field that is written to change a write-only value."""
        head = name.partition(".")[0]
        return self.unreadable_in.get(head, head)

    @property
    def refers(self) -> frozenset[str]:
        """The types whose ids live objects of this type may contain, and those of the parents of such objects: an
        object is deleted with its parent.
        """
        found = types_in(self.specs) | (frozenset({self.members.kind}) if self.members else frozenset())
        from reconciler.resources.registry import resource_types  # it imports the modules that declare types

        known = resource_types()
        return found | frozenset(known[one].parent for one in found if one in known and known[one].parent)

    def body_digest(self, fields: Fields) -> str:
        """Return the digest of a live object as read, without fields that this version does not know."""
        known = {name for model in self.specs for name in model.model_fields} | self.defaults.keys()
        return digest({name: value for name, value in fields.items() if name in known - self.apart})

    def localise(self, fields: Fields, addresses: Callable[[str], Sequence[str]], expected: Fields) -> Fields:
        """Return live fields with the ids of managed objects replaced by references.

        `addresses` gives the addresses of an id: several for a shared upload, none for an unmanaged object. `expected`
        are the fields that the object should have.
        """
        localise = self.own_localise
        return localise(fields, addresses, expected) if localise else _localised(self, fields, addresses, expected)


class SecretError(ValueError):
    """A secret in a place where it would be stored or shown; a defect of the module of its kind."""


def check_secrets(resource_type: ResourceType, *groups: Mapping[str, object]) -> None:
    """Raise SecretError if one of these mappings has a secret field."""
    for found in groups if resource_type.secret else ():
        if shown := sorted(resource_type.secret.intersection(_keys(found))):
            raise SecretError(f"{', '.join(shown)} of {resource_type.type} is secret and would be stored")


def _keys(value: object) -> Iterator[str]:
    """Yield the keys of mappings at any depth."""
    for key, item in value.items() if isinstance(value, Mapping) else ():
        yield key
        yield from _keys(item)
