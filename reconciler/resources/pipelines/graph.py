"""Edges of a pipeline, and the checks of its graph: existing nodes, a path from start to end, and no cycle."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from reconciler.resources.base import Path, Spec
from reconciler.resources.pipelines.nodes import Custom, Node
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON

START: Final = "start"
END: Final = "end"

_TEXT: Final = {"type": "string"}


def _listed(value: JSON) -> JSON:
    return [value] if isinstance(value, str) else value


class Edge(Spec):
    """A connection from the end of one or several nodes to the beginning of another."""

    model_config = ConfigDict(validate_by_name=False)

    from_: Annotated[
        tuple[str, ...],
        BeforeValidator(_listed),
        WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}),
    ] = Field(alias="from", min_length=1)
    """Source: `start`, a node, or `NODE.OUTPUT` for a node with several outputs; or a list of sources."""
    to: str
    """Target: a node, or `end`."""


class Link(NamedTuple):
    """An edge with a single source."""

    source: str
    output: str
    target: str
    place: Path


def check(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> Iterator[Finding]:
    """Yield the violations of the graph. Reachability is only checked if all edges are valid."""
    links = list(_links(edges))
    findings = [finding for link in links for finding in _check_link(link, nodes)]
    yield from findings
    yield from _check_cycle(links)
    if not findings:
        yield from _check_reach(nodes, links)


def canonical(edges: Iterable[Mapping[str, JSON]]) -> list[JSON]:
    """Return the edges with single sources, sorted. Their order has no meaning."""
    pairs = {(source, edge["to"]) for edge in edges for source in _listed(edge["from"])}
    return [{"from": source, "to": to} for source, to in sorted(pairs)]


def _links(edges: Sequence[Edge]) -> Iterator[Link]:
    for index, edge in enumerate(edges):
        for position, end in enumerate(edge.from_):
            source, _, output = end.partition(".")
            place: Path = ("spec", "edges", index, "from")
            yield Link(source, output, edge.to, place if len(edge.from_) == 1 else (*place, position))


def _check_link(link: Link, nodes: Mapping[str, Node]) -> Iterator[Finding]:
    if link.source == END:
        yield Finding(link.place, "edge-from-end", "an edge cannot start from `end`")
    elif link.source != START and link.source not in nodes:
        message = f"the node {link.source!r} does not exist"
        yield _unknown(link.place, "unknown-node", message, link.source, [START, *nodes])
    else:
        yield from _check_output(link, nodes.get(link.source))
    to = (*link.place[:3], "to")
    if link.target == START:
        yield Finding(to, "edge-to-start", "an edge cannot lead to `start`")
    elif link.target != END and link.target not in nodes:
        message = f"the node {link.target!r} does not exist"
        yield _unknown(to, "unknown-node", message, link.target, [END, *nodes])


def _check_output(link: Link, node: Node | None) -> Iterator[Finding]:
    outputs = node.outputs if node else ()
    if isinstance(node, Custom) or (link.output in outputs if outputs else not link.output):
        return
    if not outputs:
        message = f"{link.source} does not have named outputs"
        yield Finding(link.place, "unknown-output", message, f"Write {link.source}.")
    elif not link.output:
        message = f"{link.source} has one output for each keyword, and the edge does not name one"
        ends = " or ".join(f"{link.source}.{output}" for output in outputs)
        yield Finding(link.place, "unknown-output", message, f"Write {ends}.")
    else:
        message = f"{link.source} does not have an output {link.output!r}"
        yield _unknown(link.place, "unknown-output", message, link.output, outputs)


def _unknown(place: Path, code: str, message: str, given: str, choices: Sequence[str]) -> Finding:
    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(given.casefold(), folded, n=1)
    return Finding(
        place, code, message, f"Did you mean {folded[close[0]]}?" if close else f"There are {', '.join(choices)}."
    )


def _check_cycle(links: Sequence[Link]) -> Iterator[Finding]:
    before: dict[str, dict[str, None]] = {}
    for link in links:
        before.setdefault(link.target, {})[link.source] = None
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        steps = set(pairwise(cycle))
        place = next(link.place for link in links if (link.source, link.target) in steps)
        yield Finding(place[:3], "cycle", f"the pipeline contains a cycle: {' -> '.join(cycle)}")


def _check_reach(nodes: Mapping[str, Node], links: Sequence[Link]) -> Iterator[Finding]:
    reached = _reachable(links)
    if END not in reached:
        yield Finding(("spec", "edges"), "end-unreachable", "no edges lead from start to end")
        return
    for name in nodes:
        if name not in reached:
            message = f"no edges lead from start to {name}"
            yield Finding(("spec", "nodes", name), "unreachable-node", message, severity="warning", on_key=True)


def _reachable(links: Sequence[Link]) -> set[str]:
    after: dict[str, list[str]] = {}
    for link in links:
        after.setdefault(link.source, []).append(link.target)
    reached, waiting = {START}, [START]
    while waiting:
        new = [target for target in after.get(waiting.pop(), ()) if target not in reached]
        reached.update(new)
        waiting += new
    return reached
