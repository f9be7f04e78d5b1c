"""Single files of a vector store: attach, read, set attributes, detach.

The entry of a deleted file stays listed and can be detached, but not read. (Users report the entry; the answer to
reading it is a choice.)
"""

from collections.abc import Mapping

from openai.types.vector_stores.file_create_params import FileCreateParams
from openai.types.vector_stores.file_list_params import FileListParams
from openai.types.vector_stores.file_update_params import FileUpdateParams

from reconciler.emulator import ingestion
from reconciler.emulator.api import Body, Call, Endpoint, Lane
from reconciler.emulator.errors import not_found
from reconciler.emulator.ingestion import Attachment
from reconciler.emulator.limits import pairs
from reconciler.emulator.paging import Paging
from reconciler.emulator.resources import files
from reconciler.emulator.resources.vector_stores import existing, touch, writable
from reconciler.emulator.store import Document, Where


def create(call: Call) -> Document:
    store, given = writable(call), call.body
    wanted = Attachment(given["file_id"], given.get("attributes"), given.get("chunking_strategy"))
    ingestion.attach(call, call.id, [wanted])
    touch(call, store)
    return ingestion.render(_entry(call, given["file_id"]), call.now)


def retrieve(call: Call) -> Document:
    return ingestion.render(_readable(call), call.now)


def update(call: Call) -> Document:
    """Replace all attributes."""
    entry = _readable(call)
    entry["attributes"] = call.body["attributes"] or {}
    call.store.put(ingestion.KIND, entry, call.id)
    return ingestion.render(entry, call.now)


def delete(call: Call) -> Document:
    """Detach the file, which stays."""
    store = existing(call)
    entry = _entry(call, call.path["file_id"])
    call.store.delete(ingestion.KIND, entry["id"], call.id)
    touch(call, store)
    return {"id": entry["id"], "object": "vector_store.file.deleted", "deleted": True}


def list_files(call: Call) -> Document:
    existing(call)
    return list_entries(call, FileListParams, Where())


def content(call: Call) -> Document:
    """Return the searchable content: for every format, its bytes as text."""
    entry = _readable(call)
    text = call.store.content(entry["id"]).decode(errors="replace")
    return {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": text}],
        "has_more": False,
        "next_page": None,
    }


def list_entries(call: Call, params: object, where: Where) -> Document:
    """Return one page of the entries of the store in the path that match `where` and the `filter` of the query."""

    def filtered(filters: Mapping[str, str]) -> Where:
        return where & ingestion.in_status(filters["filter"], call.now) if "filter" in filters else where

    return call.list(
        ingestion.KIND,
        Paging(params=params),
        lambda entry: ingestion.render(entry, call.now),
        scope=call.id,
        where=filtered,
    )


def _entry(call: Call, file_id: str) -> Document:
    existing(call)
    entry = call.store.get(ingestion.KIND, file_id, call.id)
    if entry is None:
        raise not_found(f"No file found with id '{file_id}' in vector store '{call.id}'.")
    return entry


def _readable(call: Call) -> Document:
    entry = _entry(call, call.path["file_id"])
    files.existing(call, entry["id"])
    return entry


CREATE = Body(FileCreateParams, {"attributes": pairs, **ingestion.CHUNKING})
UPDATE = Body(FileUpdateParams, {"attributes": pairs}, in_path={"vector_store_id"})
WRITES = Lane("store", 300)
"""Files and batches together (API reference of vector store files)."""
FILES = "/v1/vector_stores/{id}/files"
FILE = FILES + "/{file_id}"
ENDPOINTS = [
    Endpoint(method="POST", path=FILES, handle=create, body=CREATE, lane=WRITES),
    Endpoint(method="GET", path=FILES, handle=list_files),
    Endpoint(method="GET", path=FILE, handle=retrieve),
    Endpoint(method="POST", path=FILE, handle=update, body=UPDATE, lane=WRITES),
    Endpoint(method="DELETE", path=FILE, handle=delete, lane=WRITES),
    Endpoint(method="GET", path=FILE + "/content", handle=content),
]
