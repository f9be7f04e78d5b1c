"""The fields of a change as lines of a diff, for formats without a limit on the lines below a change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.reports.style import Style, cells, plain
from reconciler.reports.views.diffs import unified
from reconciler.reports.views.fields import ShownField, fold_lines, split_files
from reconciler.reports.views.values import lines_of, size, whole
from reconciler.resources.registry import members
from reconciler.resources.values import ABSENT

MOST_LINES: Final = 400
OPEN_LINES: Final = 24
"""The number of lines up to which a diff is shown without a click."""
_STYLE: Final = Style(width=110)
_ONE_LINE: Final = 160
_ROOM: Final = 100


@dataclass(frozen=True)
class Difference:
    """One field: its label, and lines that begin with `+`, `-`, a space, or `@` for a heading."""

    label: str
    lines: tuple[str, ...]
    short: bool
    """True if each side is one line."""
    mark: str = ""
    """The remark on who changed the field."""

    @property
    def counts(self) -> str:
        """`+2 -1`, the numbers of added and removed lines."""
        added, removed = (sum(line.startswith(sign) for line in self.lines) for sign in "+-")
        return f"+{added} -{removed}"

    @property
    def marked_lines(self) -> list[str]:
        """The lines, and the mark as a comment below them."""
        return [*self.lines, *([f"# {self.mark}"] if self.mark else [])]


def differences(fields: Sequence[ShownField]) -> tuple[Difference, ...]:
    """Return every field, short ones first, with escaped lines. Many files of a store are counted."""
    single, files = split_files(fields)
    found = [_difference(item) for item in single]
    if files:
        found.append(Difference("files", tuple(fold_lines(files, _STYLE.width, 0)), short=True))
    return tuple(sorted(found, key=lambda one: not one.short))


def _difference(item: ShownField) -> Difference:
    if item.moved:
        return Difference(item.label, (f"  {plain(item.moved)}",), short=True, mark=item.mark)
    if not item.has_lines:
        lines = tuple(_sides(item))
        if all(cells(line) <= _ONE_LINE for line in lines):
            return Difference(item.label, lines, short=True, mark=item.mark)
    lines = tuple(unified(lines_of(item.before), lines_of(item.after), _STYLE, indent=0, most=MOST_LINES))
    return Difference(item.label, lines, short=False, mark=item.mark)


def _sides(item: ShownField) -> Iterator[str]:
    """Return a line for each value; a file that is added or removed is cut to one line."""
    alone = item.keys[0] in members() and item.sign != "~"
    for sign, side in (("-", item.before), ("+", item.after)):
        if side is not ABSENT:
            text = whole(side)
            cut = alone and isinstance(side, dict | list) and cells(text) > _ROOM
            yield f"{sign} {item.label}: {size(side, _ROOM) if cut else text}"
