import pytest

from reconciler.planning.build import unresolved
from reconciler.planning.graph import Edge, Graph
from reconciler.resources.address import Address
from tests.support.asking import warned
from tests.support.plan_inputs import Worlds, done, entry, ref


def test_the_summary_counts_by_action():
    worlds = Worlds().want("widget/a").stays("widget/b").synced("widget/c").synced("widget/d")
    worlds.want("widget/e", note="x").applied("widget/e", note="x").live("widget/e", note="hand")
    assert worlds.plan().summary == {"create": 1, "delete": 1, "drift": 1, "unchanged": 2}


def test_requests_are_what_applying_costs_at_openai():
    worlds = Worlds().want("widget/a").stays("widget/b").want("page/home").stays("page/old")
    worlds.want_file("a.md", "A").want("vectorstore/kb", files={"a.md": entry("a.md", "A")})
    assert worlds.plan().requests == {"DELETE": 1, "POST": 4}


def test_a_reference_to_nothing_is_told():
    worlds = (
        Worlds().synced("widget/a").link("widget/a", "widget/b").link("widget/a", "widget/nowhere").synced("widget/b")
    )
    assert [(str(address), str(link.target)) for address, link in unresolved(worlds.planned())] == [
        ("widget/a", "widget/nowhere")
    ]


def test_files_that_need_a_look_are_warned_of():
    worlds = Worlds().want("vectorstore/kb").applied("vectorstore/kb")
    worlds.live("vectorstore/kb", detail={"unmanaged_files": {"f1": {}, "f2": {}}, "failed_files": {"f3": "too large"}})
    assert warned(worlds.plan()) == [
        ("files-not-in-manifest", "vectorstore/kb", {"files": ["f1", "f2"]}),
        ("files-not-indexed", "vectorstore/kb", {"files": ["f3"]}),
    ]


def test_scope_is_everything_that_may_change():
    worlds = Worlds().want("widget/a", uses=ref("widget/b")).want("widget/b").want("widget/c").stays("widget/d")
    plan = worlds.plan(scope=frozenset({Address("widget", "a"), Address("widget", "b")}))
    assert done(*plan.changes) == [("create", "widget/b"), ("create", "widget/a")]


def graph(*edges: str) -> Graph:
    pairs = (edge.split(" > ") for edge in edges)
    return Graph(tuple(Edge(Address.parse(source), Address.parse(target), "manifest") for source, target in pairs))


@pytest.mark.parametrize(
    ("edges", "chain"),
    [
        ([], ("w/z",)),
        (["w/a > w/z"], ("w/a", "w/z")),
        (["w/a > w/b", "w/b > w/z"], ("w/a", "w/b", "w/z")),
        (["w/a > w/b", "w/b > w/z", "w/c > w/z"], ("w/c", "w/z")),
        (["w/a > w/z", "w/z > w/a"], ("w/a", "w/z")),
        (["w/z > w/z"], ("w/z",)),
    ],
)
def test_the_shortest_way_down_from_who_nobody_refers_to(edges, chain):
    assert tuple(map(str, graph(*edges).chain_to(Address("w", "z")))) == chain


def test_depths_count_what_stands_below():
    depths = graph("w/a > w/b", "w/b > w/c", "w/a > w/c", "w/d > w/c").depths()
    assert {str(node): depth for node, depth in depths.items()} == {"w/a": 2, "w/b": 1, "w/d": 1, "w/c": 0}


def test_a_long_chain_is_no_recursion():
    long = graph(*(f"w/{n} > w/{n + 1}" for n in range(5000)))
    assert long.depths()[Address("w", "0")] == 5000
    assert len(long.chain_to(Address("w", "5000"))) == 5001


def test_a_cycle_ends():
    assert set(graph("w/a > w/b", "w/b > w/a").depths()) == {Address("w", "a"), Address("w", "b")}
