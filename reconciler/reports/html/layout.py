"""The places of the nodes of a picture: in layers, referrers left of what they refer to, with few crossings.

The method of Sugiyama, Tagawa and Toda (1981) in its simplest form: layers by the longest way, a bend in every layer
that an edge only passes through, a few sweeps that order each layer by the mean place of its neighbours, and heights
as near to those of the neighbours as the room between two nodes allows.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from operator import itemgetter
from statistics import fmean
from typing import Final, TypeAlias

Edge: TypeAlias = tuple[int, int]
_SWEEPS: Final = 12


@dataclass(frozen=True)
class Layout:
    """Layers from left to right; numbers beyond those of the nodes are bends of edges."""

    layers: tuple[tuple[int, ...], ...]
    """Each from top to bottom."""
    heights: Mapping[int, float]
    """Of nodes and bends, in rows from the top."""
    ways: tuple[tuple[int, ...], ...]
    """Every edge to the right, from its source over its bends to its target."""
    returns: tuple[tuple[int, ...], ...] = ()
    """Every edge to the left, which closes a cycle, from its target over its bends to its source."""


def layout(nodes: int, edges: Iterable[Edge]) -> Layout:
    """Places for `nodes` nodes; the same for the same graph."""
    unique = sorted({edge for edge in edges if edge[0] != edge[1]})
    kept = _without_cycles(nodes, unique)
    closing = {(target, source) for source, target in set(unique) - set(kept)}
    acyclic = [*kept, *sorted(closing - set(kept))]
    depth = _depths(nodes, acyclic)
    layers = [[node for node in range(nodes) if depth[node] == layer] for layer in range(max(depth, default=-1) + 1)]
    bends = count(nodes)
    ways = {}
    for source, target in acyclic:
        passed = [(next(bends), layer) for layer in layers[depth[source] + 1 : depth[target]]]
        for bend, layer in passed:
            layer.append(bend)
        ways[source, target] = (source, *(bend for bend, _ in passed), target)
    neighbours = _neighbours(ways.values())
    _order(layers, neighbours)
    return Layout(
        tuple(map(tuple, layers)),
        _heights(layers, neighbours),
        tuple(ways[edge] for edge in kept),
        tuple(ways[edge] for edge in sorted(closing)),
    )


def _without_cycles(nodes: int, edges: Sequence[Edge]) -> list[Edge]:
    """`edges` but for those that lead back to where a walk has come from."""
    targets: dict[int, list[int]] = {}
    for source, target in edges:
        targets.setdefault(source, []).append(target)
    open_, done = set[int](), set[int]()
    kept: list[Edge] = []

    def walk(node: int) -> None:
        open_.add(node)
        for target in targets.get(node, ()):
            if target not in open_:
                kept.append((node, target))
                if target not in done:
                    walk(target)
        open_.remove(node)
        done.add(node)

    for node in range(nodes):
        if node not in done:
            walk(node)
    return sorted(kept)


def _depths(nodes: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each node: right of all its referrers, and beside its targets where that makes its edges shorter."""
    depth = [0] * nodes
    for _ in range(nodes):
        for source, target in edges:
            depth[target] = max(depth[target], depth[source] + 1)
    targets: dict[int, list[int]] = {}
    referrers = Counter(target for _, target in edges)
    for source, target in edges:
        targets.setdefault(source, []).append(target)
    for node in sorted(targets, key=lambda node: -depth[node]):
        if referrers[node] <= len(targets[node]):
            depth[node] = min(depth[target] for target in targets[node]) - 1
    return depth


def _neighbours(ways: Iterable[Sequence[int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for way in ways:
        for left, right in pairwise(way):
            found.setdefault(left, []).append(right)
            found.setdefault(right, []).append(left)
    return found


def _order(layers: list[list[int]], neighbours: Mapping[int, Sequence[int]]) -> None:
    """Sort every layer by the mean place of neighbours in the layer before it, then in the one after it, and again;
    of all the orders, the first with the fewest crossings stays.
    """
    best = (_crossings(layers, neighbours), [list(layer) for layer in layers])
    for sweep in range(_SWEEPS):
        step = -1 if sweep % 2 else 1
        for beside, layer in pairwise(layers[::step]):
            places, own = _places(beside), _places(layer)
            means = {node: _mean(node, neighbours, places, own) for node in layer}
            layer.sort(key=means.__getitem__)
        best = min(best, (_crossings(layers, neighbours), [list(layer) for layer in layers]), key=itemgetter(0))
    layers[:] = best[1]


def _places(layer: Sequence[int]) -> dict[int, float]:
    """Return the position of each node in its layer, from 0 to 1."""
    return {node: (index + 0.5) / len(layer) for index, node in enumerate(layer)}


def _crossings(layers: Sequence[Sequence[int]], neighbours: Mapping[int, Sequence[int]]) -> int:
    """Pairs of edges between two layers whose ends stand in opposite order."""
    found = 0
    for left, right in pairwise(layers):
        places = {node: index for index, node in enumerate(right)}
        ends: list[int] = []
        for node in left:
            here = sorted(places[other] for other in neighbours.get(node, ()) if other in places)
            found += sum(len(ends) - bisect_right(ends, end) for end in here)
            for end in here:
                insort(ends, end)
    return found


def _heights(layers: Sequence[Sequence[int]], neighbours: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """Rows from the top; two of one layer are at least one row apart."""
    tallest = max(map(len, layers), default=0)
    heights = {node: index + (tallest - len(layer)) / 2 for layer in layers for index, node in enumerate(layer)}
    for sweep in range(_SWEEPS):
        for layer in layers[:: -1 if sweep % 2 else 1]:
            wanted = [_mean(node, neighbours, heights, heights) for node in layer]
            heights.update(zip(layer, _apart(wanted), strict=True))
    top = min(heights.values(), default=0)
    return {node: round(height - top, 3) for node, height in heights.items()}


def _mean(
    node: int, neighbours: Mapping[int, Sequence[int]], places: Mapping[int, float], own: Mapping[int, float]
) -> float:
    found = [places[other] for other in neighbours.get(node, ()) if other in places]
    return fmean(found) if found else own[node]


def _apart(wanted: Sequence[float]) -> list[float]:
    """The heights nearest to those that are wanted, in their order and at least one apart: isotonic regression."""
    blocks: list[list[float]] = []
    for index, height in enumerate(wanted):
        blocks.append([height - index])
        while len(blocks) > 1 and fmean(blocks[-2]) > fmean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    flat = [fmean(block) for block in blocks for _ in block]
    return [height + index for index, height in enumerate(flat)]
