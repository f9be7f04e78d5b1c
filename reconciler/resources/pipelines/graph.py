"""Edges of a pipeline, and the rules that its models cannot check: rules of nodes, and of the graph that they form."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from reconciler.resources.base import Path, Spec
from reconciler.resources.pipelines.nodes import Code, Custom, Node, Routing
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
    """Yield the violations of nodes, then of the graph. Reachability is only checked if all edges are valid."""
    yield from _check_nodes(nodes)
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


_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-_A-Za-z0-9]*[A-Za-z0-9])?")


def _check_nodes(nodes: Mapping[str, Node]) -> Iterator[Finding]:
    for name, node in nodes.items():
        place: Path = ("spec", "nodes", name)
        yield from _check_name(name, place)
        yield from _check_parameters(node, place)
        if isinstance(node, Routing):
            yield from _check_keywords(node, place)
        if isinstance(node, Code):
            yield from _check_code(node.code, (*place, "code"))


def _check_name(name: str, place: Path) -> Iterator[Finding]:
    if name in {START, END}:
        hint = "Remove the node: every pipeline has it."
        yield Finding(place, "reserved-node", f"the name {name!r} is reserved", hint, on_key=True)
    elif len(name) > 63 or not _NAME.fullmatch(name):
        hint = "Use letters, digits, - and _, at most 63, starting and ending with a letter or digit."
        yield Finding(place, "node-name", f"{name!r} is not a valid name of a node", hint, on_key=True)


def _check_parameters(node: Node, place: Path) -> Iterator[Finding]:
    """Yield a warning for each unknown parameter that is similar to a known one. Unknown parameters are passed on."""
    if isinstance(node, Custom):
        return
    for name in node.model_extra or ():
        if close := get_close_matches(name, type(node).model_fields.keys() - node.model_fields_set, n=1, cutoff=0.8):
            message = f"the parameter {name!r} is unknown, and is passed on unchanged"
            hint = f"Did you mean {close[0]}?"
            yield Finding((*place, name), "unknown-parameter", message, hint, "warning", on_key=True)


def _check_keywords(node: Routing, place: Path) -> Iterator[Finding]:
    seen = Counter[str]()
    for index, keyword in enumerate(node.keywords):
        folded = keyword.strip().upper()
        seen[folded] += 1
        if not folded:
            yield Finding((*place, "keywords", index), "empty-keyword", "a keyword must not be empty")
        elif seen[folded] == 2:
            message = f"the keyword {folded} is repeated; case is ignored"
            yield Finding((*place, "keywords", index), "duplicate-keyword", message)
    if node.default_keyword is not None and node.default_keyword.strip().upper() not in seen:
        message = f"default_keyword {node.default_keyword!r} is not one of the keywords"
        hint = f"Write one of {', '.join(node.keywords)}."
        yield Finding((*place, "default_keyword"), "unknown-keyword", message, hint)


def _check_code(code: str, place: Path) -> Iterator[Finding]:
    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(code)
    except SyntaxError as error:
        yield Finding(place, "code-syntax", f"line {error.lineno} of the code: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        yield Finding(place, "code-syntax", f"the code cannot be read: {error or 'it is nested too deeply'}")
    else:
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        if not any(isinstance(statement, functions) and statement.name == "main" for statement in module.body):
            message = "the code does not define the function `main`"
            yield Finding(place, "code-main", message, "Write `def main(input, **kwargs): …`.")
