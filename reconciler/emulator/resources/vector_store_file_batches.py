"""Batches of files for a vector store: up to 2,000 in one request (docstring of `file_batch_create_params`).

A batch is `completed` when none of its files is in progress, even if files failed.
"""

from typing import Any

from openai.types.vector_stores.file_batch_create_params import FileBatchCreateParams
from openai.types.vector_stores.file_batch_list_files_params import FileBatchListFilesParams

from reconciler.emulator import ingestion
from reconciler.emulator.api import Body, Call, Endpoint, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.ingestion import Attachment
from reconciler.emulator.limits import enforce, items, pairs
from reconciler.emulator.resources.vector_store_files import WRITES, list_entries
from reconciler.emulator.resources.vector_stores import BATCHES as KIND, existing, touch, writable
from reconciler.emulator.schema import missing
from reconciler.emulator.store import Document


def create(call: Call) -> Document:
    """Attach all files or none: a missing file rejects the batch."""
    store = writable(call)
    batch: Document = {"id": new_id("vsfb_"), "created_at": int(call.now), "cancelled": False}
    attachments = _attachments(call.body)
    ingestion.attach(call, call.id, [] if call.settings.ingest_none else attachments, batch["id"])
    call.store.put(KIND, batch, call.id)
    touch(call, store)
    return _render(call, batch)


def retrieve(call: Call) -> Document:
    return _render(call, _existing(call))


def cancel(call: Call) -> Document:
    """Cancel the files in progress; a finished batch does not change."""
    batch = _existing(call)
    if _render(call, batch)["status"] == "in_progress":
        ingestion.cancel(call, call.id, batch["id"])
        batch["cancelled"] = True
        call.store.put(KIND, batch, call.id)
    return _render(call, batch)


def list_files(call: Call) -> Document:
    return list_entries(call, FileBatchListFilesParams, ingestion.in_batch(_existing(call)["id"]))


def _existing(call: Call) -> Document:
    existing(call)
    id_ = call.path["batch_id"]
    batch = call.store.get(KIND, id_, call.id)
    if batch is None:
        raise not_found(f"No file batch found with id '{id_}' in vector store '{call.id}'.")
    return batch


def _attachments(given: Document) -> list[Attachment]:
    """Return the attachments. `file_ids` share the attributes and chunking of the batch; `files` have their own."""
    if ("files" in given) == ("file_ids" in given):
        raise missing("file_ids") if "files" not in given else invalid("'file_ids' excludes 'files'.", "files")
    shared = {name: given.get(name) for name in ("attributes", "chunking_strategy")}
    wanted = given.get("files") or [{"file_id": id_, **shared} for id_ in given["file_ids"]]
    return [Attachment(file["file_id"], file.get("attributes"), file.get("chunking_strategy")) for file in wanted]


def _render(call: Call, batch: Document) -> Document:
    file_counts, _ = ingestion.counts(call, call.id, ingestion.in_batch(batch["id"]))
    done = "cancelled" if batch["cancelled"] else "completed"
    return {
        "id": batch["id"],
        "object": KIND,
        "created_at": batch["created_at"],
        "vector_store_id": call.id,
        "status": "in_progress" if file_counts["in_progress"] else done,
        "file_counts": file_counts,
    }


def _files(files: list[Any], path: str) -> None:
    items(2000, minimum=1)(files, path)
    for index, file in enumerate(files):
        enforce(FILE, file, f"{path}[{index}]")


FILE = {"attributes": pairs, **ingestion.CHUNKING}
CREATE = Body(FileBatchCreateParams, {**FILE, "file_ids": items(2000, minimum=1), "files": _files})
BATCHES = "/v1/vector_stores/{id}/file_batches"
BATCH = BATCHES + "/{batch_id}"
ENDPOINTS = [
    Endpoint(method="POST", path=BATCHES, handle=create, body=CREATE, lane=WRITES),
    Endpoint(method="GET", path=BATCH, handle=retrieve),
    Endpoint(method="POST", path=BATCH + "/cancel", handle=cancel, lane=WRITES),
    Endpoint(method="GET", path=BATCH + "/files", handle=list_files),
]
