"""Faults of openai-responses 0.13.1 that are corrected before it is served, each because no server may have it.

Its missing checks, counts and defaults are left as they are: a server may be so, and Reconciler must work with it. A
test runs the story of the server without each of the patches, and expects it to fail.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from openai_responses._routes.beta import assistants, vector_stores

STORE: Final = r"/vector_stores/(?P<vector_store_id>[a-zA-Z0-9_]+)"
ENTRY: Final = STORE + r"/files/(?P<file_id>[a-zA-Z0-9-]+)$"


@dataclass(frozen=True)
class Patch:
    """The correction of one fault."""

    why: str
    """The fault, and what the protocol says instead."""
    apply: Callable[[Any], None]
    """Corrects it in a mock, before its first request."""


def _nulls(mock: Any) -> None:
    for module in (assistants, vector_stores):
        module.json_loads = json.loads


def _file_sizes(mock: Any) -> None:
    route, state = mock.files.create, mock.state.files
    created = route._handler

    def create(request: httpx.Request, route: Any) -> httpx.Response:
        answer: httpx.Response = created(request, route)
        file = state.get(answer.json()["id"])
        file.bytes = len(state.content.get(file.id))
        return httpx.Response(answer.status_code, json=file.model_dump())

    route.response = create


def _kept_update(mock: Any) -> None:
    route, stores = mock.vector_stores.update, mock.state.vector_stores
    updated = route._handler

    def update(request: httpx.Request, route: Any, vector_store_id: str) -> httpx.Response:
        answer: httpx.Response = updated(request, route, vector_store_id=vector_store_id)
        if answer.is_success:
            stores.put(type(stores.get(vector_store_id)).model_validate(answer.json()))
        return answer

    route.response = update


def _entries_by_store(mock: Any) -> None:
    entries = mock.state.vector_stores.files
    listed = entries.list

    def put(entry: Any) -> None:
        entries._data[_key(entry.vector_store_id, entry.id)] = entry

    def page(
        store: str, limit: Any = None, order: Any = None, after: Any = None, before: Any = None, *rest: Any
    ) -> Any:
        cursors = (_key(store, cursor) if cursor else None for cursor in (after, before))
        return listed(store, limit, order, *cursors, *rest)

    def by_store(route: Any) -> None:
        original = route._handler

        def answer(request: httpx.Request, route: Any, vector_store_id: str, file_id: str) -> httpx.Response:
            answered: httpx.Response = original(
                request, route, vector_store_id=vector_store_id, file_id=_key(vector_store_id, file_id)
            )
            if not answered.is_success:
                return answered
            return httpx.Response(answered.status_code, json={**answered.json(), "id": file_id})

        route.response = answer

    entries.put, entries.list = put, page
    by_store(mock.vector_stores.files.retrieve)
    by_store(mock.vector_stores.files.delete)


def _key(store: str, file: str) -> str:
    return f"{store}/{file}"


def _described_files(mock: Any) -> None:
    route, entries = mock.vector_stores.file_batches.create, mock.state.vector_stores.files
    created = route._handler

    def create(request: httpx.Request, route: Any, vector_store_id: str) -> httpx.Response:
        files = json.loads(request.content)["files"]
        plain = httpx.Request("POST", request.url, json={"file_ids": [file["file_id"] for file in files]})
        answer: httpx.Response = created(plain, route, vector_store_id=vector_store_id)
        if answer.is_success:
            for file in files:
                _describe(entries, vector_store_id, **file)
        return answer

    route.response = create


def _describe(entries: Any, store: str, file_id: str, **settings: Any) -> Any:
    """Change the settings of a file in a store, and return the file."""
    found = next(entry for entry in entries._data.values() if (entry.vector_store_id, entry.id) == (store, file_id))
    described = type(found).model_validate({**found.model_dump(), **settings})
    entries.put(described)
    return described


def _entry_update(mock: Any) -> None:
    entries = mock.state.vector_stores.files

    def update(request: httpx.Request, route: Any, vector_store_id: str, file_id: str) -> httpx.Response:
        described = _describe(entries, vector_store_id, file_id, **json.loads(request.content))
        return httpx.Response(200, json=described.model_dump())

    mock.router.post(url__regex=ENTRY).side_effect = update
    mock.router.routes._routes.sort(key=lambda route: len(repr(route._pattern)), reverse=True)


def _error_objects(mock: Any) -> None:
    for route in mock.router.routes:
        route.side_effect = _explained(route._side_effect)


def _explained(handler: Callable[..., httpx.Response]) -> Callable[..., httpx.Response]:
    def answer(request: httpx.Request, route: Any, **parts: str) -> httpx.Response:
        answered = handler(request, route=route, **parts)
        if answered.status_code != 404 or answered.content:
            return answered
        message = f"No object was found with {parts}."
        return httpx.Response(404, json={"error": {"message": message, "type": "invalid_request_error", "code": None}})

    return answer


PATCHES: Final[Mapping[str, Patch]] = {
    "nulls": Patch("an update ignores a field that is null, which clears the field in the protocol", _nulls),
    "file-sizes": Patch(
        "the size of a file is that of an object of Python with its bytes, which is 33 more", _file_sizes
    ),
    "kept-update": Patch("the update of a vector store is answered and not kept", _kept_update),
    "entries-by-store": Patch(
        "the files of all vector stores are kept by id of the file: a second store takes a file from the first",
        _entries_by_store,
    ),
    "described-files": Patch(
        "a batch of files takes `file_ids` only: `files`, with the attributes and chunking of each, is an error",
        _described_files,
    ),
    "entry-update": Patch(
        "the update of a file in a vector store is taken for an attachment of a file without an id", _entry_update
    ),
    # It wraps the handlers of all routes, and so comes last.
    "error-objects": Patch(
        "a 404 has no body, as if from a gateway, instead of an error object: nothing shows that the object is gone",
        _error_objects,
    ),
}
