"""Changes as rows for a terminal: one line each, with differences and notes below it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.reports.style import Look, Style, cells, first_few, pad, plain, wrap, wrap_parts
from reconciler.reports.text.fields import field_lines, summary_lines
from reconciler.reports.views.changes import ChangeView

_LOOKS: Final[dict[str, Look]] = {
    "+": "green",
    "~": "yellow",
    "±": "yellow",
    "-": "red",
    "!": "red",
    ">": "cyan",
    "^": "cyan",
}
_INDENT: Final = 6
_WIDEST_ADDRESS: Final = 44


def change_rows(changes: Sequence[ChangeView], style: Style) -> list[str]:
    """Return the lines of all rows, with their columns aligned."""
    word_room = max((len(row.word) for row in changes), default=0)
    room = address_room(plain(row.title) for row in changes)
    blocks = ((*_head(row, style, word_room, room), *_below(row, style)) for row in changes)
    return [line for block in blocks for line in block]


def painted_sign(sign: str, style: Style) -> str:
    return style.paint(sign, _LOOKS[sign])


def address_room(addresses: Iterable[str]) -> int:
    """Return the columns of the widest address, without those too wide for a column."""
    return max((room for room in map(cells, addresses) if room <= _WIDEST_ADDRESS), default=0)


def _head(row: ChangeView, style: Style, word_room: int, room: int) -> Iterator[str]:
    word, address = pad(row.word, word_room), plain(row.title)
    start = f"  {painted_sign(row.sign, style)} {word}  {style.paint(address, 'bold')}"
    gap = " " * (max(room - cells(address), 0) + 2)
    beside = "  ".join(part for part in (row.decision, plain(row.deleted), plain(row.where)) if part)
    if not beside:
        yield start
    elif cells(f"  {row.sign} {word}  {address}{gap}{beside}") <= style.width:
        yield f"{start}{gap}{style.paint(beside, 'dim')}"
    else:
        yield start
        indent = " " * _INDENT
        yield from (style.paint(line, "dim") for line in wrap(beside, style.width, lead=indent, hang=indent))


def _below(row: ChangeView, style: Style) -> Iterator[str]:
    indent = " " * _INDENT
    if row.files:
        files = first_few(row.files, len(row.files)) if row.is_listed else first_few(row.files)
        lines = wrap_parts(files, style.width, lead=indent, hang=indent)
        yield from (style.paint(line, "dim") for line in lines)
    lines_of_fields = summary_lines if row.is_summary else field_lines
    yield from lines_of_fields(row.fields, style, indent=_INDENT)
    marked: list[tuple[str, Look, str]] = [("#", "dim", text) for text in row.notes]
    marked += [("!", "yellow", text) for text in row.risks]
    for mark, look, text in marked:
        lines = wrap(text, style.width, lead=f"{indent}{mark} ", hang=f"{indent}  ")
        yield from (style.paint(line, look) for line in lines)
