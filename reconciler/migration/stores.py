"""Vector stores of a server as manifests, with local files in place of ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.live.requests import Object
from reconciler.live.source_objects import SourceStore
from reconciler.manifests.drafts import unique_name
from reconciler.migration.fields import pairs
from reconciler.migration.model import (
    FILES,
    Case,
    Entry,
    Part,
    ServerFile,
    changed,
    left_out,
    lost,
    mapped,
    mapping_of,
    text_of,
)
from reconciler.resources.kinds.vector_store import AUTO
from reconciler.resources.labels import FILE_SHA256, PROJECT
from reconciler.resources.values import JSON

PUT_THERE: Final = "put a copy of the file at this path, and add the path to `files` of the VectorStore"
_BOOKKEEPING: Final = frozenset(
    {"id", "object", "created_at", "last_active_at", "expires_at", "status", "file_counts", "bytes", "usage_bytes"}
)
_MAPPED: Final = frozenset({"name", "description", "metadata", "expires_after"})
_SETTINGS: Final = ("attributes", "chunking_strategy")


def store_parts(case: Case, store: SourceStore) -> Iterator[Part]:
    """Map every field of a vector store, and its files."""
    body = store.body
    yield from _name(case, text_of(body.get("name")))
    if body.get("description"):
        yield mapped("description", ("description",), body["description"])
    yield from pairs(body.get("metadata"))
    if body.get("expires_after"):
        yield mapped("expires_after", ("expires_after",), body["expires_after"])
    if body.get("status") == "expired":
        yield Part(Entry("status", "changed", "", "it has expired on the server; the manifest creates it again"))
    for field in body:
        if field not in _BOOKKEEPING | _MAPPED and body[field] not in (None, [], {}):
            yield lost(field, "vector stores do not have this field")
    yield from _contents(case, store.entries)


def _name(case: Case, name: str) -> Iterator[Part]:
    if name and name != case.name:
        yield mapped("name", ("name",), name)
    elif name:
        yield Part(Entry("name", "mapped", "metadata.name"))
    else:
        yield Part(Entry("name", "changed", "metadata.name", f"`{case.name}`: the vector store has no name"))


def _contents(case: Case, entries: Sequence[Object]) -> Iterator[Part]:
    """Map the files. Settings that all of them have in common become those of the store."""
    usable: dict[str, tuple[ServerFile, dict[str, JSON]]] = {}
    for entry in entries:
        file = case.files.get(entry["id"])
        if file is None:
            yield lost("files", f"not an id: {entry['id'][:80]}")
        elif file.local is None:
            yield _absent(file)
        elif entry.get("status") in ("failed", "cancelled"):
            said = text_of(mapping_of(entry.get("last_error")).get("message"))
            why = f"{file.id} {file.name}: the server could not index it" + (f": {said}" if said else "")
            yield lost("files", f"{why}; downloaded to {file.path}", "to try again, add the path to `files`")
        elif file.path in usable:
            yield _again(file, dict(_settings(entry)), *usable[file.path])
        else:
            usable[file.path] = (file, dict(_settings(entry)))
            if not _is_known(entry):
                note = f"{file.id} {file.name}: the server does not return how it was split"
                yield lost("files.chunking_strategy", note, "set `chunking_strategy` if the default does not fit")
    common = _in_common([settings for _, settings in usable.values()])
    for name, value in common.items():
        yield mapped(f"files.{name}", (name,), value)
    for file, settings in usable.values():
        yield from _file(file, {key: value for key, value in settings.items() if key not in common})


def _again(
    file: ServerFile, settings: Mapping[str, JSON], first: ServerFile, first_settings: Mapping[str, JSON]
) -> Part:
    """Return the part of a file with the name and the content of an earlier one: the new store has one for both."""
    note = f"{file.id} has the same name and content as {first.id}, which is now {first.path}"
    if settings == first_settings:
        return left_out("files", note)
    hint = "give one of both another name, if the store needs both"
    return lost("files", f"{note}, but not the same attributes and chunking, so it is left out", hint)


def _absent(file: ServerFile) -> Part:
    note = f"{file.id} {file.name} -> {file.path}: {file.why}"
    comment = f"Missing: {file.name} ({file.id}). Put a copy at {file.path}, and add this path to `files`."
    return Part(Entry("files", "lost", note=note, hint=PUT_THERE), comment=comment)


def _file(file: ServerFile, settings: Mapping[str, JSON]) -> Iterator[Part]:
    value = {"path": file.path, **settings} if settings else file.path
    note = f"{file.id} is now {file.path}"
    part = mapped("files", FILES, value, note)
    if file.why:
        part = changed("files", FILES, value, f"{note}, the file of the project: {file.why}")
    yield replace(part, remark="" if settings else file.id)
    for name in settings:
        yield left_out(f"files.{name}", file.path)


def _settings(entry: Object) -> Iterator[tuple[str, JSON]]:
    attributes = mapping_of(entry.get("attributes"))
    own = {key: value for key, value in attributes.items() if key not in (PROJECT, FILE_SHA256)}
    if own:
        yield "attributes", own
    chunking = mapping_of(entry.get("chunking_strategy"))
    if chunking.get("type") == "static" and chunking.get("static") != AUTO:
        yield "chunking_strategy", dict(chunking)


def _is_known(entry: Object) -> bool:
    chunking = entry.get("chunking_strategy")
    return chunking is None or chunking.get("type") in ("static", "auto")


def _in_common(settings: Sequence[Mapping[str, JSON]]) -> dict[str, JSON]:
    first = settings[0] if settings else {}
    return {key: value for key, value in first.items() if all(one.get(key) == value for one in settings)}


def store_name(name: str, taken: set[str]) -> str:
    """Return the name of the manifest, and add it to `taken`."""
    found = unique_name(name, taken, "vector-store")
    taken.add(found)
    return found
