"""Containers of tests: files that never change, with a name and a description that do."""

import hashlib
from typing import Annotated, Required

from openai._types import FileTypes
from openai.types.container_list_params import ContainerListParams
from typing_extensions import TypedDict

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.bodies import form
from reconciler.emulator.errors import not_found
from reconciler.emulator.paging import Paging
from reconciler.emulator.store import Document

KIND = "container_folder"
TEXTS = "container_folder.texts"


class Created(TypedDict, total=False):
    name: Required[str]
    description: str
    files: Required[dict[str, FileTypes]]


class Updated(TypedDict, total=False):
    name: str
    description: Annotated[str | None, "null removes it"]


def create(call: Call) -> Document:
    files = call.body["files"]
    container = {
        "id": new_id("cntr_"),
        "object": KIND,
        "created_at": int(call.now),
        "name": call.body["name"],
        "description": call.body.get("description"),
        "content": {path: hashlib.sha256(file.content).hexdigest() for path, file in files.items()},
    }
    call.store.put(KIND, container)
    texts = {path: file.content.decode() for path, file in files.items()}
    call.store.put(TEXTS, {"id": container["id"], "texts": texts})
    return container


def retrieve(call: Call) -> Document:
    return _existing(call, KIND)


def content(call: Call) -> Document:
    return _existing(call, TEXTS)


def update(call: Call) -> Document:
    container = {**_existing(call, KIND), **call.body}
    call.store.put(KIND, container)
    return container


def delete(call: Call) -> Document:
    _existing(call, KIND)
    call.store.delete(KIND, call.id)
    return deleted(call, "container.deleted")


def list_containers(call: Call) -> Document:
    return call.list(KIND, Paging(params=ContainerListParams), dict)


def _existing(call: Call, kind: str) -> Document:
    found = call.store.get(kind, call.id)
    if found is None:
        raise not_found(f"No such Container object: {call.id}", "id")
    return found


ENDPOINTS = [
    Endpoint(method="POST", path="/v1/container_folders", handle=create, body=Body(Created, read=form)),
    Endpoint(method="GET", path="/v1/container_folders", handle=list_containers),
    Endpoint(method="GET", path="/v1/container_folders/{id}", handle=retrieve),
    Endpoint(method="GET", path="/v1/container_folders/{id}/content", handle=content),
    Endpoint(method="POST", path="/v1/container_folders/{id}", handle=update, body=Body(Updated)),
    Endpoint(method="DELETE", path="/v1/container_folders/{id}", handle=delete),
]
