"""A dependency graph as a tree: below each object, what it needs."""

from collections import defaultdict
from collections.abc import Iterator

from reconciler.reports.picture import Picture
from reconciler.reports.style import Style, plain
from reconciler.reports.views.changes import SIGNS

_AGAIN = "…"
"""The mark of an object whose dependencies are shown at another place."""


def graph_text(drawn: Picture, style: Style) -> str:
    """Return the nodes that nothing needs, each with what it needs below it; what a node needs is shown once."""
    needs: dict[int, list[int]] = defaultdict(list)
    for source, target in drawn.edges:
        needs[source].append(target)
    needed = {target for _, target in drawn.edges}
    shown: set[int] = set()
    roots = [index for index in range(len(drawn.nodes)) if index not in needed]
    lines = [line for root in roots for line in _tree(root, drawn, needs, shown, style)]
    for index in range(len(drawn.nodes)):  # those of circles, which have no root
        if index not in shown:
            lines += _tree(index, drawn, needs, shown, style)
    return "".join(f"{line}\n" for line in lines)


def _tree(root: int, drawn: Picture, needs: dict[int, list[int]], shown: set[int], style: Style) -> Iterator[str]:
    waiting = [(root, 0, False)]
    while waiting:
        index, depth, is_copy = waiting.pop()
        is_again = index in shown and bool(needs[index])
        node = drawn.nodes[index]
        label = f"{SIGNS[node.standing]} {plain(node.label)}".strip()
        label = style.paint(label, "bold") if node.is_focus else label
        words = ["  " * depth + label, *(["(copied from it)"] if is_copy else []), *([_AGAIN] if is_again else [])]
        yield " ".join(words)
        if index not in shown:
            shown.add(index)
            below = [(target, depth + 1, (index, target) in drawn.copies) for target in needs[index]]
            waiting += reversed(below)
