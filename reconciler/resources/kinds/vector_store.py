"""Vector stores: searchable knowledge, named by globs and paths of the project folder."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError

from reconciler.resources import store_files, store_risks
from reconciler.resources.base import (
    Desired,
    Kind,
    Live,
    LocalFile,
    Reference,
    Resource,
    ResourceType,
    Scope,
    Spec,
    SpecDraft,
)
from reconciler.resources.kinds.file import file_object, is_file_id
from reconciler.resources.labels import FILE_SHA256, KEYS, PROJECT
from reconciler.resources.metadata import Attributes, Metadata, kept_pairs
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON, Fields, digest

AUTO: Final = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
"""What `auto` comes back as (API reference, vector store file, `chunking_strategy`)."""


class AutoChunking(Spec):
    type: Literal["auto"]


class ChunkSizes(Spec):
    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @model_validator(mode="after")
    def _overlap_fits(self) -> "ChunkSizes":
        if self.chunk_overlap_tokens * 2 > self.max_chunk_size_tokens:
            raise PydanticCustomError(
                "chunk_overlap",
                "chunk_overlap_tokens may be at most half of max_chunk_size_tokens, here {most}",
                {"most": self.max_chunk_size_tokens // 2},
            )
        return self


class StaticChunking(Spec):
    type: Literal["static"]
    static: ChunkSizes


ChunkingStrategy: TypeAlias = Annotated[AutoChunking | StaticChunking, Field(discriminator="type")]


class ExpiresAfter(Spec):
    anchor: Literal["last_active_at"] = "last_active_at"
    days: int = Field(ge=1, le=365)


class FileEntry(Spec):
    """Files of a store. Written as text, it is only the path or glob."""

    path: str = Field(min_length=1)
    """A path or a glob, relative to the project folder; or the literal id of an upload (`file-…`) that is not managed
    here: it is attached, and never uploaded or deleted."""
    attributes: Attributes | None = None
    """On top of the store's."""
    chunking_strategy: ChunkingStrategy | None = None
    """Instead of the store's."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(core_schema)]}


class VectorStoreSpec(Spec):
    name: str | None = None
    """The manifest's name where it is not set."""
    description: str | None = None
    """
    Sent when the store is made, and at no other time: the API neither returns nor updates it, and making the store anew
    would index every file again. A later change waits for the next store.
    """
    files: tuple[FileEntry, ...] = ()
    """A later entry that names the same file counts instead of an earlier one."""
    chunking_strategy: ChunkingStrategy | None = None
    """For every file whose entry has none."""
    attributes: Attributes | None = None
    """For every file."""
    expires_after: ExpiresAfter | None = None
    metadata: Metadata | None = None
    prune: bool = False
    """Whether files that no manifest names are detached. They are only reported otherwise."""
    releases: Literal["frozen", "live"] = "frozen"
    """Whether a release makes a copy of the store, or goes on using this one and sees every change of it."""


def _references(_resource: Resource) -> Iterable[Reference]:
    """None: only a look at the folder tells which files a glob means. `desired` has them, as references in `files`."""
    return ()


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: VectorStoreSpec = resource.spec
    yield from store_files.check(spec.files, spec.attributes, scope.files, lambda entry: _settings(spec, entry))


def _settings(spec: VectorStoreSpec, entry: FileEntry) -> dict[str, JSON]:
    """What is set of one file: its attributes and its chunking, canonical."""
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
    local = {path: found for path in held if isinstance(found := _local(path, scope), LocalFile)}
    fields = _own_fields(resource)
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


def _local(path: str, scope: Scope) -> LocalFile | Finding | None:
    return None if is_file_id(path) else scope.files.read(path)


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
    """With what the API has of each file where nothing is set."""
    settings = {"attributes": {}, "chunking_strategy": _chunking({"type": "auto"})}
    files = {path: {**settings, **entry} for path, entry in (fields.get("files") or {}).items()}
    return {**resource_type.defaults, **fields, "files": files}


def _render(fields: Fields) -> dict[str, JSON]:
    """The body of a create or update. Files are attached by requests of their own."""
    return {name: value for name, value in fields.items() if name != "files"}


VECTOR_STORE: Final = ResourceType(
    type="vector_store",
    canonical=_canonical,
    render=_render,
    defaults={"metadata": {}, "expires_after": None, "files": {}},
    owned_by_key=frozenset({"metadata", "files"}),
    creation_only=frozenset({"description"}),
    apart=frozenset({"files"}),
    complete=_complete,
    rename=store_files.renamed,
    localise=store_files.localise,
    risks=store_risks.risks,
    stored=True,
)
"""
`files` maps the path of a file to what is set of it: `{"file": reference, "sha256": hex}`, and `attributes` and
`chunking_strategy` where the manifest sets them; a literal id to `{"file": id}` and those. As read, before `localise`,
it maps the id of every file to all of it.
"""

KIND: Final = Kind(
    name="VectorStore",
    prefix="vectorstore",
    models={"": VectorStoreSpec},
    references=_references,
    desired=_desired,
    check=_check,
    to_manifest={"vector_store": _to_manifest},
    folder="stores",
    attaches=True,
    frozen="content",
    shared_live=lambda store: store.spec.releases == "live",
)
