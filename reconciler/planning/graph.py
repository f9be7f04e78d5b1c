"""References between objects, before and after the plan, and the order that follows from them."""

from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Final, TypeVar

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, RELEASES_OWNERSHIP, Change
from reconciler.planning.referrers import UNWRITTEN, Foreign, Node, PeerObject
from reconciler.planning.verified import index_of
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import ABSENT, JSON, Fields

Name = TypeVar("Name", bound=Hashable)

COPY: Final = "copy"
"""The `seen` of an edge from a frozen copy to the object that it was made from."""
INSIDE: Final = "inside"
"""The `seen` of an edge from a published bundle to an id that only an object inside it refers to."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One reference and where it was seen: `file:line` in a manifest, `state` (of a peer, its state), or `live`."""

    source: Node
    target: Address
    seen: str

    @property
    def is_written(self) -> bool:
        """True if a manifest contains the reference."""
        return self.seen not in UNWRITTEN and self.seen != INSIDE


@dataclass(frozen=True)
class Graph:
    """References to addresses, from addresses and from objects of others."""

    edges: tuple[Edge, ...]
    always: frozenset[tuple[str, str]] = frozenset()
    """Pairs of groups of which the first is deleted first, even if none of the objects references another."""

    @cached_property
    def referrers(self) -> Mapping[Address, Sequence[Edge]]:
        """Edges by target, sorted by source."""
        found: dict[Address, list[Edge]] = defaultdict(list)
        for edge in sorted(self.edges, key=lambda edge: (str(edge.source), edge.seen)):
            found[edge.target].append(edge)
        return found

    @cached_property
    def needs(self) -> Mapping[Node, Sequence[Address]]:
        """The referents of each source."""
        found: dict[Node, dict[Address, None]] = defaultdict(dict)
        for edge in self.edges:
            found[edge.source].setdefault(edge.target)
        return {source: tuple(targets) for source, targets in found.items()}

    @cached_property
    def places(self) -> Mapping[tuple[Node, Node], str]:
        """The place of each reference: `live` or `state` if no manifest contains it."""
        found: dict[tuple[Node, Node], str] = {}
        for edge in sorted(self.edges, key=lambda edge: (not edge.is_written, edge.seen)):
            found.setdefault((edge.source, edge.target), edge.seen)
        return found

    def chain_to(self, target: Node) -> tuple[Node, ...]:
        """Return the shortest chain down to `target` from a release, or from a referrer that nothing references."""
        came_from: dict[Node, Node] = {}
        last = target
        queue = deque([last])
        while queue:
            last = queue.popleft()
            edges = self.referrers.get(last, ()) if isinstance(last, Address) else ()
            if (isinstance(last, Address) and last.kind == RELEASE) or (not edges and last != target):
                break
            for edge in edges:
                if edge.source not in came_from and edge.source != target:
                    came_from[edge.source] = last
                    queue.append(edge.source)
        chain = [last]
        while chain[-1] != target:
            chain.append(came_from[chain[-1]])
        return tuple(chain)

    def depths(self) -> dict[Node, int]:
        """Return the length of the longest chain of references below each source: 0 if it references nothing."""
        return _depths(self.needs)

    def ranks(self) -> dict[str, int]:
        """Return the length of the longest chain of groups below the group of each source. All objects of a group, such
        as frozen assistants, have one rank.
        """
        needs: dict[str, dict[str, None]] = defaultdict(dict)
        ours = ((edge.source, edge.target) for edge in self.edges if isinstance(edge.source, Address))
        seen = {(group_of(source), group_of(target)) for source, target in ours}
        for source, target in sorted(seen | self.always):
            if source != target:
                needs[source].setdefault(target)
        return _depths({source: tuple(targets) for source, targets in needs.items()})


def group_of(address: Address) -> str:
    """Return the group of an address: `assistant/` for assistants, `assistant/@` for their frozen copies."""
    return f"{address.kind}/" + ("@" if address.is_frozen else "")


def _always(inputs: PlanInputs) -> frozenset[tuple[str, str]]:
    """Return the order in which objects are deleted, as the resource types declare it, from each group to the next."""
    groups: dict[int, set[str]] = defaultdict(set)
    for one in inputs.resource_types.values():
        for suffix, rank in zip(("", "@"), one.delete_ranks, strict=True):
            if rank is not None:
                groups[rank].add(f"{one.address_kind}/{suffix}")
    ordered = [groups[rank] for rank in sorted(groups, reverse=True)]
    return frozenset(pair for upper, lower in pairwise(ordered) for pair in product(upper, lower))


def after(inputs: PlanInputs, matched: Matched, work: Iterable[Change], left: Iterable[Change]) -> Graph:
    """Return the references that exist after `work`, with the drift in `left` kept: of manifests, of live values that
    no manifest sets, of objects that the plan does not change, and of unmanaged objects.
    """
    return Graph(tuple(_after(inputs, matched, _by_address(work), _by_address(left))), _always(inputs))


def before(inputs: PlanInputs, matched: Matched) -> Graph:
    """Return the references before the plan, live or as last applied."""
    return Graph(tuple(_before(inputs, matched)), _always(inputs))


def _by_address(changes: Iterable[Change]) -> dict[Address, list[Change]]:
    found: dict[Address, list[Change]] = defaultdict(list)
    for change in changes:
        found[Address.parse(change.address)].append(change)
    return found


def _after(
    inputs: PlanInputs, matched: Matched, work: Mapping[Address, list[Change]], left: Mapping[Address, list[Change]]
) -> Iterator[Edge]:
    for address, links in inputs.links.items():
        if inputs.in_scope(address):
            yield from (Edge(address, matched.now(link.target), link.place) for link in links)
    for address, desired in inputs.desired.items():
        if address in inputs.unchanged:  # no live value that the plan leaves refers to anything else
            targets = index_of(inputs, address).targets(matched)
            links = inputs.links.get(address, ()) if targets and inputs.in_scope(address) else ()
            linked = {matched.now(link.target) for link in links}
            yield from (Edge(address, target, place_of(desired)) for target in targets if target not in linked)
        elif inputs.in_scope(address):
            seen = place_of(desired)
            linked = {matched.now(link.target) for link in inputs.links.get(address, ())}
            yield from _edges(matched, address, desired.fields, seen, skip=linked)
            stays = _staying(desired, matched.live.get(address), work.get(address, ()), left.get(address, ()))
            if stays:
                known = {*linked, *_targets(matched, desired.fields)}
                yield from (Edge(address, one, "live") for one in matched.read(stays).references if one not in known)
        else:
            yield from _edges(matched, address, desired.fields, place_of(desired))
    yield from _of_literal_ids(inputs, matched)
    yield from _left_alone(inputs, matched, work)
    yield from _of_unmanaged(inputs, matched)


def _staying(desired: Desired, live: Live | None, work: Iterable[Change], left: Iterable[Change]) -> Mapping[str, JSON]:
    """Return the live values that the plan does not write: fields without a manifest value, and kept drift."""
    if live is None or any(change.action in CREATES for change in work):
        return {}
    decided = {*desired.fields, *(item.keys[0] for change in work for item in change.fields)}
    free = {name: value for name, value in live.fields.items() if name not in decided - set(desired.lifecycle.ignore)}
    drift = {item.path: item.live for change in left for item in change.fields if item.live is not ABSENT}
    return {**free, **drift}


def _left_alone(inputs: PlanInputs, matched: Matched, work: Mapping[Address, list[Change]]) -> Iterator[Edge]:
    """Yield the references of objects that the plan neither manages nor removes, as applied and as live."""
    managed = {address for address in inputs.desired if inputs.in_scope(address)}
    for address in sorted({*inputs.applied, *matched.live} - managed):
        if not any(change.action in RELEASES_OWNERSHIP for change in work.get(address, ())):
            if address in inputs.unchanged:
                yield from (Edge(address, target, "state") for target in _indexed(inputs, matched, address))
                continue
            applied, live = inputs.applied.get(address), matched.live.get(address)
            fields = applied.fields if applied else {}
            known = {**_targets(matched, fields), **dict.fromkeys(_by_literal_id(matched, fields))}
            yield from (Edge(address, target, "state") for target in known)
            yield from _edges(matched, address, live.fields if live else {}, "live", skip=known)


def _before(inputs: PlanInputs, matched: Matched) -> Iterator[Edge]:
    known: dict[str, Mapping[Address, Applied | Live]] = {"state": inputs.applied, "live": matched.live}
    indexed = {address: sorted(_indexed(inputs, matched, address).keys() - {address}) for address in inputs.unchanged}
    for seen, objects in known.items():
        for address, one in objects.items():
            targets = indexed.get(address)
            if targets is None:
                found = {*_targets(matched, one.fields), *_by_literal_id(matched, one.fields)}
                targets = sorted(found - {address})
            for target in targets:
                yield Edge(address, target, seen)
    yield from _of_copies(inputs, matched)
    yield from _of_unmanaged(inputs, matched)


def _of_copies(inputs: PlanInputs, matched: Matched) -> Iterator[Edge]:
    """Yield the edges from frozen copies to their originals: copies are removed first."""
    known: dict[Address, Applied | Live] = {**inputs.applied, **matched.live}
    for address in sorted(known):
        family, upload = matched.family(address), inputs.is_upload(known[address].type)
        if not upload and family != address and family in known:
            yield Edge(address, family, COPY)


def _of_unmanaged(inputs: PlanInputs, matched: Matched) -> Iterator[Edge]:
    for live in (*matched.unmanaged, *matched.unproven, *matched.foreign_owned.values()):
        unmanaged = Foreign(live.type, live.id, live.name)
        yield from (Edge(unmanaged, target, "live") for target in _known_to(live, matched))
    for identity, documents in inputs.peers.items():
        for document in documents:
            peer = PeerObject(str(identity), document.name)
            yield from (Edge(peer, target, "state") for target in _known_to(document, matched))
    for outlet, documents in inputs.outlet_documents.items():
        for document in documents:
            left = Foreign(document.type, outlet, document.name)
            yield from (Edge(left, target, "live") for target in _known_to(document, matched))


def _of_literal_ids(inputs: PlanInputs, matched: Matched) -> Iterator[Edge]:
    """Yield the references by literal ids of managed objects. The id of a document is its address."""
    for address, desired in inputs.desired.items():
        if address in inputs.unchanged:
            targets = dict.fromkeys(index_of(inputs, address).by_literal_id(matched))
        else:
            fields = [desired.fields, inputs.unwritten.get(address, {})]
            targets = dict.fromkeys(target for one in fields for target in _by_literal_id(matched, one))
        for target in targets:
            yield Edge(address, target, place_of(desired))


def _by_literal_id(matched: Matched, fields: Fields) -> Sequence[Address]:
    """Return the addresses of our objects among the ids in the fields of an object, each once, in order."""
    return matched.mentioned(fields).literal


def _indexed(inputs: PlanInputs, matched: Matched, address: Address) -> dict[Address, None]:
    """Return the addresses of all objects that an unchanged object refers to: as applied, and as live."""
    index = index_of(inputs, address)
    return {**index.targets(matched), **dict.fromkeys(index.by_literal_id(matched))} if any(index) else {}


def place_of(desired: Desired) -> str:
    """Return the place of a manifest, as edges have it."""
    return f"{desired.place.file}:{desired.place.line}" if desired.place else "manifest"


def _known_to(live: Live, matched: Matched) -> Iterator[Address]:
    """Yield the managed objects among the ids that an object references."""
    return (target for id_ in live.refers_to for target in matched.addresses.get(id_, ()))


def _edges(
    matched: Matched, address: Address, fields: Fields, seen: str, skip: Collection[Address] = ()
) -> Iterator[Edge]:
    yield from (Edge(address, target, seen) for target in _targets(matched, fields) if target not in skip)


def _targets(matched: Matched, fields: Fields) -> dict[Address, None]:
    """Return the addresses that the fields of an object reference, under their present names, each once, in order."""
    return dict.fromkeys(matched.mentioned(fields).references)


def _depths(needs: Mapping[Name, Sequence[Name]]) -> dict[Name, int]:
    depths: dict[Name, int] = {}
    for root in sorted(needs, key=str):
        _measure(root, needs, depths)
    return depths


def _measure(root: Name, needs: Mapping[Name, Sequence[Name]], depths: dict[Name, int]) -> None:
    """Measure depth first without recursion. A cycle, which manifests cannot have, counts as a leaf."""
    stack, open_ = [root], set[Name]()
    while stack:
        node = stack[-1]
        targets = needs.get(node, ())
        waiting = [target for target in targets if target not in depths and target not in open_]
        open_.add(node)
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        depths[node] = 1 + max((depths.get(target, 0) for target in targets), default=-1)


def references(touched: Iterable[str], before: Graph, after: Graph) -> tuple[tuple[Node, Node], ...]:
    """Return pairs of referrer and referent, sorted: every reference, before or after the plan, to an object in
    `touched` or to one of its dependents. A copy does not depend on its original.
    """
    found: set[tuple[Node, Node]] = set()
    waiting: list[Node] = list(dict.fromkeys(map(Address.parse, touched)))
    seen = set(waiting)
    while waiting:
        target = waiting.pop()
        for edge in _referring(target, before, after):
            found.add((edge.source, target))
            if edge.source not in seen:
                seen.add(edge.source)
                waiting.append(edge.source)
    return tuple(sorted(found, key=lambda pair: (str(pair[0]), str(pair[1]))))


def _referring(target: Node, *graphs: Graph) -> Iterator[Edge]:
    """Yield the edges to `target`; objects of other owners have none."""
    if isinstance(target, Address):
        for graph in graphs:
            yield from (edge for edge in graph.referrers.get(target, ()) if edge.seen != COPY)
