"""The files of one vector store: their owners, their differences from the manifest, and the requests that apply
them.
"""

import math
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.live.adapters import WriteRequest, gather
from reconciler.live.client import Connection
from reconciler.live.indexing import HUNG, attach, indexed, refuse_failed
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, SCALARS, TEXT, TIME, check
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.labels import FILE_SHA256, PROJECT
from reconciler.resources.store_files import WRITES
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference, same

Entries: TypeAlias = dict[str, dict[str, JSON]]
"""Settings of each file, by id."""

ENTRY: Final = {
    "attributes": SCALARS,
    "status": TEXT,
    "created_at": TIME,
    "chunking_strategy": OBJECT,
    "last_error": OBJECT,
}
"""Shapes of the fields of a file in a store."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a store, by their status."""

    ours: Entries
    unmanaged: Entries
    failed: dict[str, JSON]
    """Managed files that could not be indexed, each with its error. They count as not attached."""
    pending: list[str]
    """Managed files that are still being indexed."""

    def with_more(self, other: "Contents") -> "Contents":
        """Return these files and others."""
        return Contents(
            {**self.ours, **other.ours},
            {**self.unmanaged, **other.unmanaged},
            {**self.failed, **other.failed},
            [*self.pending, *other.pending],
        )


def held(live: Live, without: Collection[str] = ()) -> Contents:
    """Return the files of a store that was read with them, but not those in `without`."""
    unmanaged: Entries = live.detail["unmanaged_files"]
    not_ours = {*unmanaged, *without}
    return Contents(
        {id_: entry for id_, entry in live.fields["files"].items() if id_ not in not_ours},
        {id_: entry for id_, entry in unmanaged.items() if id_ not in without},
        {id_: error for id_, error in live.detail["failed_files"].items() if id_ not in without},
        [id_ for id_ in live.detail["pending_files"] if id_ not in without],
    )


def contents(files: Iterable[Object], owner: str | None, known: Collection[str]) -> Contents:
    """Sort `files`. Ours are marked with the `owner` of the store (if there is none: with any), or `known` by id."""
    sorted_ = Contents({}, {}, {}, [])
    for file in files:
        check("file", file, ENTRY)
        mark = (file.get("attributes") or {}).get(PROJECT)
        marked = mark is not None and owner in (None, mark)
        if not marked and file["id"] not in known:
            sorted_.unmanaged[file["id"]] = _entry(file, marked=False)
        elif file.get("status") in ("failed", "cancelled"):
            sorted_.failed[file["id"]] = file.get("last_error") or {"code": file["status"], "message": ""}
        elif _hangs(file):
            sorted_.failed[file["id"]] = {"code": "in_progress", "message": f"for more than {HUNG:.0f} s"}
        else:
            sorted_.ours[file["id"]] = _entry(file, marked=marked)
            if file.get("status") == "in_progress":
                sorted_.pending.append(file["id"])
    return sorted_


def _hangs(file: Object) -> bool:
    return bool(file.get("status") == "in_progress" and file.get("created_at", math.inf) < time.time() - HUNG)


def _entry(file: Object, *, marked: bool) -> dict[str, JSON]:
    """Return the settings of a file. Without the ownership mark its content is unproven, so that the next apply sets
    the mark.
    """
    attributes = {key: value for key, value in (file.get("attributes") or {}).items() if key != PROJECT}
    sha256 = attributes.pop(FILE_SHA256, None)
    entry: dict[str, JSON] = {"attributes": attributes}
    if marked and isinstance(sha256, str):
        entry["sha256"] = sha256
    if file.get("chunking_strategy") is not None:
        entry["chunking_strategy"] = file["chunking_strategy"]
    return entry


@dataclass(frozen=True, slots=True)
class Work:
    """The requests that make the files of a store equal to the desired ones, in the order of the fields."""

    restart: list[str]
    """Files to detach and attach again: they failed, or have another chunking strategy."""
    attach: list[Object]
    describe: dict[str, dict[str, JSON]]
    """New attributes of files that stay, by id."""
    detach: list[str]
    paths: dict[str, str]
    """The desired files: path by id."""
    after: Entries
    """Our files when all that is done."""


def work_for(live: Live, request: WriteRequest) -> Work:
    """Return the work for `request.fields["files"]`, given the files of `live`."""
    wanted = _wanted(request)
    held: Entries = live.fields.get("files") or {}
    failed: Collection[str] = live.detail.get("failed_files") or {}
    restart = [id_ for id_ in wanted if id_ in failed or _is_cut_otherwise(held.get(id_, {}), wanted[id_][1])]
    stay = [id_ for id_ in wanted if id_ in held and id_ not in restart]
    after = {id_: _after(entry, held.get(id_, {})) for id_, (_, entry) in wanted.items()}
    removable = {*held, *failed} - _spared(live, request)
    return Work(
        restart=restart,
        attach=[_member(id_, after[id_], request) for id_ in wanted if id_ not in stay],
        describe={id_: _marked(after[id_], request) for id_ in stay if not _is_described(held[id_], after[id_])},
        detach=sorted(removable - wanted.keys()),
        paths={id_: path for id_, (path, _) in wanted.items()},
        after=after,
    )


async def synchronise(connection: Connection, live: Live, request: WriteRequest) -> Work:
    """Attach new files and wait until they are indexed; only then detach removed ones, so that search misses nothing.
    Files that are attached again are detached first, and search misses them until they are indexed.

    Raises `LiveError` if a file fails or takes too long; the next run resumes.
    """
    work, about = work_for(live, request), request.desired
    await gather(_detach(connection, live.id, id_) for id_ in work.restart)
    batches = await attach(connection, live.id, work.attach, about)
    pending = work.paths.keys() & (live.detail.get("pending_files") or ())
    if (batches or pending) and not await indexed(connection, live.id, batches, frozenset(pending), about):
        await refuse_failed(connection, live.id, work.paths, about)
    await gather(_describe(connection, live.id, id_, pairs, request) for id_, pairs in work.describe.items())
    await gather(_detach(connection, live.id, id_) for id_ in work.detach)
    return work


async def unmark(connection: Connection, store_id: str, identity: Identity) -> None:
    """Take our two attributes off every file of a store that has the mark of `identity`, indexed or not."""
    files = await walk(connection, "vector_stores", store_id, "files")
    for file in files:
        check("file", file, ENTRY)
    attributes = {file["id"]: file.get("attributes") or {} for file in files}
    await gather(
        connection.replace(
            *("vector_stores", store_id, "files", id_),
            body={"attributes": {key: value for key, value in pairs.items() if key not in (PROJECT, FILE_SHA256)}},
            lanes=(WRITES.of(store_id),),
        )
        for id_, pairs in attributes.items()
        if pairs.get(PROJECT) == str(identity)
    )


async def _detach(connection: Connection, store_id: str, id_: str) -> None:
    await connection.remove("vector_stores", store_id, "files", id_, lanes=(WRITES.of(store_id),))


async def _describe(
    connection: Connection, store_id: str, id_: str, attributes: dict[str, JSON], request: WriteRequest
) -> None:
    path = ("vector_stores", store_id, "files", id_)
    body = {"attributes": attributes}
    await connection.replace(*path, body=body, about=request.desired, lanes=(WRITES.of(store_id),))


def _wanted(request: WriteRequest) -> dict[str, tuple[str, Mapping[str, JSON]]]:
    """Return path and settings by id. If paths share an upload, which a store has once, the first one counts."""
    wanted: dict[str, tuple[str, Mapping[str, JSON]]] = {}
    for path, entry in sorted((request.fields.get("files") or {}).items()):
        if entry is not None:
            file = entry["file"]
            wanted.setdefault(request.id_of(file[ADDRESS_KEY]) if is_reference(file) else file, (path, entry))
    return wanted


def _spared(live: Live, request: WriteRequest) -> set[str]:
    """Return the files that were attached outside Reconciler and stay: those without the ownership mark. The set is
    empty if the manifest prunes, and excludes files that the manifest named before.
    """
    if request.desired.prunes:
        return set()
    named = {key for key, entry in (request.fields.get("files") or {}).items() if entry is None}
    unmarked = {id_ for id_, entry in (live.fields.get("files") or {}).items() if "sha256" not in entry}
    return unmarked - named


def _after(wanted: Mapping[str, JSON], held: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the settings of a file after the request. Other attributes are kept; an attribute with the value null is
    removed.
    """
    attributes = {**held.get("attributes", {}), **(wanted.get("attributes") or {})}
    settings = {name: wanted[name] for name in ("sha256", "chunking_strategy") if wanted.get(name) is not None}
    kept = {key: value for key, value in attributes.items() if value is not None}
    return {**held, **settings, "attributes": kept}


def _is_cut_otherwise(held: Mapping[str, JSON], wanted: Mapping[str, JSON]) -> bool:
    chunking = wanted.get("chunking_strategy")
    return None not in (chunking, held.get("chunking_strategy")) and not same(chunking, held["chunking_strategy"])


def _is_described(held: Mapping[str, JSON], after: Mapping[str, JSON]) -> bool:
    return all(same(held.get(name), after.get(name)) for name in ("sha256", "attributes"))


def _marked(entry: Mapping[str, JSON], request: WriteRequest) -> dict[str, JSON]:
    content = {FILE_SHA256: entry["sha256"]} if "sha256" in entry else {}
    return {**entry["attributes"], PROJECT: request.labels.identity, **content}


def _member(id_: str, entry: Mapping[str, JSON], request: WriteRequest) -> Object:
    chunking = {"chunking_strategy": entry["chunking_strategy"]} if "chunking_strategy" in entry else {}
    return {"file_id": id_, "attributes": _marked(entry, request), **chunking}
