"""Vector stores: a name, metadata, an expiry and attached files.

Limits: API reference of vector stores (500 files at creation, expiry of 1 to 365 days). Choices where the API is not
documented: an unnamed store has the name "", and an expired one stays readable but accepts no files.
"""

from openai.types.vector_store_create_params import VectorStoreCreateParams
from openai.types.vector_store_list_params import VectorStoreListParams
from openai.types.vector_store_update_params import VectorStoreUpdateParams

from reconciler.emulator import ingestion
from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.ingestion import Attachment
from reconciler.emulator.limits import between, items, pairs
from reconciler.emulator.paging import Paging
from reconciler.emulator.store import Document

KIND = "vector_store"
BATCHES = "vector_store.files_batch"
DAY = 24 * 3600


def create(call: Call) -> Document:
    return _render(call, created(call, call.body))


def created(call: Call, given: Document) -> Document:
    """Create a store with the parameters `given`, and attach its files. Raises ApiError for an unknown file."""
    store = {
        "id": new_id("vs_"),
        "created_at": int(call.now),
        "last_active_at": int(call.now),
        # A description is accepted, but the API does not return it.
        "name": given.get("name", ""),
        "metadata": given.get("metadata") or {},
        "expires_after": given.get("expires_after"),
    }
    call.store.put(KIND, store)
    strategy = given.get("chunking_strategy")
    wanted = [Attachment(id_, chunking_strategy=strategy) for id_ in given.get("file_ids", [])]
    ingestion.attach(call, store["id"], wanted)
    return store


def retrieve(call: Call) -> Document:
    return _render(call, existing(call))


def update(call: Call) -> Document:
    """Replace fields, including all of `metadata`; null removes the expiry."""
    store = existing(call)
    emptied = {"name": "", "metadata": {}}
    store |= {name: emptied.get(name) if value is None else value for name, value in call.body.items()}
    touch(call, store)
    return _render(call, store)


def delete(call: Call) -> Document:
    """Delete the store and its entries. The files stay."""
    existing(call)
    call.store.delete(KIND, call.id)
    for kind in (ingestion.KIND, BATCHES):
        call.store.delete_scope(kind, call.id)
    return deleted(call, "vector_store.deleted")


def list_stores(call: Call) -> Document:
    return call.list(KIND, Paging(params=VectorStoreListParams), lambda store: _render(call, store))


def existing(call: Call) -> Document:
    store = call.store.get(KIND, call.id)
    if store is None:
        raise not_found(f"Vector store with id '{call.id}' not found.")
    return store


def writable(call: Call) -> Document:
    """Return the store in the path if its files may change; raises ApiError."""
    store = existing(call)
    if _is_expired(store, call.now):
        raise invalid(f"Vector store '{call.id}' is expired.")
    return store


def touch(call: Call, store: Document) -> None:
    """Save the store with the current time as its last activity, from which the expiry counts."""
    call.store.put(KIND, {**store, "last_active_at": int(call.now)})
    store["last_active_at"] = int(call.now)


def _expiry(store: Document) -> int | None:
    after = store["expires_after"]
    return None if after is None else int(store["last_active_at"] + after["days"] * DAY)


def _is_expired(store: Document, now: float) -> bool:
    expiry = _expiry(store)
    return expiry is not None and expiry <= now


def _status(store: Document, in_progress: int, now: float) -> str:
    if _is_expired(store, now):
        return "expired"
    return "in_progress" if in_progress else "completed"


def _render(call: Call, store: Document) -> Document:
    file_counts, usage = ingestion.counts(call, store["id"])
    return {
        "id": store["id"],
        "object": "vector_store",
        "created_at": store["created_at"],
        "name": store["name"],
        "metadata": store["metadata"],
        "usage_bytes": usage,
        "file_counts": file_counts,
        "status": _status(store, file_counts["in_progress"], call.now),
        "expires_after": store["expires_after"],
        "expires_at": _expiry(store),
        "last_active_at": store["last_active_at"],
    }


LIMITS = {"metadata": pairs, "expires_after.days": between(1, 365)}
CREATE = Body(VectorStoreCreateParams, {**LIMITS, "file_ids": items(500), **ingestion.CHUNKING})
UPDATE = Body(VectorStoreUpdateParams, LIMITS)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/vector_stores", handle=create, body=CREATE),
    Endpoint(method="GET", path="/v1/vector_stores", handle=list_stores),
    Endpoint(method="GET", path="/v1/vector_stores/{id}", handle=retrieve),
    Endpoint(method="POST", path="/v1/vector_stores/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path="/v1/vector_stores/{id}", handle=delete),
]
