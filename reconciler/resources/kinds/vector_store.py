"""Vector stores, with files given by paths and globs of the project folder."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from reconciler.resources import store_editing, store_files
from reconciler.resources.address import composed
from reconciler.resources.base import Desired, Live, LocalFile, Resource, Scope, Spec
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.kinds.file import file_object, is_file_id
from reconciler.resources.labels import FILE_SHA256, KEYS, PROJECT
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.metadata import Attributes, Metadata, kept_pairs
from reconciler.resources.problems import Finding
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import store_risks
from reconciler.resources.values import JSON, Fields, digest

PREFIX: Final = "vectorstore"

AUTO: Final = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
"""Sizes that the API returns for `auto` (API reference, vector store file, `chunking_strategy`)."""
USUAL_CHUNKING: Final = {"type": "static", "static": AUTO}
"""Chunking of a file that was attached without any."""


class AutoChunking(Spec):
    """Chunking that the API chooses: 800 tokens per chunk, with an overlap of 400."""

    type: Literal["auto"]
    """Strategy. Always `auto`."""


class ChunkSizes(Spec):
    """Sizes of chunks, in tokens."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    """Largest size of a chunk, in tokens, from 100 to 4096."""
    chunk_overlap_tokens: int = Field(ge=0)
    """Tokens that two neighbouring chunks have in common, at most half of `max_chunk_size_tokens`."""

    @model_validator(mode="after")
    def _overlap_fits(self) -> "ChunkSizes":
        if self.chunk_overlap_tokens * 2 > self.max_chunk_size_tokens:
            raise PydanticCustomError(
                "chunk_overlap",
                "chunk_overlap_tokens must be at most half of max_chunk_size_tokens, here {most}",
                {"most": self.max_chunk_size_tokens // 2},
            )
        return self


class StaticChunking(Spec):
    """Chunking with fixed sizes."""

    type: Literal["static"]
    """Strategy. Always `static`."""
    static: ChunkSizes
    """Sizes of chunks, in tokens."""


ChunkingStrategy: TypeAlias = Annotated[AutoChunking | StaticChunking, Field(discriminator="type")]


class ExpiresAfter(Spec):
    """The time after which the API deletes an unused vector store."""

    anchor: Literal["last_active_at"] = "last_active_at"
    """Event that the period starts from. Always `last_active_at`, the last use of the store."""
    days: int = Field(ge=1, le=365)
    """Days after the anchor until the store expires, from 1 to 365."""


class FileEntry(Spec):
    """Files of a vector store. A text is short for an entry that has only `path`."""

    path: Annotated[str, AfterValidator(composed)] = Field(min_length=1)
    """Path or glob of files, relative to the project folder, such as `kb/**/*.md`; or the id of an unmanaged upload
    (`file-…`), which is attached but never uploaded or deleted."""
    attributes: Attributes | None = None
    """Attributes of these files, added to those of the store; searches can filter by them. At most 14 pairs together;
    values are text of at most 512 characters, numbers, `true` or `false`. Default: none."""
    chunking_strategy: ChunkingStrategy | None = None
    """Chunking of these files. Default: the store's `chunking_strategy`."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text = {
            "type": "string",
            "minLength": 1,
            "title": "path",
            "description": "Path or glob of files, or a `file-…` id.",
        }
        return {"anyOf": [text, handler(core_schema)]}


class VectorStoreSpec(Spec):
    """A vector store: documents that assistants search."""

    name: str | None = None
    """Name of the store at OpenAI. Default: the name of the manifest."""
    description: str | None = None
    """Description of the store. Sent only when the store is created, because the API neither returns nor updates it; a
    later change has no effect on the existing store."""
    files: tuple[Annotated[FileEntry, IdentifiedBy(("path",))], ...] = ()
    """Files of the store, as paths, globs or entries. If several entries match a file, the last one applies. Default:
    none."""
    chunking_strategy: ChunkingStrategy | None = None
    """Chunking of files whose entry sets none. Default: `auto`, 800 tokens per chunk with an overlap of 400."""
    attributes: Attributes | None = None
    """Attributes of every file of the store; searches can filter by them. At most 14 pairs; values are text of at most
    512 characters, numbers, `true` or `false`. Default: none."""
    expires_after: ExpiresAfter | None = None
    """Time after which the API deletes an unused store. Default: never."""
    metadata: Metadata | None = None
    """Metadata of the object at OpenAI: at most 12 pairs, keys of at most 64 characters, text values of at most 512.
    Keys that start with `reconciler-` are reserved. Default: none."""
    prune: bool = False
    """Detach live files that no manifest lists. With `false` they are only reported. Default: `false`."""
    releases: Literal["frozen", "live"] = "frozen"
    """Use by releases of chatbots. `frozen`: each release gets a copy of the store. `live`: releases search this store
    and see its changes. Default: `frozen`."""


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: VectorStoreSpec = resource.spec
    yield from store_files.check(spec.files, spec.attributes, scope.files, lambda entry: _settings(spec, entry))


def _settings(spec: VectorStoreSpec, entry: FileEntry) -> dict[str, JSON]:
    """Return the settings of one file in canonical form: its attributes and its chunking."""
    settings: dict[str, JSON] = {}
    if spec.attributes is not None or entry.attributes is not None:
        settings["attributes"] = {**(spec.attributes or {}), **(entry.attributes or {})}
    chunking = entry.chunking_strategy or spec.chunking_strategy
    if chunking is not None:
        settings["chunking_strategy"] = _chunking(chunking.model_dump())
    return settings


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    spec: VectorStoreSpec = resource.spec
    held = {path: entry for path, entry, _ in store_files.held(spec.files, scope.files)}
    local = {
        path: found for path in held if not is_file_id(path) and isinstance(found := scope.files.read(path), LocalFile)
    }
    fields = _own_fields(resource)
    # Globs are only resolved here, so their files are references of the object but not of the manifest.
    if "files" in spec.model_fields_set:
        content = {path: {"sha256": found.sha256} for path, found in local.items()}
        fields["files"] = {
            path: {**store_files.named(path, content.get(path, {})), **_settings(spec, entry)}
            for path, entry in held.items()
            if path in local or is_file_id(path)
        }
    secret = {} if spec.description is None else {"description": spec.description}
    yield Desired(
        address=resource.address,
        type=VECTOR_STORE.type,
        fields=fields,
        place=resource.place,
        lifecycle=resource.lifecycle,
        write_only={name: digest(value) for name, value in secret.items()},
        unreadable=secret,
        options={"prune": spec.prune},
    )
    yield from (file_object(found, scope) for found in local.values())


def _own_fields(resource: Resource) -> dict[str, JSON]:
    written = resource.spec.model_dump(include={"metadata", "expires_after"} & resource.spec.model_fields_set)
    name = resource.address.name if resource.spec.name is None else resource.spec.name
    fields = {"name": name, **written}
    return {name: _canonical(name, value) for name, value in fields.items()}


def _canonical(field: str, value: JSON) -> JSON:
    if field == "metadata":
        return _without(value, KEYS)
    if field == "files":
        return {path: _canonical_file(settings) for path, settings in (value or {}).items()}
    return value


def _canonical_file(settings: Mapping[str, JSON]) -> dict[str, JSON]:
    canonical = dict(settings)
    if "attributes" in canonical:
        canonical["attributes"] = _without(canonical["attributes"], {PROJECT, FILE_SHA256})
    if "chunking_strategy" in canonical:
        canonical["chunking_strategy"] = _chunking(canonical["chunking_strategy"])
    return canonical


def _to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    own = {"name": live.fields["name"]} if live.fields["name"] not in (None, name) else {}
    pairs, losses = kept_pairs(live.fields["metadata"])
    files, notes, more = store_files.to_manifest(live.fields.get("files") or {}, _chunking({"type": "auto"}), called)
    expiry = live.fields["expires_after"]
    spec = {**own, **files, **({"expires_after": expiry} if expiry else {}), **pairs}
    return SpecDraft(spec, notes, (*losses, *more))


def _without(pairs: Mapping[str, JSON] | None, keys: Iterable[str]) -> dict[str, JSON]:
    return {key: value for key, value in (pairs or {}).items() if key not in keys}


def _chunking(strategy: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"type": "static", "static": dict(AUTO)} if strategy["type"] == "auto" else dict(strategy)


def _complete(resource_type: ResourceType, fields: Fields) -> Fields:
    """Return fields with the defaults, including those of each file."""
    settings = {"attributes": {}, "chunking_strategy": _chunking({"type": "auto"})}
    files = {path: {**settings, **entry} for path, entry in (fields.get("files") or {}).items()}
    return {**resource_type.defaults, **fields, "files": files}


def _render(fields: Fields) -> dict[str, JSON]:
    """Return the body of a create or update. Files are attached by separate requests."""
    return {name: value for name, value in fields.items() if name != "files"}


VECTOR_STORE: Final = ResourceType(
    type="vector_store",
    prefix=PREFIX,
    canonical=_canonical,
    render=_render,
    defaults={"metadata": {}, "expires_after": None, "files": {}},
    owned_by_key=frozenset({"metadata", "files"}),
    write_only=frozenset({"description"}),
    creation_only=frozenset({"description"}),
    apart=frozenset({"files"}),
    members=store_files.MEMBERS,
    delete_ranks=(10, 10),
    complete=_complete,
    rename=store_files.renamed,
    own_localise=store_files.localise,
    as_listed=store_files.as_listed,
    risks=store_risks,
    billed=True,
    serves=True,
    paces=(store_files.WRITES,),
)
"""
`files` maps the path of a file to its settings: `{"file": reference, "sha256": hex}`, and `attributes` and
`chunking_strategy` if the manifest sets them. It maps a literal id to `{"file": id}` and the same settings. As read,
before `localise`, it maps the id of every file to all of its settings.
"""

KIND: Final = Kind(
    name="VectorStore",
    prefix=PREFIX,
    models={"": VectorStoreSpec},
    desired=_desired,
    check=_check,
    to_manifest={"vector_store": _to_manifest},
    folder="stores",
    attaches=True,
    frozen="content",
    shared_live=lambda store: store.spec.releases == "live",
    editors={"files": store_editing.edited},
)
