"""DOT, as the grammar of Graphviz reads it: https://graphviz.org/doc/info/lang.html"""

import pytest

from reconciler.planning.dependencies import Dependency, DependencyGraph, GraphObject
from reconciler.planning.referrers import Foreign
from reconciler.reports.dot import dot
from reconciler.reports.style import plain
from reconciler.resources.address import Address
from tests.support.dot import read
from tests.support.hostile import VALUES

TRIAGE, FLOW, COPY = (Address.parse(text) for text in ("assistant/triage", "pipeline/flow", "assistant/triage@bot.1"))


def graph(*others: GraphObject, address: Address | None = None) -> DependencyGraph:
    objects = (GraphObject(TRIAGE, "agent"), GraphObject(FLOW, "pipeline", action="create"), GraphObject(COPY, "agent"))
    dependencies = (Dependency(FLOW, TRIAGE, ("live",)), Dependency(COPY, TRIAGE, (), is_copy=True))
    needed = tuple(Dependency(one.node, TRIAGE, ("live",)) for one in others)
    return DependencyGraph("acme/production", (*objects, *others), (*dependencies, *needed), address=address)


def test_objects_and_references_are_nodes_and_edges():
    source = dot(graph(address=TRIAGE))
    assert source.startswith('digraph "acme/production" {\n')
    assert '"assistant/triage" [label="assistant/triage", penwidth=3];' in source
    assert '"pipeline/flow" [label="+ pipeline/flow", fillcolor="#dafbe1", color="#1a7f37"];' in source
    assert '"pipeline/flow" -> "assistant/triage";' in source
    assert '"assistant/triage@bot.1" -> "assistant/triage" [style=dashed];' in source


@pytest.mark.parametrize(
    "name", [*VALUES, '"', "\\", 'a\\"b', 'x"]; } digraph y { "z', "a\nb", "\x00", "&lt;", "\\N\\G"]
)
def test_names_of_others_are_only_text(name):
    other = GraphObject(Foreign("automation", "aut_1", name), "automation")
    found = read(dot(graph(other)))
    assert found.nodes["assistant/triage"]["label"] == "assistant/triage"
    shown = plain(str(other.node))
    assert found.labels == ["assistant/triage", "+ pipeline/flow", "assistant/triage@bot.1", shown]
    assert len(found.edges) == 3


def test_every_object_of_a_large_estate_is_in_it():
    many = tuple(GraphObject(Foreign("session", f"sess_{number}"), "session") for number in range(3000))
    found = read(dot(graph(*many)))
    assert (len(found.nodes), len(found.edges)) == (3003, 3002)
