"""The dependency graph of a plan, from the references of manifests, of the state and of everything live."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from reconciler.planning.build import Planned
from reconciler.planning.dependencies import Dependency, DependencyGraph, GraphObject, ReleaseStatus, pair_text
from reconciler.planning.graph import COPY, INSIDE, place_of
from reconciler.planning.holders import holders
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.referrers import UNWRITTEN, Foreign, Node, PeerObject
from reconciler.resources.address import ENVIRONMENT, OUTLET, PROJECT, RELEASE, Address
from reconciler.resources.base import Live
from reconciler.resources.references import ids_by_type
from reconciler.resources.values import Fields

OTHER: Final = "object"
"""The type of an object of which only the id is known."""
_NO_OBJECTS: Final = frozenset({PROJECT, OUTLET, ENVIRONMENT})


def dependency_graph(planned: Planned, endpoint: str | None) -> DependencyGraph:
    """Return the dependencies of all objects of a plan, whose inputs have the possible referrers of the objects.

    Without `endpoint`, what is live was taken from the state. Linear in the size of everything live.
    """
    found = _Found(planned.inputs, planned.matched)
    for edge in chain(planned.after.edges, planned.before.edges):
        found.add(edge.source, edge.target, edge.seen)
    for source, target, place in _needs_of_others(planned.inputs, planned.matched):
        found.add(source, target, place)
    found.add_holders()
    dependencies = tuple(sorted(found.dependencies(offline=endpoint is None), key=pair_text))
    ours = {*planned.inputs.desired, *planned.matched.live, *planned.inputs.archived}
    nodes = {*ours, *(node for one in dependencies for node in (one.source, one.target))}
    return DependencyGraph(
        str(planned.inputs.identity),
        tuple(_objects(planned, sorted(nodes, key=str))),
        dependencies,
        endpoint,
        unlisted=tuple(one for one in planned.inputs.unlisted if not one.is_absent),
    )


def ids_of(planned: Planned, nodes: Iterable[Node] | None = None) -> dict[str, frozenset[str]]:
    """Return the ids of our live objects at OpenAI among these `nodes`, or of all of them, by type."""
    live, found = planned.matched.live, defaultdict[str, set[str]](set)
    for node in live if nodes is None else nodes:
        one = live.get(node) if isinstance(node, Address) else None
        if one is not None and one.type not in planned.inputs.outlet_types:
            found[one.type].add(one.id)
    return {type_: frozenset(ids) for type_, ids in found.items()}


@dataclass
class _Found:
    """The dependencies that were found, with their places."""

    inputs: PlanInputs
    matched: Matched
    places: dict[tuple[Node, Node], dict[str, None]] = field(default_factory=dict)

    def add(self, source: Node, target: Node, place: str) -> None:
        if source != target and _is_object(source) and _is_object(target):
            self.places.setdefault((source, target), {})[place] = None

    def add_holders(self) -> None:
        """Add the holders of our live ids that refer to the object in no other way. Of an object of ours that reaches
        the holder through others, such as a bundle that has the ids of all objects inside it, the way is known.
        """
        kept = self.matched.live.items()
        ids = {live.id: address for address, live in kept if live.type not in self.inputs.outlet_types}
        edges = [edge for held in holders(self.inputs, self.matched, ids).values() for edge in held]
        needs = self._needs()
        reached: dict[Node, set[Node]] = {}
        for edge in edges:
            names = self.matched.addresses.get(self.matched.live[edge.target].id, (edge.target,))
            if any((edge.source, name) in self.places for name in names):
                continue
            if isinstance(edge.source, Address):
                if edge.source not in reached:
                    reached[edge.source] = _below(edge.source, needs)
                if not reached[edge.source].isdisjoint(names):
                    continue
            self.add(edge.source, edge.target, edge.seen)

    def _needs(self) -> Mapping[Node, Collection[Node]]:
        found: dict[Node, list[Node]] = defaultdict(list)
        for (source, target), places in self.places.items():
            if [*places] != [COPY]:
                found[source].append(target)
        return found

    def dependencies(self, *, offline: bool) -> Iterator[Dependency]:
        for (source, target), places in self.places.items():
            shown = dict.fromkeys(_shown(place, offline=offline) for place in places if place != COPY)
            written = sorted(place for place in shown if place not in UNWRITTEN)
            live = [place for place in ("live",) if place in shown]
            yield Dependency(source, target, (*written, *live) or (*shown,), is_copy=not shown)


def _is_object(node: Node) -> bool:
    """Return False for the project, an outlet and an environment, which have addresses in plans."""
    return not isinstance(node, Address) or node.kind not in _NO_OBJECTS


def _shown(place: str, *, offline: bool) -> str:
    if place == INSIDE:
        place = "live"
    return "state" if offline and place == "live" else place


def _below(start: Node, needs: Mapping[Node, Collection[Node]]) -> set[Node]:
    found, waiting = set[Node](), [start]
    while waiting:
        new = set(needs.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def _needs_of_others(inputs: PlanInputs, matched: Matched) -> Iterator[tuple[Node, Node, str]]:
    """Yield the references of our objects to objects that this identity does not manage."""
    known = {live.id: live for live in inputs.live}

    def foreign(id_: str, types: Collection[str]) -> Foreign:
        live = known.get(id_)
        return Foreign(live.type, id_, live.name) if live else Foreign(min(types, default="") or OTHER, id_)

    for address, desired in inputs.desired.items():
        for id_, types in _literal_ids(inputs, desired.type, desired.fields).items():
            if id_ not in matched.addresses:
                yield address, foreign(id_, types), place_of(desired)
    for address, live in matched.live.items():
        literal = _literal_ids(inputs, live.type, live.fields)
        for id_ in dict.fromkeys((*live.refers_to, *literal)):
            if id_ not in matched.addresses:
                yield address, foreign(id_, literal.get(id_, ())), "live"


def _literal_ids(inputs: PlanInputs, type_: str, fields: Fields) -> dict[str, set[str]]:
    """Return the ids in `fields`, each with the types that it may have."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, ids in ids_by_type(inputs.resource_types[type_].specs, fields).items():
        for id_ in ids:
            found[id_].add(name)
    members = inputs.members(type_)
    if members:
        for key, entry in members.of(fields).items():
            if members.target(entry) is None:
                found[key].add(members.kind)
    return found


def _objects(planned: Planned, nodes: Iterable[Node]) -> Iterator[GraphObject]:
    inputs, matched = planned.inputs, planned.matched
    by_id = {live.id: live for live in inputs.live}
    by_id.update((live.id, live) for live in matched.live.values())
    peers = {(str(identity), one.name): one for identity, group in inputs.peers.items() for one in group}
    published = {edge.target for edge in planned.before.edges if edge.target.kind == RELEASE and edge.seen != COPY}
    actions = {change.address: change.action for change in planned.plan.changes if not change.only_records}
    drifted = {change.address for change in planned.plan.drift}
    for node in nodes:
        if isinstance(node, Address):
            live, known = matched.live.get(node), inputs.desired.get(node) or inputs.applied.get(node)
            yield GraphObject(
                node,
                live.type if live else known.type if known else node.kind,
                live.id if live and live.type not in inputs.outlet_types else None,
                is_live=live is not None,
                owner=str(inputs.identity),
                release=_release(inputs, published, node),
                action=actions.get(str(node)),
                has_drift=str(node) in drifted,
            )
        elif isinstance(node, PeerObject):
            peer = peers.get((node.identity, node.address))
            yield GraphObject(node, peer.type if peer else OTHER, name=node.address, is_live=True, owner=node.identity)
        else:
            yield _foreign(node, by_id.get(node.id))


def _foreign(node: Foreign, live: Live | None) -> GraphObject:
    owner = live.labels.identity if live and live.labels else None
    return GraphObject(node, node.type, node.id, node.name, is_live=True, owner=owner)


def _release(inputs: PlanInputs, published: Collection[Address], address: Address) -> ReleaseStatus | None:
    if address.kind != RELEASE:
        return None
    if address in published:
        return "published"
    return "archived" if address in inputs.archived else "released"
