"""Labs of tests: objects that refer to a container, which may be deleted."""

from typing import Required

from openai.types.container_list_params import ContainerListParams
from typing_extensions import TypedDict

from reconciler.emulator.api import Body, Call, Endpoint, new_id
from reconciler.emulator.paging import Paging
from reconciler.emulator.store import Document

KIND = "lab"


class Created(TypedDict, total=False):
    name: Required[str]
    container_id: Required[str]


def create(call: Call) -> Document:
    lab = {"id": new_id("lab_"), "object": KIND, "created_at": int(call.now), **call.body}
    call.store.put(KIND, lab)
    return lab


def list_labs(call: Call) -> Document:
    return call.list(KIND, Paging(params=ContainerListParams), dict)


ENDPOINTS = [
    Endpoint(method="POST", path="/v1/labs", handle=create, body=Body(Created)),
    Endpoint(method="GET", path="/v1/labs", handle=list_labs),
]
