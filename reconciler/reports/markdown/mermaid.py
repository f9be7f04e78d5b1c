"""A picture as Mermaid, which GitHub and GitLab draw inside a comment."""

from collections.abc import Iterator
from typing import Final

from reconciler.reports.picture import Drawn, Picture
from reconciler.reports.style import clip, plain
from reconciler.reports.views.changes import SIGNS, TONES

LABEL_ROOM: Final = 48
_LOOKS: Final = {
    "new": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "changed": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "gone": "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    "refused": "fill:#cf222e,stroke:#82071e,color:#ffffff,stroke-width:2px",
    "drift": "fill:#fbefff,stroke:#8250df,color:#1f2328",
    "foreign": "fill:#f6f8fa,stroke:#59636e,color:#1f2328,stroke-dasharray:2",
}
_FOCUS: Final = "stroke-width:4px"
_PLAIN: Final = frozenset(" /._-")


def mermaid(drawn: Picture) -> str:
    """The source of a flowchart: referrers on the left, what they refer to on the right."""
    return "\n".join(["flowchart LR", *_nodes(drawn), *_edges(drawn), *_looks(drawn)])


def _nodes(drawn: Picture) -> Iterator[str]:
    for index, node in enumerate(drawn.nodes):
        look = TONES[node.standing]
        yield f'  n{index}["{_label(node)}"]' + (f":::{look}" if look in _LOOKS else "")


def _edges(drawn: Picture) -> Iterator[str]:
    for edge in drawn.edges:
        yield f"  n{edge[0]} {'-.->' if edge in drawn.copies else '-->'} n{edge[1]}"


def _looks(drawn: Picture) -> Iterator[str]:
    used = {TONES[node.standing] for node in drawn.nodes}
    yield from (f"  classDef {name} {look}" for name, look in _LOOKS.items() if name in used)
    yield from (f"  style n{index} {_FOCUS}" for index, node in enumerate(drawn.nodes) if node.is_focus)


def _label(node: Drawn) -> str:
    return quoted(f"{SIGNS[node.standing]} {clip(plain(node.label), LABEL_ROOM)}".strip())


def quoted(text: str) -> str:
    """`text` inside quotes: all but letters, digits and what stands in names is written as a character code."""
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in text)
