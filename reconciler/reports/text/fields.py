"""The fields of one change as lines for a terminal, with a diff below a field whose values need more than a line."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.reports.style import Look, Style, cells, plain
from reconciler.reports.views import fields as shown
from reconciler.reports.views.diffs import unified
from reconciler.reports.views.fields import ShownField, fold_lines, split_files
from reconciler.reports.views.values import lines_of, size, whole
from reconciler.resources.registry import members
from reconciler.resources.values import ABSENT

_LOOKS: Final[dict[str, Look]] = {"+": "green", "-": "red", "~": "yellow"}


def field_lines(fields: Sequence[ShownField], style: Style, *, indent: int) -> list[str]:
    """Return a line per field, with a diff below it where needed; many files of a store are counted."""
    single, files = split_files(fields)
    lines = [line for item in single for line in _field(item, style, indent)]
    return [*lines, *fold_lines(files, style.width, indent)]


def summary_lines(fields: Sequence[ShownField], style: Style, *, indent: int) -> list[str]:
    """Return the fields of an object that is created or deleted, side by side."""
    return [style.paint(line, "dim") for line in shown.summary_lines(fields, style.width, indent)]


def _field(item: ShownField, style: Style, indent: int) -> Iterator[str]:
    if item.moved:
        yield f"{' ' * indent}{style.paint('~', _LOOKS['~'])} {plain(item.moved)}"
        return
    mark = f" ({item.mark})" if item.mark else ""
    start = f"{' ' * indent}{style.paint(item.sign, _LOOKS[item.sign])} {item.label}:"
    room = style.width - indent - cells(f"{item.sign} {item.label}: {mark}")
    end = style.paint(mark, "yellow")
    text = _one_line(item, room)
    if text is not None:
        yield f"{start} {text}{end}"
        return
    yield start + end
    yield from _block(item, style, indent + 2)


def _one_line(item: ShownField, room: int) -> str | None:
    """Return the values on one line; None if they need more than `room` or have several lines."""
    if item.has_lines:
        return None
    before_after = [side for side in (item.before, item.after) if side is not ABSENT]
    text = " -> ".join(map(whole, before_after))
    if cells(text) <= room:
        return text
    only = before_after[0] if len(before_after) == 1 else None
    return size(only, room) if isinstance(only, dict | list) and item.keys[0] in members() else None


def _block(item: ShownField, style: Style, indent: int) -> list[str]:
    """Return each value on its own line, or a diff if they do not fit."""
    if not item.has_lines:
        before_after = (("-", item.before), ("+", item.after))
        lines = [f"{sign} {whole(side)}" for sign, side in before_after if side is not ABSENT]
        if all(cells(line) <= style.width - indent for line in lines):
            return [" " * indent + style.paint(line, _LOOKS[line[0]]) for line in lines]
    return unified(lines_of(item.before), lines_of(item.after), style, indent=indent)
