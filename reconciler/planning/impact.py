"""What a plan touches, and who depends on it: the references that its pictures show."""

from collections.abc import Iterable, Iterator

from reconciler.planning.graph import COPY, Edge, Graph
from reconciler.resources.address import Address


def references(touched: Iterable[str], before: Graph, after: Graph) -> tuple[tuple[str, str], ...]:
    """Pairs of referrer and referent, sorted: every reference, now or after the plan, to something in `touched` or to
    what depends on it. That a copy was made of something is no dependence.
    """
    found: set[tuple[str, str]] = set()
    waiting = list(dict.fromkeys(touched))
    seen = set(waiting)
    while waiting:
        target = waiting.pop()
        for edge in _referring(target, before, after):
            found.add((edge.source, target))
            if edge.source not in seen:
                seen.add(edge.source)
                waiting.append(edge.source)
    return tuple(sorted(found))


def _referring(target: str, *graphs: Graph) -> Iterator[Edge]:
    """Edges to `target`; a stranger, which is no address, is referred to by nobody."""
    if " " in target.partition("/")[0]:
        return
    address = Address.parse(target)
    for graph in graphs:
        yield from (edge for edge in graph.referrers.get(address, ()) if edge.seen != COPY)
