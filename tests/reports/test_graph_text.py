from reconciler.reports.picture import Drawn, Picture
from reconciler.reports.text.graph import graph_text
from tests.support.plans import PLAIN


def drawn(
    *labels: str, edges: tuple[tuple[int, int], ...] = (), copies: frozenset[tuple[int, int]] = frozenset()
) -> str:
    return graph_text(Picture(tuple(Drawn(label, "untouched") for label in labels), edges, copies), PLAIN)


def test_what_several_objects_need_is_shown_once():
    assert drawn("a", "b", "c", "d", edges=((0, 2), (1, 2), (2, 3))) == "a\n  c\n    d\nb\n  c …\n"


def test_objects_in_a_circle_are_shown():
    assert drawn("a", "b", edges=((0, 1), (1, 0))) == "a\n  b\n    a …\n"


def test_the_original_of_a_copy_is_marked():
    assert drawn("a@1", "a", edges=((0, 1),), copies=frozenset({(0, 1)})) == "a@1\n  a (copied from it)\n"
