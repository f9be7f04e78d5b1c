"""Containers of hosted tools, and their files. A container expires some minutes after its last use.

Defaults: field docs of `openai.types.container_create_params`; 20 minutes and no network access as in the guides of
the tools `code_interpreter` and `shell`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from openai.types.container_create_params import ContainerCreateParams
from openai.types.container_list_params import ContainerListParams
from openai.types.containers.file_create_params import FileCreateParams
from openai.types.containers.file_list_params import FileListParams
from starlette.responses import Response

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.bodies import form_or_json
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import items
from reconciler.emulator.paging import Paging
from reconciler.emulator.resources import files, skills
from reconciler.emulator.schema import Check, Upload, missing
from reconciler.emulator.store import Document, Where, Window

KIND = "container"
FILE = "container.file"
MINUTES = 20
FOLDER = "/mnt/data/"


def create(call: Call) -> Document:
    given = call.body
    skills.check_references(call, given.get("skills"))
    copied = files.found(call, [*given.get("file_ids", ())])
    policy = given.get("network_policy") or {"type": "disabled"}
    container = {
        "id": new_id("cntr_"),
        "object": KIND,
        "created_at": int(call.now),
        "name": given["name"],
        "status": "running",
        "expires_after": given.get("expires_after") or {"anchor": "last_active_at", "minutes": MINUTES},
        "last_active_at": int(call.now),
        "memory_limit": given.get("memory_limit") or "1g",
        "network_policy": {name: policy[name] for name in ("type", "allowed_domains") if name in policy},
    }
    call.store.put(KIND, container)
    for file in copied.values():
        _added(call, container["id"], file["filename"], call.store.content(file["id"]))
    return container


def retrieve(call: Call) -> Document:
    return _shown(_existing(call, call.id), call.now)


def delete(call: Call) -> Document:
    """Delete the container and its files."""
    _existing(call, call.id)
    for file in call.store.page(FILE, Window(limit=100_000), call.id).data:
        call.store.delete_content(file["id"])
    call.store.delete_scope(FILE, call.id)
    call.store.delete(KIND, call.id)
    return deleted(call, "container.deleted")


def list_containers(call: Call) -> Document:
    def named(filters: Mapping[str, str]) -> Where:
        return Where("json_extract(body, '$.name') = ?", (filters["name"],)) if "name" in filters else Where()

    return call.list(KIND, Paging(params=ContainerListParams), lambda one: _shown(one, call.now), where=named)


def create_file(call: Call) -> Document:
    """Add an upload, or a copy of a file."""
    active(call, call.id)
    upload: Upload | None = call.body.get("file")
    if upload is not None:
        return _added(call, call.id, upload.name, upload.content)
    if "file_id" not in call.body:
        raise missing("file")
    file = files.existing(call, call.body["file_id"])
    return _added(call, call.id, file["filename"], call.store.content(file["id"]))


def retrieve_file(call: Call) -> Document:
    _existing(call, call.id)
    file = call.store.get(FILE, call.path["file_id"], call.id)
    if file is None:
        raise not_found(f"Container file with id '{call.path['file_id']}' not found.")
    return file


def file_content(call: Call) -> Response:
    return Response(call.store.content(retrieve_file(call)["id"]), media_type="application/octet-stream")


def delete_file(call: Call) -> Document:
    file = retrieve_file(call)
    call.store.delete(FILE, file["id"], call.id)
    call.store.delete_content(file["id"])
    return {"id": file["id"], "object": "container.file.deleted", "deleted": True}


def list_files(call: Call) -> Document:
    _existing(call, call.id)
    return call.list(FILE, Paging(params=FileListParams), dict, scope=call.id)


def active(call: Call, id_: str) -> None:
    """Record a use of a container; raises ApiError for one that does not exist or has expired."""
    container = _existing(call, id_)
    if _shown(container, call.now)["status"] == "expired":
        raise invalid(f"Container '{id_}' is expired.", code="container_expired")
    call.store.put(KIND, {**container, "last_active_at": int(call.now)})


def check_references(call: Call, tools: Iterable[Mapping[str, Any]]) -> None:
    """Raise ApiError for a container, a file or a skill of hosted tools that does not exist."""
    for tool in tools:
        place = tool.get("container") if tool["type"] == "code_interpreter" else tool.get("environment")
        if isinstance(place, dict):
            files.found(call, [*place.get("file_ids", ())])
            if place["type"] == "container_auto":
                skills.check_references(call, place.get("skills"))
            place = place.get("container_id")
        if isinstance(place, str) and tool["type"] in ("code_interpreter", "shell"):
            active(call, place)


def _existing(call: Call, id_: str) -> Document:
    container = call.store.get(KIND, id_)
    if container is None:
        raise not_found(f"Container with id '{id_}' not found.")
    return container


def _shown(container: Document, now: float) -> Document:
    ends = container["last_active_at"] + 60 * container["expires_after"]["minutes"]
    return {**container, "status": "running" if now < ends else "expired"}


def _added(call: Call, container: str, name: str, content: bytes) -> Document:
    file: Document = {
        "id": new_id("cfile_"),
        "object": FILE,
        "bytes": len(content),
        "container_id": container,
        "created_at": int(call.now),
        "path": FOLDER + name.rpartition("/")[2],
        "source": "user",
    }
    call.store.put(FILE, file, container)
    call.store.put_content(file["id"], content)
    return file


LIMITS: Mapping[str, Check] = {"file_ids": items(50), "skills": items(200)}
CONTAINERS, CONTAINER = "/v1/containers", "/v1/containers/{id}"
CONTAINER_FILES = CONTAINER + "/files"
CONTAINER_FILE = CONTAINER_FILES + "/{file_id}"
ENDPOINTS = [
    Endpoint(method="POST", path=CONTAINERS, handle=create, body=Body(ContainerCreateParams, LIMITS)),
    Endpoint(method="GET", path=CONTAINERS, handle=list_containers),
    Endpoint(method="GET", path=CONTAINER, handle=retrieve),
    Endpoint(method="DELETE", path=CONTAINER, handle=delete),
    Endpoint(method="POST", path=CONTAINER_FILES, handle=create_file, body=Body(FileCreateParams, read=form_or_json)),
    Endpoint(method="GET", path=CONTAINER_FILES, handle=list_files),
    Endpoint(method="GET", path=CONTAINER_FILE, handle=retrieve_file),
    Endpoint(method="DELETE", path=CONTAINER_FILE, handle=delete_file),
    Endpoint(method="GET", path=CONTAINER_FILE + "/content", handle=file_content),
]
