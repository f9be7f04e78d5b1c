"""A picture as SVG. Its looks come from a style sheet, that of the page or its own, so that it is light or dark as what
is around it.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

from reconciler.reports.html.layout import Layout, layout
from reconciler.reports.html.markup import Markup, element, raw
from reconciler.reports.html.page import file_text
from reconciler.reports.picture import Drawn, Picture
from reconciler.reports.style import cells, clip, plain
from reconciler.reports.views.changes import SIGNS, TONES

_ROW: Final = 56.0
_HEIGHT: Final = 42.0
_GAP: Final = 64.0
_MARGIN: Final = 8.0
_CHAR: Final = 7.9
"""Pixels of one column of the names, which are set in 13 pixels, monospaced."""
_ROOM: Final = 34
"""Columns of the longest name that is not cut."""


def svg(drawn: Picture, title: str, description: str, *, name: str = "picture") -> Markup:
    """The drawing, with a title and a description for those who cannot see it. `name` begins its ids in the page."""
    return _drawing(drawn, title, description, name=name)


def svg_file(drawn: Picture, title: str, description: str) -> str:
    """Return the drawing as a document of its own."""
    sheet = element("style", raw(file_text("picture.css")))
    ground = element("rect", class_="ground", width="100%", height="100%")
    return f"{_drawing(drawn, title, description, sheet, ground, xmlns='http://www.w3.org/2000/svg')}\n"


def _drawing(
    drawn: Picture, title: str, description: str, *below: Markup, name: str = "picture", **attributes: str
) -> Markup:
    """Return the drawing, over the elements `below`."""
    placed = _Placed(drawn, layout(len(drawn.nodes), drawn.edges), name)
    width, height = placed.size
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-description"),
        *below,
        _arrow(name),
        [placed.edge(way) for way in placed.plan.ways],
        [placed.return_edge(way) for way in placed.plan.returns],
        [placed.node(index) for index in range(len(drawn.nodes))],
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-description",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        **attributes,
    )


class _Placed:
    """A picture whose nodes have places, in pixels."""

    def __init__(self, drawn: Picture, plan: Layout, name: str) -> None:
        self.drawn, self.plan, self._name = drawn, plan, name
        self._layer = {node: index for index, layer in enumerate(plan.layers) for node in layer}
        self._widths = [max((self._width(node) for node in layer), default=0) for layer in plan.layers]
        self._lefts = list(accumulate((width + _GAP for width in self._widths), initial=_MARGIN))

    @property
    def size(self) -> tuple[float, float]:
        rows = max(self.plan.heights.values(), default=0)
        return self._lefts[-1] - _GAP + _MARGIN, rows * _ROW + _HEIGHT + 2 * _MARGIN

    def node(self, index: int) -> Markup:
        node, (kind, name) = self.drawn.nodes[index], _words(self.drawn.nodes[index])
        x, y, width = self._left(index), self._top(index), self._widths[self._layer[index]]
        return element(
            "g",
            element("title", f"{plain(node.label)}: {node.note or node.standing}"),
            _box(x, y, width),
            _text("kind", x + 12, y + 16, kind),
            _text("name", x + 12, y + (32 if kind else 26), name),
            _text("sign", x + width - 12, y + 17, SIGNS[node.standing]),
            class_=f"node {TONES[node.standing]}" + (" focus" if node.is_focus else ""),
        )

    def edge(self, way: Sequence[int]) -> Markup:
        """From the right of the source to the left of the target, straight on beside the nodes it passes."""
        source, *bends, target = way
        stops = [(self._right(source), self._middle(source))]
        for bend in bends:
            stops += [(self._left(bend), self._middle(bend)), (self._right(bend), self._middle(bend))]
        stops.append((self._left(target) - 5, self._middle(target)))
        return self._path(stops, (source, target))

    def return_edge(self, way: Sequence[int]) -> Markup:
        """Return an edge to the left, which is given from its target to its source."""
        target, *bends, source = way
        stops = [(self._left(source), self._middle(source))]
        for bend in reversed(bends):
            stops += [(self._right(bend), self._middle(bend)), (self._left(bend), self._middle(bend))]
        stops.append((self._right(target) + 5, self._middle(target)))
        return self._path(stops, (source, target))

    def _path(self, stops: Sequence[tuple[float, float]], edge: tuple[int, int]) -> Markup:
        look = "edge copy" if edge in self.drawn.copies else "edge"
        return element("path", d="".join(_curves(stops)), class_=look, marker_end=f"url(#{self._name}-arrow)")

    def _width(self, node: int) -> float:
        """Return the width of the box of a node; zero for a bend."""
        if node >= len(self.drawn.nodes):
            return 0
        kind, name = _words(self.drawn.nodes[node])
        return 40 + _CHAR * max(cells(name), cells(kind), 6)

    def _left(self, node: int) -> float:
        return self._lefts[self._layer[node]]

    def _right(self, node: int) -> float:
        return self._left(node) + self._widths[self._layer[node]]

    def _top(self, node: int) -> float:
        return self.plan.heights[node] * _ROW + _MARGIN

    def _middle(self, node: int) -> float:
        return self._top(node) + _HEIGHT / 2


def _words(node: Drawn) -> tuple[str, str]:
    """Kind and name; of several objects, how many."""
    kind, slash, name = plain(node.label).partition("/")
    return (kind, clip(name, _ROOM)) if slash and node.objects == 1 else ("", clip(plain(node.label), _ROOM))


def _box(x: float, y: float, width: float) -> Markup:
    return element("rect", x=f"{x:g}", y=f"{y:g}", width=f"{width:g}", height=f"{_HEIGHT:g}", rx="7")


def _text(look: str, x: float, y: float, text: str) -> Markup:
    return element("text", text, class_=look, x=f"{x:g}", y=f"{y:g}") if text else Markup()


def _curves(stops: Sequence[tuple[float, float]]) -> Iterator[str]:
    yield f"M{stops[0][0]:g} {stops[0][1]:g}"
    for (x, y), (to_x, to_y) in pairwise(stops):
        half = (x + to_x) / 2
        yield f"L{to_x:g} {to_y:g}" if y == to_y else f"C{half:g} {y:g} {half:g} {to_y:g} {to_x:g} {to_y:g}"


def _arrow(name: str) -> Markup:
    head = element("path", d="M0 0L7 3.5L0 7z", class_="head")
    marker = element(
        "marker", head, id=f"{name}-arrow", viewBox="0 0 7 7", refX="3", refY="3.5", markerWidth="7", markerHeight="7",
        markerUnits="userSpaceOnUse", orient="auto",
    )  # fmt: skip
    return element("defs", marker)
