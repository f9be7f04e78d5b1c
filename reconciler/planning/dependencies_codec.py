"""A dependency graph as the JSON document that `graph -o json` prints."""

from typing import Final, Literal

from typing_extensions import TypedDict

from reconciler.planning.dependencies import Dependency, DependencyGraph, GraphObject, ReleaseStatus
from reconciler.planning.model import Action
from reconciler.resources.address import Address

FORMAT: Final = "reconciler/graph/v1"


class GraphObjectDocument(TypedDict):
    """One object."""

    node: str
    """A text that is unique in this document: the address of a managed object."""
    managed: bool
    """True if this identity manages the object."""
    owner: str | None
    """The identity that manages it; null for an unmanaged object."""
    type: str
    """The type at OpenAI, or in the outlets."""
    id: str | None
    """Id of the live object; null if it is not live, or is a document in the outlets."""
    name: str
    """Name of an object that this identity does not manage."""
    live: bool
    """True if the object exists at OpenAI or in the outlets."""
    release: ReleaseStatus | None
    """The status of a release; null for other objects."""
    action: Action | None
    """The action of the current plan; null if the plan does not change the object, or only records it."""
    drift: bool
    """True if the object was changed outside Reconciler."""


class DependencyDocument(TypedDict):
    """One reference."""

    source: str
    """The node of the object that refers to the other one."""
    target: str
    """The node of the object that it refers to."""
    kind: Literal["reference", "copy"]
    """`copy` leads from a frozen copy to the object that it was made from, which it does not need."""
    places: list[str]
    """FILE:LINE of manifests, `live` if a live object has the reference, or `state` if only the state has it."""


class UnlistedDocument(TypedDict):
    """A list of possible referrers that could not be read."""

    type: str
    message: str


class GraphDocument(TypedDict):
    """Objects with what they need and what needs them."""

    format: Literal["reconciler/graph/v1"]
    identity: str
    endpoint: str | None
    """The API that was asked; null with --offline."""
    address: str | None
    """The object whose surroundings these are; null for all objects."""
    objects: list[GraphObjectDocument]
    """Every object of this identity, by node, and the objects of others that refer to them or that they need."""
    references: list[DependencyDocument]
    """Every reference between these objects, by source and target."""
    unlisted: list[UnlistedDocument]
    """Lists that could not be read. Objects in them may refer to others here."""


def graph_json(graph: DependencyGraph) -> GraphDocument:
    """Return `graph` as a JSON document."""
    return {
        "format": FORMAT,
        "identity": graph.identity,
        "endpoint": graph.endpoint,
        "address": str(graph.address) if graph.address else None,
        "objects": list(map(_object_json, graph.objects)),
        "references": list(map(_dependency_json, graph.dependencies)),
        "unlisted": [{"type": one.type, "message": one.message} for one in graph.unlisted],
    }


def _object_json(one: GraphObject) -> GraphObjectDocument:
    return {
        "node": str(one.node),
        "managed": isinstance(one.node, Address),
        "owner": one.owner,
        "type": one.type,
        "id": one.id,
        "name": one.name,
        "live": one.is_live,
        "release": one.release,
        "action": one.action,
        "drift": one.has_drift,
    }


def _dependency_json(one: Dependency) -> DependencyDocument:
    return {
        "source": str(one.source),
        "target": str(one.target),
        "kind": "copy" if one.is_copy else "reference",
        "places": list(one.places),
    }
