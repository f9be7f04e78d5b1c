"""Content of bundles: from what should be live to blobs, and from blobs back to canonical fields. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from reconciler.bundles.documents import BLOB_FORMAT, DRAFT, resolved
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.labels import ADDRESS
from reconciler.resources.metadata import RESERVED
from reconciler.resources.registry import forms
from reconciler.resources.values import JSON, Fields, reference, references_in

EXPORT_FORMAT: Final = "reconciler/export/v1"

T = TypeVar("T")


def pointer_address(address: Address) -> Address:
    """Where the object at `address` is published: a working chatbot as a draft, all else under its own name."""
    if address.kind == "chatbot" and address == address.family:
        return Address(address.kind, f"{address.name}@{DRAFT}")
    return address


def object_address(pointer: Address) -> Address:
    """The object that is published at `pointer`: the inverse of `pointer_address`."""
    return pointer.family if pointer.name.endswith(f"@{DRAFT}") else pointer


def contents(objects: Mapping[Address, Desired]) -> dict[Address, JSON]:
    """The blob of every object that has one, by the object's address.

    An object that refers to an assistant or a pipeline which is not among `objects` has none: there is nothing whole to
    publish.
    """
    assistants = {str(address): _assistant(wanted) for address, wanted in objects.items() if wanted.type in _ASSISTANTS}
    pipelines = {str(address): _rendered(wanted) for address, wanted in objects.items() if wanted.type == "pipeline"}
    uses = {name: _named("assistant", pipeline) for name, pipeline in pipelines.items()}
    blobs: dict[Address, JSON] = {}
    for address, wanted in objects.items():
        holds = _held_by(wanted, uses)
        if holds is None or not (holds.assistants <= assistants.keys() and holds.pipelines <= pipelines.keys()):
            continue
        parts = {"assistants": _picked(assistants, holds.assistants)}
        if wanted.type not in _ASSISTANTS:
            parts["pipelines"] = _picked(pipelines, holds.pipelines)
        if wanted.type == "chatbot":
            parts["chatbot"] = _rendered(wanted)
        blobs[address] = _blob(address, **parts)
    return blobs


class _Holding(NamedTuple):
    """What goes into a bundle, by address."""

    assistants: frozenset[str]
    pipelines: frozenset[str] = frozenset()


def _held_by(wanted: Desired, uses: Mapping[str, frozenset[str]]) -> _Holding | None:
    """None for an object that has no bundle; `uses` has the assistants of each pipeline."""
    itself = frozenset({str(wanted.address)})
    if wanted.type in _ASSISTANTS:
        return _Holding(itself)
    if wanted.type == "pipeline":
        return _Holding(uses[str(wanted.address)], itself)
    if wanted.type != "chatbot":
        return None
    chatbot = _rendered(wanted)
    started = _named("pipeline", chatbot)
    used = (uses.get(pipeline, frozenset()) for pipeline in started)
    return _Holding(_named("assistant", chatbot).union(*used), started)


def _blob(address: Address, **parts: JSON) -> JSON:
    return {"format": BLOB_FORMAT, "address": str(pointer_address(address)), **parts}


def _rendered(wanted: Desired) -> dict[str, JSON]:
    return forms()[wanted.type].render(wanted.fields)


def _agent(wanted: Desired) -> JSON:
    return {"target": "agents", "agent": reference(wanted.address)}


def _request(wanted: Desired) -> JSON:
    """The address goes with every request, so that usage can be attributed to it."""
    request = _rendered(wanted)
    metadata = {**(request.get("metadata") or {}), ADDRESS: str(wanted.address)}
    return {"target": "responses", "request": {**request, "metadata": metadata}}


_ASSISTANTS: Final = {"agent": _agent, "request": _request}


def _assistant(wanted: Desired) -> JSON:
    return _ASSISTANTS[wanted.type](wanted)


def _named(kind: str, document: JSON) -> frozenset[str]:
    return frozenset(name for name in references_in(document) if name.startswith(f"{kind}/"))


def _picked(parts: Mapping[str, T], names: Iterable[str]) -> dict[str, T]:
    return {name: parts[name] for name in sorted(names)}


def own_fields(type_: str, content: JSON) -> Fields:
    """The canonical fields of the object that a blob was made for: how the live value of a document is read.

    A field that the document does not have is at its default.
    """
    form = forms()[type_]
    found = {field: form.canonical(field, value) for field, value in _own(type_, content).items()}
    return {**form.defaults, **found}


def _own(type_: str, content: JSON) -> Mapping[str, JSON]:
    if type_ == "chatbot":
        chatbot: Mapping[str, JSON] = content["chatbot"]
        return chatbot
    if type_ == "pipeline":
        pipeline: Mapping[str, JSON] = content["pipelines"][content["address"]]
        return pipeline
    request = content["assistants"][content["address"]]["request"]
    users = {key: value for key, value in request["metadata"].items() if not key.startswith(RESERVED)}
    return {**request, "metadata": users}


def exported(content: JSON, ids: Mapping[str, str]) -> JSON:
    """A bundle as one document for people and scripts: with live ids, and with references where there is no id yet."""
    return {
        **resolved(content, lambda address: ids.get(address, reference(address))),
        "format": EXPORT_FORMAT,
    }
