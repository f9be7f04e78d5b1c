import random
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from reconciler.reports.html.layout import layout


def test_a_chain_is_a_row():
    found = layout(3, [(0, 1), (1, 2)])
    assert found.layers == ((0,), (1,), (2,))
    assert found.heights == {0: 0, 1: 0, 2: 0}


def test_a_referrer_stands_in_the_middle_of_what_it_refers_to():
    found = layout(3, [(0, 1), (0, 2)])
    assert (found.heights[1], found.heights[0], found.heights[2]) == (0, 0.5, 1)


def test_an_edge_bends_in_every_layer_it_passes():
    found = layout(4, [(0, 1), (1, 2), (0, 2), (3, 2)])
    assert (0, 4, 2) in found.ways
    assert found.layers == ((0,), (1, 3, 4), (2,))


def test_crossings_are_undone():
    found = layout(4, [(0, 3), (1, 2)])
    left, right = found.layers
    assert [target for source in left for start, target in [(0, 3), (1, 2)] if start == source] == list(right)


def test_the_edge_that_closes_a_cycle_leads_back():
    found = layout(2, [(0, 1), (1, 0)])
    assert (found.ways, found.returns) == (((0, 1),), ((0, 1),))
    found = layout(3, [(0, 1), (1, 2), (2, 0)])
    assert found.ways == ((0, 1), (1, 2))
    assert found.returns == ((0, 3, 2),)


def test_nothing_is_drawn_of_nothing():
    assert layout(0, []).layers == ()


graphs = st.integers(1, 60).flatmap(
    lambda nodes: st.tuples(
        st.just(nodes), st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=120)
    )
)


@settings(deadline=None, max_examples=60)
@given(graphs)
def test_every_graph_has_room_for_every_node_and_edges_go_to_the_right(graph):
    nodes, edges = graph
    found = layout(nodes, edges)
    layer_of = {node: index for index, layer in enumerate(found.layers) for node in layer}
    assert set(range(nodes)) <= set(layer_of)
    for layer in found.layers:
        assert all(found.heights[below] - found.heights[above] > 0.99 for above, below in pairwise(layer))
    assert len(found.ways) + len(found.returns) == len({edge for edge in edges if edge[0] != edge[1]})
    for way in (*found.ways, *found.returns):
        assert all(layer_of[right] - layer_of[left] == 1 for left, right in pairwise(way))
    shuffled = list(edges)
    random.Random(1).shuffle(shuffled)
    assert layout(nodes, shuffled) == found
