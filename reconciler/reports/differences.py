"""The fields of a change as lines of a diff, for formats that have as much room below a change as they want."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.reports.style import Style, cells, plain
from reconciler.reports.text.diffs import unified
from reconciler.reports.text.fields import (
    MARKS,
    ShownField,
    field_label,
    fold_lines,
    has_lines,
    moved_path,
    split_files,
)
from reconciler.reports.text.values import lines_of, size, whole
from reconciler.resources.registry import members
from reconciler.resources.values import ABSENT

_STYLE: Final = Style(width=110)
MOST_LINES: Final = 400
_ONE_LINE: Final = 160
_ROOM: Final = 100


@dataclass(frozen=True)
class Difference:
    """One field: what it is called, and lines that begin with `+`, `-`, a space, or `@` for a heading."""

    label: str
    lines: tuple[str, ...]
    short: bool
    """Whether a line for each side says it all."""
    mark: str = ""
    """What should be known about who changed it."""

    @property
    def added(self) -> int:
        return sum(line.startswith("+") for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.startswith("-") for line in self.lines)


def differences(fields: Sequence[ShownField]) -> tuple[Difference, ...]:
    """Every field, short ones first; the lines are escaped. Many files of a store are summed up."""
    single, files = split_files(fields)
    found = [_difference(item) for item in single]
    if files:
        found.append(Difference("files", tuple(fold_lines(files, _STYLE, 0)), short=True))
    return tuple(sorted(found, key=lambda one: not one.short))


def _difference(item: ShownField) -> Difference:
    mark = MARKS.get(item.origin, "").strip(" ()")
    if moved_path(item):
        return Difference(field_label(item), (f"  {plain(moved_path(item))}",), short=True, mark=mark)
    if not has_lines(item):
        lines = tuple(_sides(item))
        if all(cells(line) <= _ONE_LINE for line in lines):
            return Difference(field_label(item), lines, short=True, mark=mark)
    lines = tuple(unified(lines_of(item.before), lines_of(item.after), _STYLE, indent=0, most=MOST_LINES))
    return Difference(field_label(item), lines, short=False, mark=mark)


def _sides(item: ShownField) -> Iterator[str]:
    """A line for each side there is; of a file that comes or goes, as much as one line holds."""
    alone = item.keys[0] in members() and (item.before is ABSENT or item.after is ABSENT)
    for sign, side in (("-", item.before), ("+", item.after)):
        if side is not ABSENT:
            text = whole(side)
            cut = alone and isinstance(side, dict | list) and cells(text) > _ROOM
            yield f"{sign} {field_label(item)}: {size(side, _ROOM) if cut else text}"
