"""Manifests as validated resources, and their objects: desired, applied and live."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from reconciler.resources.address import Address
from reconciler.resources.deferring import Deferring
from reconciler.resources.problems import Finding, Place
from reconciler.resources.values import JSON, Fields

if TYPE_CHECKING:
    from reconciler.resources.kind import Kind

Path: TypeAlias = tuple[str | int, ...]
EMPTY: Final[dict[Any, Any]] = {}
"""The empty mapping that all objects share: nothing changes the values of objects."""


def empty() -> dict[Any, Any]:
    return EMPTY


class Spec(BaseModel):
    """Base of every manifest model. Models are frozen, and unknown fields are errors.

    The validator of a model is built when the first manifest needs it: most projects use few of the kinds.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,
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


NO_RULES: Final = Lifecycle()
"""The rules of a manifest that has none."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference from the value at `path` of a manifest to another object."""

    path: Path
    target: Address
    environment: str | None = None
    """Environment that the reference is limited to; None if it applies to all."""
    is_listing: bool = False
    """True if the manifest only lists the target, which refers to it: it is not a dependency."""


@dataclass(frozen=True)
class Resource:
    """A validated manifest."""

    kind: "Kind"
    address: Address
    spec: Any
    """An instance of one of `kind.models`."""
    labels: Mapping[str, str]
    lifecycle: Lifecycle
    place: Place
    where: Callable[[Path], Place]
    """Returns the place of the value at a path, or of the closest value around it."""
    written: Callable[[], Mapping[str, JSON]] = dict
    """Returns `spec` with its includes and its target, before variables are replaced. Releases keep it in this form."""
    continued: Mapping[Address, Address] = field(default_factory=empty)
    """Releases that were made under an earlier name of the chatbot, by their address under the current name."""
    validated: Callable[[], Any] | None = field(default=None, compare=False)
    """Returns `spec` again, from the document of the manifest; None if it cannot."""

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """References of the manifest inside the project. Cached, because several checks need them, and finding them
        takes as long as the validation.
        """
        return tuple(self.kind.references(self))

    def with_spec(self, spec: Any) -> Self:
        """Return a copy of the manifest with another spec."""
        return replace(self, spec=spec, validated=None)

    def without_spec(self) -> None:
        """Release the memory of `spec`, which is made again if something reads it: once the desired objects are made,
        nothing does for most manifests.
        """
        if self.validated is not None:
            self.__dict__.pop("spec", None)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name != "spec" or self.validated is None:
                raise AttributeError(name)
            return self.__dict__.setdefault("spec", self.validated())

    def known_as(self, address: Address) -> Address:
        """Return the actual address of a release, given its address under the current name."""
        return self.continued.get(address, address)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the project folder with its size and hash."""

    path: str
    """Path relative to the project folder, with forward slashes."""
    sha256: str
    """SHA-256 of the content in hex, without a prefix."""
    bytes: int
    blob: str = ""
    """Id of the Git blob with the content, for a file that a release keeps; the file in the folder may have changed."""
    on_disk: str = ""
    """Path in the folder, if the file system has the name in another Unicode form."""
    is_text: bool = True
    """False if the content is neither UTF-8 nor UTF-16 with a byte order mark."""
    target: str = ""
    """Path of the file that a link leads to; empty if the file is not a link."""

    @property
    def place(self) -> str:
        """Path by which the file can be opened."""
        return self.on_disk or self.path


class ProjectFiles(Protocol):
    """The files of a project folder. Files outside it are not accessible."""

    def glob(self, pattern: str) -> list[str]:
        """Return the matching paths, sorted. `**` matches any number of folders; hidden files never match."""
        ...

    def read(self, path: str) -> LocalFile | Finding:
        """Return the file at `path`, or a finding if it is missing, unreadable, outside, or a Git LFS pointer."""
        ...

    def text(self, path: str) -> str | Finding:
        """Return the text of the file at `path`, or a finding if it cannot be read. Texts that a release keeps are not
        read: its objects do not depend on them.
        """
        ...


@dataclass(frozen=True)
class Scope:
    """The context of a manifest that is available to its kind."""

    files: ProjectFiles
    default_target: str | None = None
    attached: Container[str] = frozenset()
    """Paths of the files that are in a vector store of the project."""
    staged: Container[str] = frozenset()
    """Paths of the files that only manifests of kinds with `stages` refer to."""
    environment: str | None = None
    """The chosen environment; None if the project has no environments."""
    environments: tuple[str, ...] = ()
    """All environments of the project."""
    today: date | None = None
    """Current day, from which limits of expiry dates are computed; None to skip these checks, and for kinds that are
    not `Kind.is_dated`."""


@dataclass(frozen=True)
class Desired(Deferring):
    """An object that should be live."""

    address: Address
    type: str
    """Name of a `ResourceType`."""
    fields: Fields
    """Fields that the manifest sets, in canonical form. Other fields are not managed and not compared."""
    place: Place | None = None
    lifecycle: Lifecycle = NO_RULES
    write_only: Mapping[str, str] = field(default_factory=empty)
    """Digests of the canonical values of fields that the API never returns. The values are in `unreadable`. Values
    inside a field have a name with the field before the first dot: `env.MODE`."""
    unreadable: Fields = field(default_factory=empty)
    secrets: Mapping[tuple[str, ...], str] = field(default_factory=empty)
    """Names of the environment variables of secrets, by path in the request body. The values are never stored."""
    with_secrets: Mapping[tuple[str, ...], JSON] = field(default_factory=empty)
    """Values that are sent only together with the secrets, by path in the request body."""
    parts: tuple[LocalFile, ...] = ()
    """Local files that the object consists of: one for an upload, several for a folder."""
    upload_name: str = ""
    options: Mapping[str, JSON] = field(default_factory=empty)
    """Settings that are not fields of the object, such as `prune`."""
    whole: bool = False
    """True if all fields of the object are managed, not only those that are set, as in frozen copies of releases."""

    @property
    def prunes(self) -> bool:
        """True if members that the manifest does not name are detached."""
        return self.whole or bool(self.options.get("prune"))

    @property
    def bytes(self) -> int | None:
        """Size of the parts; None for an object without local files."""
        return sum(part.bytes for part in self.parts) if self.parts else None


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Live objects that could not be listed, so that it is not known what they refer to."""

    type: str
    refers: frozenset[str]
    """Types that objects of this type may refer to."""
    request: str
    """The request that failed: `GET /v1/agents/automations`."""
    scope: str = ""
    """The scope that a restricted key needs for it; empty if no scope is known to help."""
    message: str = ""
    """The cause, as a problem states it."""
    is_absent: bool = False
    """True if the server does not have the API of these objects, so that there are none."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a live object, which identify its owner: the four `reconciler-` keys of its metadata."""

    identity: str
    address: str
    spec: Mapping[str, str] = field(default_factory=empty)
    """Eight hex characters of the digest of each top-level field, as last applied."""
    protected: bool = False
    lineage: str | None = None
    """The lineage of the state that wrote the labels; None on labels of versions without lineages."""

    def is_of(self, identity: str, lineage: str | None) -> bool:
        """Return True if a state of this identity and lineage may have written the labels."""
        return self.identity == identity and self.lineage in {None, lineage}


@dataclass(frozen=True, slots=True)
class Verified:
    """The digests of an object when an apply left it live as desired, with the index of its references.

    While they are the same, nothing is different, and the object is neither built nor compared: see
    `planning.verified`.
    """

    mark: str
    """`Live.mark` of the live object."""
    digest: str
    """Of the desired object, of the entry of the state, and of the ids of the objects that they refer to."""
    refers_to: tuple[str, ...] | None = ()
    """The addresses that the fields refer to, in order. None for an object with members, whose entry has them."""
    ids: tuple[str, ...] = ()
    """All other texts in its fields that can be live ids."""


@dataclass(frozen=True)
class Applied(Deferring):
    """An object as last applied: an entry of the state."""

    id: str
    type: str
    fields: Fields
    """Fields that the manifest set, in canonical form."""
    write_only: Mapping[str, str] = field(default_factory=empty)
    protected: bool = False
    keep: bool = False
    """Value of `keep_on_delete`: the live object is kept when its manifest is removed."""
    unproven: tuple[str, ...] = ()
    """Fields whose applied values are unknown, because the state was lost and they could not be reconstructed."""
    revision: str = ""
    """`Live.revision` of the object that has these fields, for types with versions."""
    holds: Mapping[str, str] = field(default_factory=empty)
    """Live ids by address. Of a release, the present ones of the objects that it uses or was copied from, by the names
    that it has: see `planning.held_names`. Of a live object with ids in its fields, those that were written: see
    `planning.renewals`. Empty if it was applied by a version that does not record them."""
    published_before: tuple[str, ...] = ()
    """Addresses of the releases that a chatbot published before the present one, the latest last. A rollback removes
    the release that it publishes again, and those after it: see `state.publications`. Empty if none is recorded."""
    rolled_back: tuple[str, ...] = ()
    """Addresses of the releases of a chatbot that an older release replaced, and that were not published again."""
    rolled_back_by: str = ""
    """The run that published an older release of a chatbot than before, if no run has published another one since."""
    verified: Verified | None = field(default=None, compare=False)
    """None for an object that may not be live as desired, and in states of versions that do not record it."""


def with_packed_fields(_address: Address, applied: Applied) -> Applied:
    """Return the entry with its fields in a pack, if it has digests, so that probably nothing compares it."""
    if applied.verified:
        applied.pack()
    return applied


def version_of(revision: str) -> str:
    """Return the number of the version in a `Live.revision`; empty if it has none."""
    return revision.partition("-")[0]


@dataclass(frozen=True)
class Live(Deferring):
    """A live object as read."""

    type: str
    id: str
    fields: Fields
    """All readable fields, in canonical form."""
    labels: Labels | None = None
    name: str = ""
    refers_to: tuple[str, ...] = ()
    """Ids of the live objects that this object refers to."""
    detail: Mapping[str, JSON] = field(default_factory=empty)
    """Values that are shown but not compared: `created_at`, `updated_at`, `status`, `bytes`, …"""
    revision: str = ""
    """Of a type with versions, the number of the current version, `-`, and everything that a list shows of it: while it
    is the same as in the state, the versioned fields are, too. Empty for other types."""
    mark: str = field(default="", compare=False)
    """The digest of everything that the fields, the labels and the revision are read from. Empty if it is unknown."""

    @classmethod
    def deferred(cls, build: Callable[[], Fields], like: "Live") -> Self:
        """Return an object like another one, with fields that are built when they are read for the first time.

        No caller sees a difference: most objects of an estate are as they were, and nothing reads their fields.
        """
        made = cls.__new__(cls)
        for name in _AS_READ:  # one by one: the attributes of all objects then share a table of names
            object.__setattr__(made, name, getattr(like, name))
        object.__setattr__(made, "_build", build)
        return made


_AS_READ: Final = tuple(one.name for one in fields(Live) if one.name != "fields")
"""The attributes of a deferred object that are not built later."""
