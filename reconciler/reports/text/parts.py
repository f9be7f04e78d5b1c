"""What all reports are put together from: a headline, sections, counts."""

from collections.abc import Iterable, Sequence

from reconciler.reports.style import Look, Style, wrap


def joined(parts: Iterable[Sequence[str]]) -> str:
    """The parts that have lines, with an empty line between two, and a newline at the end."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def headline(verdict: str, look: Look, rest: str, style: Style) -> list[str]:
    """`verdict` in colour, and `rest` after it."""
    first, *others = wrap(rest, style.width, lead=f"{verdict} ", hang="  ")
    return [style.paint(verdict, "bold", look) + first[len(verdict) :], *others]


def section(title: str, lines: Sequence[str], style: Style) -> list[str]:
    """`lines` under a title; nothing where there are none."""
    return [*(style.paint(part, "bold") for part in wrap(title, style.width)), *lines] if lines else []
