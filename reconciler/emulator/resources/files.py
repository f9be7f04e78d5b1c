"""Files: immutable uploads, until they are deleted or expire.

Limits: docstrings of `openai.types.file_create_params` and of `files.create` in the SDK.
"""

from typing import get_args

from openai.types.file_create_params import FileCreateParams
from openai.types.file_list_params import FileListParams
from openai.types.file_object import FileObject
from starlette.requests import Request
from starlette.responses import Response

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.bodies import form
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import between
from reconciler.emulator.paging import Paging
from reconciler.emulator.schema import Upload
from reconciler.emulator.store import Document, Where

KIND = "file"
DAY = 24 * 3600
# The purposes accepted in lists; `evals` is missing from the SDK's type of the response.
PURPOSES = (*get_args(FileObject.model_fields["purpose"].annotation), "evals")
PRIVATE = ("assistants", "user_data")


def create(call: Call) -> Document:
    upload: Upload = call.body["file"]
    file = {
        "id": new_id("file-"),
        "object": "file",
        "bytes": len(upload.content),
        "created_at": int(call.now),
        "expires_at": _expiry(call),
        "filename": upload.name,
        "purpose": call.body["purpose"],
        "status": "processed",
        "status_details": None,
    }
    call.store.put(KIND, file)
    call.store.put_content(file["id"], upload.content)
    return file


def retrieve(call: Call) -> Document:
    return existing(call, call.id)


def delete(call: Call) -> Document:
    """Delete the file. Its entries in vector stores stay, as users of the API report."""
    existing(call, call.id)
    call.store.delete(KIND, call.id)
    call.store.delete_content(call.id)
    return deleted(call, "file")


def content(call: Call) -> Response:
    file = existing(call, call.id)
    if file["purpose"] in PRIVATE:
        raise invalid(f"Not allowed to download files of purpose: {file['purpose']}")
    return Response(call.store.content(call.id), media_type="application/octet-stream")


def list_files(call: Call) -> Document:
    paging = Paging(params=FileListParams, default=10_000, maximum=10_000, anonymous=True)
    return call.list(KIND, paging, lambda file: file, where=lambda filters: _where(filters.get("purpose"), call.now))


def existing(call: Call, id_: str) -> Document:
    """Return the file with this id; raises ApiError 404 if it does not exist or has expired."""
    return found(call, [id_])[id_]


def found(call: Call, ids: list[str]) -> dict[str, Document]:
    """Return files by id; raises ApiError 404 for the first that does not exist or has expired."""
    files = call.store.get_all(KIND, ids)
    for id_ in ids:
        if id_ not in files or _is_expired(files[id_], call.now):
            raise not_found(f"No such File object: {id_}", "id")
    return files


def _expiry(call: Call) -> int | None:
    after = call.body.get("expires_after")
    if after is not None:
        return int(call.now) + int(after["seconds"])
    return int(call.now) + 30 * DAY if call.body["purpose"] == "batch" else None


def _is_expired(file: Document, now: float) -> bool:
    return file["expires_at"] is not None and file["expires_at"] <= now


def _where(purpose: str | None, now: float) -> Where:
    alive = "(json_extract(body, '$.expires_at') IS NULL OR json_extract(body, '$.expires_at') > ?)"
    if not purpose:
        return Where(alive, (now,))
    if purpose not in PURPOSES:
        raise invalid(f"Invalid value: '{purpose}'. Supported values are: {', '.join(PURPOSES)}.", "purpose")
    return Where(f"{alive} AND json_extract(body, '$.purpose') = ?", (now, purpose))


async def _read(request: Request) -> Document:
    body = await form(request)
    after = body.get("expires_after")
    if isinstance(after, dict) and str(after.get("seconds")).isdecimal():
        after["seconds"] = int(after["seconds"])
    return body


def _size(upload: Upload, path: str) -> None:
    if len(upload.content) > 512 * 1024 * 1024:
        raise invalid("The file is larger than 512 MB.", path)


CREATE = Body(FileCreateParams, {"file": _size, "expires_after.seconds": between(3600, 30 * DAY)}, read=_read)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/files", handle=create, body=CREATE),
    Endpoint(method="GET", path="/v1/files", handle=list_files),
    Endpoint(method="GET", path="/v1/files/{id}", handle=retrieve),
    Endpoint(method="DELETE", path="/v1/files/{id}", handle=delete),
    Endpoint(method="GET", path="/v1/files/{id}/content", handle=content),
]
