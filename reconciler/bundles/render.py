"""Rendering of desired objects to bundle contents, and of contents back to canonical fields. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeVar

from reconciler.bundles.documents import BLOB_FORMAT, DRAFT, with_ids
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
    """Return the address under which an object is published.

    A working chatbot is published as `chatbot/support@working`, a release as `chatbot/support@3`, and other objects
    under their own address.
    """
    if address.kind == CHATBOT:
        return Address(CHATBOT, f"{address.name}@{DRAFT}")
    return Address(CHATBOT, address.name) if address.kind == RELEASE else address


def object_address(pointer: Address) -> Address | None:
    """Return the object published at `pointer`: the inverse of `pointer_address`.

    None for the plain address of a chatbot, which refers to its published release.
    """
    if pointer.kind != CHATBOT:
        return pointer
    if pointer.name.endswith(f"@{DRAFT}"):
        return pointer.family
    return Address(RELEASE, pointer.name) if pointer != pointer.family else None


def contents(objects: Mapping[Address, Desired]) -> dict[Address, JSON]:
    """Return the bundle content of every object that has one, by address; see `each_content`."""
    return dict(each_content(objects))


def each_content(objects: Mapping[Address, Desired]) -> Iterator[tuple[Address, JSON]]:
    """Yield each object that has a bundle content, with the content.

    An object that refers to an assistant or pipeline outside `objects` has none: its bundle would be incomplete.
    """
    assistants = {
        str(address): _ASSISTANTS[wanted.type](wanted)
        for address, wanted in objects.items()
        if wanted.type in _ASSISTANTS
    }
    pipelines = {str(address): _rendered(wanted) for address, wanted in objects.items() if wanted.type == "pipeline"}
    uses = {name: _named("assistant", pipeline) for name, pipeline in pipelines.items()}
    for address, wanted in objects.items():
        holds = _held_by(wanted, uses)
        if holds is None or not (holds.assistants <= assistants.keys() and holds.pipelines <= pipelines.keys()):
            continue
        parts = {"assistants": _picked(assistants, holds.assistants)}
        if wanted.type not in _ASSISTANTS:
            parts["pipelines"] = _picked(pipelines, holds.pipelines)
        if wanted.type in _CHATBOTS:
            parts.update(_CHATBOTS[wanted.type](wanted))
        yield address, {"format": BLOB_FORMAT, "address": str(pointer_address(address)), **parts}


class _Holding(NamedTuple):
    """The addresses of the assistants and pipelines in a bundle."""

    assistants: frozenset[str]
    pipelines: frozenset[str] = frozenset()


def _held_by(wanted: Desired, uses: Mapping[str, frozenset[str]]) -> _Holding | None:
    """Return the parts of the bundle of `wanted`; None if it has no bundle. `uses` maps pipelines to assistants."""
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


def _rendered(wanted: Desired) -> dict[str, JSON]:
    return resource_types()[wanted.type].render(wanted.fields)


def _agent(wanted: Desired) -> JSON:
    return {"target": "agents", "agent": reference(wanted.address)}


def _assistant(wanted: Desired) -> JSON:
    return {"target": "assistants", "assistant": reference(wanted.address)}


def _request(wanted: Desired) -> JSON:
    """Return the request of an assistant, with address and release as metadata, so that usage can be attributed."""
    request = _rendered(wanted)
    release = wanted.address.release
    of_release = {} if release is None else {RELEASED: release.name}
    metadata = {**(request.get("metadata") or {}), ADDRESS: str(wanted.address), **of_release}
    return {"target": "responses", "request": {**request, "metadata": metadata}}


_ASSISTANTS: Final = {"agent": _agent, "assistant": _assistant, "request": _request}


def _working(wanted: Desired) -> dict[str, JSON]:
    return {"chatbot": _rendered(wanted)}


def _released(wanted: Desired) -> dict[str, JSON]:
    """Return the chatbot of a release, and the number and digest of the release."""
    chatbot = _rendered(wanted)
    release = {"number": release_number(wanted.address), "digest": chatbot.pop("digest")}
    return {"release": release, "chatbot": chatbot}


_CHATBOTS: Final = {"chatbot": _working, "release": _released}


def _named(kind: str, document: JSON) -> frozenset[str]:
    return frozenset(name for name in references_in(document) if name.startswith(f"{kind}/"))


def _picked(parts: Mapping[str, T], names: Iterable[str]) -> dict[str, T]:
    return {name: parts[name] for name in sorted(names)}


def own_fields(type_: str, content: JSON) -> Fields:
    """Return the canonical fields of the object that a blob was rendered from, as its live value.

    Fields that the document does not contain have their defaults.
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
    """Return a bundle as one document with live ids, and with references to objects that have no id yet."""
    return {
        **with_ids(content, lambda address: ids.get(address, reference(address))),
        "format": EXPORT_FORMAT,
    }
