"""The references that the pictures of a plan show: what it touches, and what depends on that."""

from collections.abc import Iterable, Iterator

from reconciler.planning.graph import COPY, Edge, Graph
from reconciler.planning.referrers import Node
from reconciler.resources.address import Address


def references(touched: Iterable[str], before: Graph, after: Graph) -> tuple[tuple[Node, Node], ...]:
    """Pairs of referrer and referent, sorted: every reference, now or after the plan, to something in `touched` or to
    what depends on it. That a copy was made of something is no dependence.
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
    """Edges to `target`; nothing refers to an object of somebody else."""
    if isinstance(target, Address):
        for graph in graphs:
            yield from (edge for edge in graph.referrers.get(target, ()) if edge.seen != COPY)
