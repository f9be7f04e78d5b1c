"""The objects that a plan affects and their dependents, or those of a dependency graph, as a small graph that is drawn
as Mermaid and as SVG.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import Final, TypeAlias

from reconciler.planning.dependencies import DependencyGraph, GraphObject
from reconciler.planning.model import Plan
from reconciler.planning.referrers import Foreign, Node
from reconciler.reports.style import count
from reconciler.reports.views.changes import SIGNS, Standing
from reconciler.reports.views.refusals import is_of_whole_plan
from reconciler.resources.address import Address
from reconciler.resources.registry import upload_kinds, upload_types

FILES_AT_MOST: Final = 3
"""Files of one standing that are drawn each by itself."""
_STRANGERS: Final = "other object"

Key: TypeAlias = tuple[Hashable, ...]
_Class: TypeAlias = tuple[str, Standing]
"""Kind and standing."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One object, or several of one kind."""

    label: str
    standing: Standing
    objects: int = 1
    is_focus: bool = False
    """True for the object whose surroundings are drawn."""
    note: str = ""
    """Shown in place of the standing where the picture is not that of a plan."""


@dataclass(frozen=True)
class Picture:
    """Nodes, and edges from a referrer to what it refers to, by index."""

    nodes: tuple[Drawn, ...]
    edges: tuple[tuple[int, int], ...]
    copies: frozenset[tuple[int, int]] = frozenset()
    """Those of the edges that only lead from a frozen copy to the object that it was made from."""

    @property
    def is_grouped(self) -> bool:
        """True if several objects are one node."""
        return any(node.objects > 1 for node in self.nodes)

    @property
    def summary(self) -> str:
        """The number of objects, and of nodes if several objects are one."""
        objects = count(sum(node.objects for node in self.nodes), "object")
        return f"{objects}, drawn as {count(len(self.nodes), 'node')}" if self.is_grouped else objects

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Those that occur, in the order of the legend."""
        found = {node.standing for node in self.nodes}
        return tuple(standing for standing in SIGNS if standing in found)


def picture(plan: Plan, most: int) -> Picture:
    """The graph of `plan` with at most `most` nodes: where there are more objects, those of one kind are one node."""
    standings = _standings(plan)
    return _picture(standings, plan.references, _keys(standings, most))


def graph_picture(graph: DependencyGraph, most: int, most_edges: int) -> Picture:
    """Return a picture with at most `most` nodes and `most_edges` edges, in which files with the same referrers are one
    node. If there is too much to draw, a release is one node with its objects, and then objects of one kind are.
    """
    standings = {one.node: standing_of(one) for one in graph.objects}
    pairs = [(one.source, one.target) for one in graph.dependencies]
    last: dict[Node, Key] = dict.fromkeys(standings, ())
    for keys in chain(_finer_groupings(standings, pairs), _groupings(standings, most), [last]):
        if graph.address:
            keys[graph.address] = (graph.address,)
        found = {edge for source, target in pairs if (edge := (keys[source], keys[target])) and edge[0] != edge[1]}
        if len(set(keys.values())) <= most and len(found) <= most_edges:
            break
    marks = {one.node: one.release for one in graph.objects if one.release}
    drawn = _picture(standings, pairs, keys, marks, graph.address)
    used = _picture(standings, [(one.source, one.target) for one in graph.dependencies if not one.is_copy], keys)
    return replace(drawn, copies=frozenset(drawn.edges) - frozenset(used.edges))


def standing_of(one: GraphObject) -> Standing:
    """Return the standing of an object of a dependency graph."""
    if not one.is_managed:
        return "unmanaged"
    return one.action or ("drifted" if one.has_drift else "untouched")


def _picture(
    standings: Mapping[Node, Standing],
    pairs: Iterable[tuple[Node, Node]],
    keys: Mapping[Node, Key],
    marks: Mapping[Node, str] = MappingProxyType({}),
    focus: Node | None = None,
) -> Picture:
    members: dict[Key, list[Node]] = {}
    for node in sorted(standings, key=str):
        members.setdefault(keys[node], []).append(node)
    index = {key: number for number, key in enumerate(members)}
    edges = {(index[keys[source]], index[keys[target]]) for source, target in pairs}
    nodes = (replace(_drawn(them, standings, marks), is_focus=them == [focus]) for them in members.values())
    return Picture(tuple(nodes), tuple(sorted(edge for edge in edges if edge[0] != edge[1])))


def _finer_groupings(
    standings: Mapping[Node, Standing], pairs: Iterable[tuple[Node, Node]]
) -> Iterator[dict[Node, Key]]:
    """Yield the groupings that lose little: of files with the same referrers, and of the objects of each release."""
    referrers: dict[Node, set[str]] = defaultdict(set)
    for source, target in pairs:
        referrers[target].add(str(source))
    alike = {
        node: (_kind(node), standing, frozenset(referrers[node]))
        for node, standing in standings.items()
        if _is_upload(node)
    }
    sizes = Counter(alike.values())
    files: dict[Node, Key] = {
        node: alike[node] if node in alike and sizes[alike[node]] > FILES_AT_MOST else (node,) for node in standings
    }
    yield {**files}
    releases = {node: _release(node) for node in standings}
    yield {node: (releases[node],) if releases[node] in standings else files[node] for node in standings}


def _release(node: Node) -> Address | None:
    """Return the release that an object belongs to; for a release, the release itself."""
    return node.release if isinstance(node, Address) else None


def _standings(plan: Plan) -> dict[Node, Standing]:
    """Every object of the picture; of several things that are true of one, the gravest."""
    found: dict[Node, Standing] = {node: "untouched" for pair in plan.references for node in pair}
    found |= {Address.parse(change.address): "drifted" for change in plan.drift}
    found |= {Address.parse(change.address): change.action for change in plan.changes}
    return found | {Address.parse(one.address): "refused" for one in plan.refusals if not is_of_whole_plan(one)}


def _kind(node: Node) -> str:
    """The kind of an object; of one that is not ours, the type."""
    if isinstance(node, Foreign):
        return f"other {node.type.replace('_', ' ')}"
    return node.kind if isinstance(node, Address) else _STRANGERS


def _is_upload(node: Node) -> bool:
    """Return True for a file, ours or not."""
    if isinstance(node, Foreign):
        return node.type in upload_types()
    return isinstance(node, Address) and node.kind in upload_kinds()


def _keys(standings: Mapping[Node, Standing], most: int) -> dict[Node, Key]:
    """The node of each object: the finest grouping of those that give at most `most` nodes."""
    for keys in _groupings(standings, most):
        if len(set(keys.values())) <= most:
            return keys
    return dict.fromkeys(standings, ())


def _groupings(standings: Mapping[Node, Standing], most: int) -> Iterator[dict[Node, Key]]:
    classes = {node: (_kind(node), standing) for node, standing in standings.items()}
    sizes = Counter(classes.values())
    many_files = {classes[node] for node in standings if _is_upload(node) and sizes[classes[node]] > FILES_AT_MOST}
    for grouped in (many_files, _largest(sizes, many_files, most)):
        yield {node: one if one in grouped else (node,) for node, one in classes.items()}
    yield {node: (kind,) for node, (kind, _) in classes.items()}


def _largest(sizes: Mapping[_Class, int], grouped: set[_Class], most: int) -> set[_Class]:
    """`grouped` and as many more classes, the largest first, as have to be one node each."""
    chosen = set(grouped)
    nodes = sum(1 if one in chosen else size for one, size in sizes.items())
    for one in sorted(sizes.keys() - chosen, key=lambda one: (-sizes[one], one)):
        if nodes <= most:
            break
        chosen.add(one)
        nodes -= sizes[one] - 1
    return chosen


def _drawn(objects: list[Node], standings: Mapping[Node, Standing], marks: Mapping[Node, str]) -> Drawn:
    found = {standings[node] for node in objects}
    standing: Standing = found.pop() if len(found) == 1 else "update"
    if len(objects) == 1:
        return Drawn(_marked(objects[0], marks), standing)
    release = _release(objects[0])
    if release in objects and all(_release(one) == release for one in objects):
        return Drawn(f"{_marked(release, marks)} with {count(len(objects) - 1, 'object')}", standing, len(objects))
    kinds = {_kind(node) for node in objects}
    return Drawn(count(len(objects), kinds.pop() if len(kinds) == 1 else "object"), standing, len(objects))


def _marked(node: Node, marks: Mapping[Node, str]) -> str:
    return f"{node} [{marks[node]}]" if node in marks else str(node)
