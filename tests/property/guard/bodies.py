"""The ids and the fields of the objects of an estate, as manifests set them and as OpenAI and the outlets have them."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from reconciler.resources.address import Address
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON, digest, reference
from tests.property.guard.manifests import SAVED, Object, sha, upload, upload_id

PREFIXES: Final = {"agent": "agent", "assistant": "asst", "vector_store": "vs"}
TYPES: Final = {"agents": "agent", "assistants": "assistant", "responses": "request"}
"""Types of assistants by target."""
Id = Callable[[str], str]
"""Returns the live id of an address."""


def type_of(address: str, thing: Object) -> str:
    """Return the resource type of an object."""
    kind = address.partition("/")[0]
    return TYPES[thing.target] if kind == "assistant" else {"vectorstore": "vector_store"}.get(kind, kind)


def path_of(address: str) -> str:
    return address.partition("/")[2].partition("@")[0]


def id_of(address: str, thing: Object) -> str:
    """Return the live id: the address of a document, and one id for all paths that share an upload."""
    type_ = type_of(address, thing)
    if type_ == "file":
        return upload_id(upload(address, thing.text))
    name = re.sub(r"\W", "_", address.partition("/")[2].replace("@", "_at_"))
    return f"{PREFIXES[type_]}_{name}" if type_ in PREFIXES else address


def fields_of(form: ResourceType, address: str, thing: Object, id_of_address: Id) -> dict[str, JSON]:
    """Return the fields that the manifest of an object sets; of a frozen copy, all fields."""
    written = _written(form.type, address, thing, id_of_address)
    canonical = {field: form.canonical(field, value) for field, value in written.items()}
    whole = Address.parse(address).is_frozen and form.type != "file"
    return dict(form.complete(form, canonical)) if whole else canonical


def _written(type_: str, address: str, thing: Object, id_of_address: Id) -> dict[str, JSON]:
    by_id = [(how, id_of_address(target)) for how, target in thing.literal]
    by_how: list[tuple[str, JSON]] = [*((how, reference(target)) for how, target in thing.refs), *by_id]
    if type_ in {"chatbot", "release"}:
        starts = [target for how, target in by_how if how == "starts"]
        single = {how: target for how, target in by_how if how != "starts"}
        sealed = {"digest": digest(address)} if type_ == "release" else {}
        return {**single, **sealed, **({"starts": starts} if starts else {})}
    if type_ == "pipeline":
        return {"nodes": dict(_nodes(by_how)), "edges": []}
    if thing.target:
        stores = [target for _, target in by_how]
        held = _resources(stores, thing) if type_ == "assistant" else _tools(stores, thing)
        named = {"name": address.partition("/")[2]} if thing.target in SAVED else {}
        return {"model": thing.model, "instructions": thing.text, **named, **held}
    if type_ == "vector_store":
        return {"name": path_of(address), "files": dict(_entries(thing))}
    return {"sha256": sha(thing.text), "purpose": "assistants"}


def _nodes(by_how: list[tuple[str, JSON]]) -> Iterator[tuple[str, JSON]]:
    for index, (how, target) in enumerate(by_how):
        node = (
            {"type": "assistant", "assistant": target} if how == "node" else {"type": "llm", "vector_stores": [target]}
        )
        yield f"n{index}", node


def _tools(stores: list[JSON], thing: Object) -> dict[str, JSON]:
    """Return the tools of a request, which have the stores and files in them."""
    tools: list[JSON] = [{"type": "file_search", "vector_store_ids": stores}] if stores else []
    if files := _data(thing):
        tools.append({"type": "code_interpreter", "container": {"type": "auto", "file_ids": files}})
    return {"tools": tools} if tools else {}


def _resources(stores: list[JSON], thing: Object) -> dict[str, JSON]:
    """Return the tools of an assistant at a server, which has the stores and files beside them."""
    parts: dict[str, JSON] = {"file_search": {"vector_store_ids": stores}} if stores else {}
    if files := _data(thing):
        parts["code_interpreter"] = {"file_ids": files}
    return {"tools": [{"type": type_} for type_ in parts], "tool_resources": parts} if parts else {}


def _data(thing: Object) -> list[JSON]:
    return [*map(reference, thing.holds), *map(upload_id, thing.uploads)]


def _entries(store: Object) -> Iterator[tuple[str, JSON]]:
    for address, text in store.holds.items():
        yield address.removeprefix("file/"), {"file": reference(address), "sha256": sha(text)}
    for key in store.uploads:
        yield upload_id(key), {"file": upload_id(key)}
