"""Objects as manifests ask for them, as they were applied, and as they are live."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from reconciler.resources.address import Address
from reconciler.resources.problems import Finding, Place
from reconciler.resources.values import JSON, Fields

if TYPE_CHECKING:
    from reconciler.resources.kind import Kind

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
    """The name of a `ResourceType`."""
    fields: Fields
    """Only what the manifest sets, canonical. What it does not set is not ours and is not compared."""
    place: Place | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    write_only: Mapping[str, str] = field(default_factory=dict)
    """Fields the API never returns, as digests of their canonical values; their values stand in `unreadable`."""
    unreadable: Fields = field(default_factory=dict)
    parts: tuple[LocalFile, ...] = ()
    """The local files that the object is made of: one of an upload, those of a folder."""
    upload_name: str = ""
    options: Mapping[str, JSON] = field(default_factory=dict)
    """Settings that are no fields of the object, like `prune`."""
    whole: bool = False
    """Whether all of the object is ours, and not only what is set: so it is with what a release has frozen."""

    @property
    def prunes(self) -> bool:
        """Whether members that the manifest does not name are detached."""
        return self.whole or bool(self.options.get("prune"))

    @property
    def bytes(self) -> int | None:
        """The size of its parts; None for an object that is made of no local files."""
        return sum(part.bytes for part in self.parts) if self.parts else None


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
