"""The differences between two releases as text: a line for each object, and the command that shows all of it."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.reports.style import Look, Style, plain, wrap
from reconciler.reports.views.versions import EQUAL, VersionLine, VersionView

_LOOKS: Final[dict[str, Look]] = {"+": "green", "-": "red", "~": "yellow"}


def version_lines(versions: Sequence[VersionView], style: Style) -> list[str]:
    """Return the lines for each chatbot."""
    return [
        line
        for one in versions
        for line in (*wrap(one.title, style.width, lead="  ", hang="    "), *difference_lines(one, style))
    ]


def difference_lines(one: VersionView, style: Style, indent: str = "    ") -> Iterator[str]:
    """Yield the differences between two releases, and the command that shows them in full."""
    for line in one.lines:
        yield from _line(line, style, indent)
    if one.lines:
        yield f"{indent}In full: {plain(one.command)}"
    else:
        yield f"{indent}{EQUAL}"


def _line(line: VersionLine, style: Style, indent: str) -> Iterator[str]:
    lead = f"{indent}{line.sign or ' '} "
    text = f"{line.address}: {line.what}" if line.what else line.address
    first, *others = wrap(text, style.width, lead=lead, hang=f"{indent}    ")
    sign = style.paint(line.sign, _LOOKS[line.sign]) if line.sign else " "
    yield f"{indent}{sign} {first[len(lead) :]}"
    yield from others
