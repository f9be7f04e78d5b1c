"""The objects that a plan affects and their dependents, as a small graph that is drawn as Mermaid and as SVG."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.planning.model import Plan
from reconciler.planning.referrers import Node
from reconciler.reports.style import count
from reconciler.reports.views.changes import SIGNS, Standing
from reconciler.reports.views.refusals import is_of_whole_plan
from reconciler.resources.address import Address
from reconciler.resources.registry import upload_kinds

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
    note: str = ""
    """Shown in place of the standing where the picture is not that of a plan."""


@dataclass(frozen=True)
class Picture:
    """Nodes, and edges from a referrer to what it refers to, by index."""

    nodes: tuple[Drawn, ...]
    edges: tuple[tuple[int, int], ...]

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Those that occur, in the order of the legend."""
        found = {node.standing for node in self.nodes}
        return tuple(standing for standing in SIGNS if standing in found)


def picture(plan: Plan, most: int) -> Picture:
    """The graph of `plan` with at most `most` nodes: where there are more objects, those of one kind are one node."""
    standings = _standings(plan)
    keys = _keys(standings, most)
    members: dict[Key, list[Node]] = {}
    for node in sorted(standings, key=str):
        members.setdefault(keys[node], []).append(node)
    index = {key: number for number, key in enumerate(members)}
    edges = {(index[keys[source]], index[keys[target]]) for source, target in plan.references}
    nodes = (_drawn(objects, standings) for objects in members.values())
    return Picture(tuple(nodes), tuple(sorted(edge for edge in edges if edge[0] != edge[1])))


def _standings(plan: Plan) -> dict[Node, Standing]:
    """Every object of the picture; of several things that are true of one, the gravest."""
    found: dict[Node, Standing] = {node: "untouched" for pair in plan.references for node in pair}
    found |= {Address.parse(change.address): "drifted" for change in plan.drift}
    found |= {Address.parse(change.address): change.action for change in plan.changes}
    return found | {Address.parse(one.address): "refused" for one in plan.refusals if not is_of_whole_plan(one)}


def _kind(node: Node) -> str:
    """The kind of an object; what is not ours is of one kind."""
    return node.kind if isinstance(node, Address) else _STRANGERS


def _keys(standings: Mapping[Node, Standing], most: int) -> dict[Node, Key]:
    """The node of each object: the finest grouping of those that give at most `most` nodes."""
    for keys in _groupings(standings, most):
        if len(set(keys.values())) <= most:
            return keys
    return dict.fromkeys(standings, ())


def _groupings(standings: Mapping[Node, Standing], most: int) -> Iterator[dict[Node, Key]]:
    classes = {node: (_kind(node), standing) for node, standing in standings.items()}
    sizes = Counter(classes.values())
    many_files = {one for one in sizes if one[0] in upload_kinds() and sizes[one] > FILES_AT_MOST}
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


def _drawn(objects: list[Node], standings: Mapping[Node, Standing]) -> Drawn:
    found = {standings[node] for node in objects}
    standing: Standing = found.pop() if len(found) == 1 else "update"
    if len(objects) == 1:
        return Drawn(str(objects[0]), standing)
    kinds = {_kind(node) for node in objects}
    return Drawn(count(len(objects), kinds.pop() if len(kinds) == 1 else "object"), standing, len(objects))
