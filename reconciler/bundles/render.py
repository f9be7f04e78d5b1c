"""Content of bundles: from what should be live to blobs, and from blobs back to canonical fields. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from reconciler.bundles.documents import BLOB_FORMAT, DRAFT, resolved
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.base import Desired
from reconciler.resources.labels import ADDRESS
from reconciler.resources.metadata import RESERVED
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, Fields, reference, references_in

CHATBOT: Final = "chatbot"
RELEASED: Final = "reconciler-release"
EXPORT_FORMAT: Final = "reconciler/export/v1"

T = TypeVar("T")


def pointer_address(address: Address) -> Address:
    """Where the object at `address` is published: a working chatbot as a draft (`chatbot/support@working`), a release
    as its chatbot's (`chatbot/support@3`), all else under its own name.
    """
    if address.kind == CHATBOT:
        return Address(CHATBOT, f"{address.name}@{DRAFT}")
    return Address(CHATBOT, address.name) if address.kind == RELEASE else address


def object_address(pointer: Address) -> Address | None:
    """The object that is published at `pointer`: the inverse of `pointer_address`. None for a chatbot's own name, which
    is that of the release it has published.
    """
    if pointer.kind != CHATBOT:
        return pointer
    if pointer.name.endswith(f"@{DRAFT}"):
        return pointer.family
    return Address(RELEASE, pointer.name) if pointer != pointer.family else None


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
        if wanted.type in _CHATBOTS:
            parts.update(_CHATBOTS[wanted.type](wanted))
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
    if wanted.type not in _CHATBOTS:
        return None
    chatbot = _rendered(wanted)
    started = _named("pipeline", chatbot)
    used = (uses.get(pipeline, frozenset()) for pipeline in started)
    return _Holding(_named("assistant", chatbot).union(*used), started)


def _blob(address: Address, **parts: JSON) -> JSON:
    return {"format": BLOB_FORMAT, "address": str(pointer_address(address)), **parts}


def _rendered(wanted: Desired) -> dict[str, JSON]:
    return resource_types()[wanted.type].render(wanted.fields)


def _agent(wanted: Desired) -> JSON:
    return {"target": "agents", "agent": reference(wanted.address)}


def _request(wanted: Desired) -> JSON:
    """The address and the release go with every request, so that usage can be attributed to them."""
    request = _rendered(wanted)
    release = wanted.address.release
    of_release = {} if release is None else {RELEASED: release.name}
    metadata = {**(request.get("metadata") or {}), ADDRESS: str(wanted.address), **of_release}
    return {"target": "responses", "request": {**request, "metadata": metadata}}


_ASSISTANTS: Final = {"agent": _agent, "request": _request}


def _working(wanted: Desired) -> dict[str, JSON]:
    return {"chatbot": _rendered(wanted)}


def _released(wanted: Desired) -> dict[str, JSON]:
    """A release tells which one it is, and what its content was."""
    chatbot = _rendered(wanted)
    release = {"number": release_number(wanted.address), "digest": chatbot.pop("digest")}
    return {"release": release, "chatbot": chatbot}


_CHATBOTS: Final = {"chatbot": _working, "release": _released}


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
    resource_type = resource_types()[type_]
    found = {field: resource_type.canonical(field, value) for field, value in _own(type_, content).items()}
    return {**resource_type.defaults, **found}


def _own(type_: str, content: JSON) -> Mapping[str, JSON]:
    if type_ in _CHATBOTS:
        digest = {"digest": content["release"]["digest"]} if type_ == "release" else {}
        return {**content["chatbot"], **digest}
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
