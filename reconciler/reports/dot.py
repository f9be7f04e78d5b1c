"""A dependency graph in the DOT language of Graphviz, with every object."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.dependencies import DependencyGraph, GraphObject
from reconciler.planning.referrers import Node
from reconciler.reports.picture import standing_of
from reconciler.reports.style import plain
from reconciler.reports.views.changes import SIGNS, TONES, Tone

_LOOKS: Final[dict[Tone, str]] = {
    "new": 'fillcolor="#dafbe1", color="#1a7f37"',
    "changed": 'fillcolor="#fff8c5", color="#9a6700"',
    "gone": 'fillcolor="#ffebe9", color="#cf222e", style="filled,rounded,dashed"',
    "drift": 'fillcolor="#fbefff", color="#8250df"',
    "foreign": 'fillcolor="#f6f8fa", color="#59636e", style="filled,rounded,dotted"',
}


def dot(graph: DependencyGraph) -> str:
    """Return the source of a directed graph: referrers on the left, what they refer to on the right."""
    names = {node: _quoted(str(node)) for node in graph.nodes}
    return "\n".join(
        [
            f"digraph {_quoted(graph.identity)} {{",
            "  rankdir=LR;",
            '  node [shape=box, style="filled,rounded", fillcolor=white, fontname="monospace"];',
            *_nodes(graph, names),
            *_edges(graph, names),
            "}\n",
        ]
    )


def _nodes(graph: DependencyGraph, names: dict[Node, str]) -> Iterator[str]:
    for one in graph.objects:
        look = _LOOKS.get(TONES[standing_of(one)])
        focus = "penwidth=3" if one.node == graph.address else ""
        attributes = ", ".join(filter(None, (f"label={_quoted(_label(one), is_label=True)}", look, focus)))
        yield f"  {names[one.node]} [{attributes}];"


def _edges(graph: DependencyGraph, names: dict[Node, str]) -> Iterator[str]:
    for one in graph.dependencies:
        look = " [style=dashed]" if one.is_copy else ""
        yield f"  {names[one.source]} -> {names[one.target]}{look};"


def _label(one: GraphObject) -> str:
    mark = f" [{one.release}]" if one.release else ""
    return f"{SIGNS[standing_of(one)]} {one.node}{mark}".strip()


def _quoted(text: str, *, is_label: bool = False) -> str:
    """Return `text` as a quoted string. In labels, Graphviz also reads escapes and the entities of HTML."""
    shown = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown.replace("&", "&amp;") if is_label else shown}"'
