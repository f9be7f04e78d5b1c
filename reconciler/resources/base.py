"""Parts of a kind of resource. A new kind is one module in `kinds/` that defines a `KIND`, a `RESOURCE_TYPE`, or both.

A manifest is YAML of one kind. It asks for objects (`Desired`), each carried by one type of live object: a saved agent,
a vector store, a file, or a document in the outlets (requests, pipelines and chatbots have no object at OpenAI). The
`ResourceType` is its canonical form: the shape in which desired, last applied and live are compared, and from which
requests are written, so that what is compared is what is sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Final, Literal, Protocol, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from reconciler.resources.address import NAME_PATTERN, NAME_RULE, Address, is_name
from reconciler.resources.problems import Finding, Place
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Fields, reference, replace_references

Path: TypeAlias = tuple[str | int, ...]


class Spec(BaseModel):
    """Base of every manifest model: frozen, and an unknown field is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), validate_by_name=True, validate_by_alias=True
    )


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Lifecycle(Spec):
    """Rules for deleting, renaming and updating the live object, independent of the rest of the manifest."""

    protect: bool = False
    """Refuse plans that delete or replace the object. Also recorded on the live object, so removing the manifest does
    not lift the protection; only applying `protect: false` does. Default: `false`."""
    ignore: tuple[str, ...] = ()
    """Top-level fields of `spec` that are written when the object is created, and neither compared nor changed
    afterwards. Default: none."""
    moved_from: Annotated[
        tuple[str, ...], BeforeValidator(_one_or_several, json_schema_input_type=str | list[str])
    ] = ()
    """Earlier name of the object, or a list of earlier names. The live object under the first known name becomes this
    object and keeps its id. Default: none."""
    keep_on_delete: bool = False
    """Keep the live object when its manifest is removed; the object is unmanaged from then on. Documents that exist
    only in outlets stay published. Must be applied before the manifest is removed. Default: `false`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """That the value at `path` of a manifest points at another object."""

    path: Path
    target: Address
    via: str = ""
    """What the reference is, for people: a node of a pipeline, a trigger."""
    environment: str | None = None
    """The only environment in which it holds; None where it holds in all."""


@dataclass(frozen=True)
class Resource:
    """One manifest, validated."""

    kind: "Kind"
    address: Address
    spec: Any
    """An instance of one of `kind.models`."""
    labels: Mapping[str, str]
    lifecycle: Lifecycle
    place: Place
    where: Callable[[Path], Place]
    """The place of the value at a path, or of the closest value around it that the file has."""
    written: Callable[[], Mapping[str, JSON]] = dict
    """`spec` as it was written, with what it includes and its target, but before variables: what a release keeps."""
    continued: Mapping[Address, Address] = field(default_factory=dict)
    """Releases that were made under an earlier name of the chatbot, by what they would be called under this one."""

    def known_as(self, address: Address) -> Address:
        """Return the address of what this manifest calls by its own name."""
        return self.continued.get(address, address)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the project folder, by content."""

    path: str
    """Relative to the project folder, with forward slashes."""
    sha256: str
    """Hex, without a prefix."""
    bytes: int
    blob: str = ""
    """Of a file that a release keeps: the id of the Git blob that has its bytes, whatever the folder has by now."""


class ProjectFiles(Protocol):
    """The files of a project folder, never one outside it."""

    def glob(self, pattern: str) -> list[str]:
        """Paths that match, sorted; `**` crosses folders; hidden files and `.reconciler/` never match."""
        ...

    def read(self, path: str) -> LocalFile | Finding:
        """The file at `path`, or what is wrong with it (missing, unreadable, outside, a Git LFS pointer)."""
        ...


@dataclass(frozen=True)
class Scope:
    """What a kind may know beyond its own manifest."""

    files: ProjectFiles
    default_target: str | None = None
    attached: frozenset[str] = frozenset()
    """Paths of the files that some vector store of the project holds."""
    environment: str | None = None
    """The environment that is worked with; None where the project has none."""
    environments: tuple[str, ...] = ()
    """Every environment that the project has."""
    today: date | None = None
    """What is too far ahead is measured from here; None where nothing is to depend on the day."""


@dataclass(frozen=True)
class Desired:
    """One object that should be live."""

    address: Address
    type: str
    """The name of a `ResourceType`: `agent`, `request`, `vector_store`, `file`, `pipeline`, `chatbot`, `release`."""
    fields: Fields
    """Only what the manifest sets, canonical. What it does not set is not ours and is not compared."""
    place: Place | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    write_only: Mapping[str, str] = field(default_factory=dict)
    """Fields the API never returns, as digests of their canonical values; their values stand in `unreadable`."""
    unreadable: Fields = field(default_factory=dict)
    local: LocalFile | None = None
    """The bytes of an upload."""
    upload_name: str = ""
    options: Mapping[str, JSON] = field(default_factory=dict)
    """Settings that are no fields of the object, like `prune`."""
    whole: bool = False
    """Whether all of the object is ours, and not only what is set: so it is with what a release has frozen."""


@dataclass(frozen=True)
class SpecDraft:
    """The spec of a manifest that asks for an object as it is live, without what holds unless it is said."""

    spec: Mapping[str, JSON]
    notes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """What to tell about values, by the way to them inside `spec`; an index of a list is written as text."""
    losses: tuple[str, ...] = ()
    """What of the object the spec does not say, and why."""


@dataclass(frozen=True)
class Naming:
    """What names of a kind look like."""

    accepts: Callable[[str], bool]
    rule: str
    """For people."""
    pattern: str
    """For JSON Schema: the same as a regular expression of ECMA-262, which Python understands as well."""


NAMES: Final = Naming(is_name, NAME_RULE, f"^{NAME_PATTERN}$")


@dataclass(frozen=True)
class Kind:
    """A kind of manifest."""

    name: str
    """As written after `kind:`."""
    prefix: str
    """As written in addresses."""
    models: Mapping[str, type[Spec]]
    """The model of `spec` by target; by `""` where the kind has no targets."""
    references: Callable[[Resource], Iterable[Reference]]
    """What a manifest refers to inside the project. Literal ids are not references."""
    desired: Callable[[Resource, Scope], Iterable[Desired]]
    """The objects the manifest asks for, the files it needs among them. Called only if `check` finds no error."""
    check: Callable[[Resource, Scope], Iterable[Finding]] = lambda _resource, _scope: ()
    """Rules that a model cannot state: limits over several fields, files that must exist."""
    to_manifest: "Mapping[str, Callable[[Live, str, Callable[[str], str]], SpecDraft]]" = field(default_factory=dict)
    """By type of live object: what a manifest of a name would say to ask for it, given what an id is called."""
    hints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What to write instead of a field that a target does not have, by target and dotted path without indices."""
    naming: Naming = NAMES
    """What `metadata.name` may be."""
    folder: str = ""
    """Where new manifests go; empty for the plural of `name` in lower case."""
    attaches: bool = False
    """Whether the files it asks for are told to all other kinds, as `Scope.attached`."""
    verbatim: bool = False
    """Whether `$file` and variables in it are the content of the manifest, and not for us to replace."""
    provides: Callable[[Resource], Iterable[Address]] = lambda _resource: ()
    """Addresses besides its own that other manifests may refer to."""
    frozen: Literal["", "release", "content"] = ""
    """How the copy that a release makes of such an object is called: `NAME@CHATBOT.N`, or `NAME@<content12>`, which
    releases of equal content share. Empty where a release makes none."""
    shared_live: Callable[[Resource], bool] = lambda _resource: False
    """Whether a release is to go on using this very object instead of a copy."""


def written_for(model: type[Spec], spec: Mapping[str, JSON], target: str) -> dict[str, JSON]:
    """The spec as the model of a target takes it."""
    rest = {name: value for name, value in spec.items() if name != "target"}
    return {"target": target, **rest} if "target" in model.model_fields else rest


def _with_defaults(resource_type: "ResourceType", fields: Fields) -> Fields:
    """Every field of the object; but not one of which only the API knows what it is where nobody sets it."""
    known = {name: value for name, value in resource_type.defaults.items() if name not in resource_type.resolved}
    return {**known, **fields}


def _referring(fields: Fields, named: Callable[[Address], Address]) -> Fields:
    return {
        name: replace_references(value, lambda text: reference(named(Address.parse(text))))
        for name, value in fields.items()
    }


def _unchanged(fields: Fields, _addresses: Callable[[str], Sequence[str]], _expected: Fields) -> Fields:
    return fields


@dataclass(frozen=True)
class ResourceType:
    """The canonical form of one type of live object.

    `canonical` must be idempotent, and must give for what the API returns the same value as for what was sent to get
    it: every default the API fills in is filled in here too, from the API's documentation.
    """

    type: str
    canonical: Callable[[str, JSON], JSON]
    """A top-level field's value, as a manifest or the API has it, in canonical form."""
    render: Callable[[Fields], dict[str, JSON]]
    """Canonical fields as the request body that sets them; references stay references."""
    defaults: Fields
    """What a field is reset to when it is dropped from the manifest; `None` asks the API for its own default."""
    owned_by_key: frozenset[str] = frozenset()
    """Fields that are mappings of which only the keys a manifest sets are ours (`metadata`, `reasoning`)."""
    immutable: frozenset[str] = frozenset()
    """Fields whose change needs a new object."""
    creation_only: frozenset[str] = frozenset()
    """Write-only fields that only a create can set: a later change is worth a warning and waits for the next one."""
    apart: frozenset[str] = frozenset()
    """Fields written by requests of their own after the object is made (the files of a vector store). No label vouches
    for them: a run killed in between would leave the label of something that never happened."""
    pointers: frozenset[str] = frozenset()
    """Fields that are no part of the object, but say what is published under its name (`published` of a chatbot)."""
    resolved: frozenset[str] = frozenset()
    """Fields that the API completes in a way that only it knows (`reasoning` of an agent, by its model)."""
    models: Callable[[Fields], Iterable[str]] = lambda _fields: ()
    """Models of OpenAI that the object runs on."""
    risks: Callable[[Fields, Fields], Iterable[Hazard]] = lambda _before, _after: ()
    """What it risks to change some fields from what they are to what they become; both sides name the same ones."""
    prompt: Callable[[Fields], str] = lambda _fields: ""
    """Text that goes with every request, and is paid for each time."""
    paid: Callable[[Fields], Iterable[str]] = lambda _fields: ()
    """What is paid for by use, besides tokens, as `prices` call it."""
    in_outlets: bool = False
    """Whether such objects are documents in the outlets: no request to OpenAI, no labels, the address is the id."""
    stored: bool = False
    """Whether OpenAI bills what it holds by byte and day: `usage_bytes` of its detail, for the uploads in `files`."""
    complete: Callable[["ResourceType", Fields], Fields] = _with_defaults
    """Fields with all that the object has where nothing is set."""
    rename: Callable[[Fields, Callable[[Address], Address]], Fields] = _referring
    """Fields with other addresses in their references."""
    localise: Callable[[Fields, Callable[[str], Sequence[str]], Fields], Fields] = _unchanged
    """Live fields with ids turned into what manifests write. Given the live fields, the addresses that an id is known
    under (several for one shared upload, none for a stranger's), and the fields that are expected of this object."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What we write on a live object to know it again: the four `reconciler-` keys of its metadata."""

    identity: str
    address: str
    spec: Mapping[str, str] = field(default_factory=dict)
    """Eight hex characters of each top-level field's digest, as last applied."""
    protected: bool = False


@dataclass(frozen=True)
class Applied:
    """One object as we last wrote it: an entry of the state."""

    id: str
    type: str
    fields: Fields
    """Canonical, as the manifest set them then."""
    write_only: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    keep: bool = False
    """Whether the live object is to stay when its manifest goes, as the manifest said then."""
    unproven: tuple[str, ...] = ()
    """Fields of which nobody knows what was applied: state was lost, and nothing that is left tells."""


@dataclass(frozen=True)
class Live:
    """One live object as it was read."""

    type: str
    id: str
    fields: Fields
    """All readable fields, canonical."""
    labels: Labels | None = None
    name: str = ""
    refers_to: tuple[str, ...] = ()
    """Ids of the live objects that this one needs."""
    detail: Mapping[str, JSON] = field(default_factory=dict)
    """What is shown but never compared: `created_at`, `updated_at`, `status`, `bytes`, …"""
