"""Changes as rows for a terminal: one line each, with differences and notes below it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.reports.style import Look, Style, cells, count, first_few, pad, plain, wrap, wrap_parts
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
_FEW: Final = 3
_WIDEST_ADDRESS: Final = 44


def change_rows(changes: Sequence[ChangeView], style: Style, *, has_high_risks: bool = True) -> list[str]:
    """Return the lines of all rows, with their columns aligned. Notes that all of many rows have come first.

    With `has_high_risks`, each row also shows its high risks, which another section of a plan lists.
    """
    word_room = max((len(row.word) for row in changes), default=0)
    room = address_room(plain(row.title) for row in changes)
    shared = _shared_notes(changes)
    lines = [style.paint(line, "dim") for text in shared for line in wrap(text, style.width, lead="  # ", hang="    ")]
    for row in changes:
        shown = replace(
            row,
            notes=tuple(text for text in row.notes if text not in shared),
            risks=row.risks if has_high_risks else row.lower_risks,
        )
        lines += [*_head(shown, style, word_room, room), *_below(shown, style)]
    return lines


def change_lists(changes: Sequence[ChangeView], refused: Collection[str], style: Style) -> list[str]:
    """Return all rows of one action as one list of titles, of those that are `refused` only their number."""
    by_action: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in changes:
        by_action[row.sign, row.word].append(row.title)
    lines: list[str] = []
    for (sign, word), titles in by_action.items():
        shown = [title for title in titles if title not in refused]
        others = len(titles) - len(shown)
        more = [f"{count(others, 'refused object')} below"] if others else []
        lines += title_list(sign, word, [*shown, *more], style)
    return lines


def title_list(sign: str, word: str, titles: Sequence[str], style: Style, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of objects with one action: its sign and its word, then the objects side by side."""
    lead = f"{indent}{sign} {word}  "
    hang = " " * cells(lead)
    first, *below = wrap_parts(first_few(titles, len(titles)), style.width, lead=hang, hang=hang)
    yield f"{indent}{painted_sign(sign, style)} {word}  {first[len(hang) :]}"
    yield from below


def _shared_notes(changes: Sequence[ChangeView]) -> list[str]:
    """Return the notes that all rows have, if there are many."""
    if len(changes) <= _FEW:
        return []
    return [text for text in changes[0].notes if all(text in row.notes for row in changes)]


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
