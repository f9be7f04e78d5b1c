"""Tables: what the state holds, and where everything stands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Final

from reconciler.reports.style import Style, cells, clip, clip_inside, pad, plain, wrap, wrap_parts
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.resources.display import short
from reconciler.state.model import AppliedPlan

_IDS: Final = ("ID",)
_PATHS: Final = ("ADDRESS", "OWNER")
"""Columns whose values often begin alike: they are cut in the middle."""
_LEAST: Final[Mapping[str, int]] = {"ADDRESS": 20, "NAME": 20}
"""The smallest width of a column whose values are cut, by name; of all others, `_NARROWEST`."""
_NARROWEST: Final = 16
_INSTEAD: Final = "-o json or a wider terminal"
ADDRESSES: Final[Mapping[str, int]] = {"ADDRESS": 40, "STATUS": 30}
"""Those of tables in which users look for addresses: other columns give way first."""


def table(
    rows: Sequence[Sequence[str]],
    headers: Sequence[str],
    *,
    style: Style,
    expendable: Sequence[str] = (),
    below: Sequence[str] = (),
    folded: Collection[str] = (),
    least: Mapping[str, int] = _LEAST,
    instead: str = _INSTEAD,
) -> str:
    """Columns as wide as they must be. No header without rows.

    Where a row is wider than the line, the columns `below` move to lines below each row, the first one first, until the
    others fit whole. Where that does not do, the widest columns are cut, or wrapped if they are `folded`, down to
    `least` and ids not at all; then those that are `expendable` are left out, the first one first, and a line names
    them and what shows them `instead`.
    """
    if not rows:
        return ""
    texts = [list(headers), *([plain(cell) for cell in row] for row in rows)]
    rooms = {name: max(map(cells, column)) for name, *column in _columns(texts)}
    moved = _moved(rooms, below, style.width)
    shown = _fitting(_without(rooms, moved), style.width, expendable, least)
    head, *body = (dict(zip(headers, row, strict=True)) for row in texts)
    titles = [style.paint(line, "bold") for line in _row(head, shown, folded)]
    lines = [line for row in body for line in (*_row(row, shown, folded), *_below(row, moved, style.width))]
    hidden = [name for name in headers if name not in shown and name not in moved]
    return "\n".join([*titles, *lines, *(_hidden(hidden, style, instead) if hidden else [])]) + "\n"


def _moved(rooms: Mapping[str, int], below: Sequence[str], width: int) -> Sequence[str]:
    """Return the columns that move below their row: as few of the first ones as leave a row that fits, or all."""
    fitting = (count for count in range(len(below)) if _width(_without(rooms, below[:count])) <= width)
    return below[: next(fitting, len(below))]


def _without(rooms: Mapping[str, int], names: Collection[str]) -> dict[str, int]:
    return {name: room for name, room in rooms.items() if name not in names}


def _below(row: Mapping[str, str], names: Sequence[str], width: int) -> list[str]:
    """Return the lines with the values that moved below a row: `  name: handbook; used by: assistant/triage`."""
    named = [f"{name.lower()}: {row[name]}" for name in names if row[name] not in ("", "-")]
    entries = [f"{one};" for one in named[:-1]] + named[-1:]
    parts = [part for one in entries for part in ([one] if cells(one) + 2 <= width else one.split(" "))]
    return wrap_parts(parts, width, lead="  ", hang="  ") if parts else []


def _hidden(names: Sequence[str], style: Style, instead: str) -> list[str]:
    """Return the lines that name the columns that were left out."""
    text = f"Hidden at {style.width} columns: {', '.join(names)}; use {instead}."
    return ["", *(style.paint(line, "dim") for line in wrap(text, style.width))]


def _columns(texts: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Each column, after its name."""
    return ([column[0], *column] for column in zip(*texts, strict=True))


def _row(row: Mapping[str, str], rooms: Mapping[str, int], folded: Collection[str]) -> Iterator[str]:
    """Yield the lines of a row in columns of these widths: one, or more if a folded value is longer than its column."""
    columns = [
        wrap(row[name], room) if name in folded else [(clip_inside if name in _PATHS else clip)(row[name], room)]
        for name, room in rooms.items()
    ]
    for line in zip_longest(*columns, fillvalue=""):
        yield "  ".join(pad(clip(text, room), room) for text, room in zip(line, rooms.values(), strict=True)).rstrip()


def _fitting(
    rooms: Mapping[str, int], width: int, expendable: Sequence[str], least: Mapping[str, int]
) -> dict[str, int]:
    """Return the width of each column that is shown."""
    for dropped in range(len(expendable) + 1):
        left = _without(rooms, expendable[:dropped])
        shown = _cut(left, width, _whole_ids(least, left))
        if _width(shown) <= width:
            return shown
    shown = _cut(left, width, _whole_ids({}, left))
    return _cut(shown, width, dict.fromkeys(shown, 1))


def _whole_ids(least: Mapping[str, int], rooms: Mapping[str, int]) -> dict[str, int]:
    """Return the smallest width of each column; ids are not cut."""
    return {name: room if name in _IDS else least.get(name, _NARROWEST) for name, room in rooms.items()}


def _cut(rooms: Mapping[str, int], width: int, least: Mapping[str, int]) -> dict[str, int]:
    """The widest columns made narrower, one column at a time, until a row fits or none may be."""
    cut = dict(rooms)
    while _width(cut) > width:
        wide = [name for name, room in cut.items() if room > least[name]]
        if not wide:
            break
        cut[max(wide, key=cut.__getitem__)] -= 1
    return cut


def _width(rooms: Mapping[str, int]) -> int:
    return sum(rooms.values()) + 2 * (len(rooms) - 1)


def state_list_text(entries: Mapping[Address, Applied], *, style: Style) -> str:
    """Return the entries of the state by address, or a sentence if it is empty."""
    protected = any(entry.protected for entry in entries.values())
    rows = [
        (str(address), entry.type, entry.id, *(["protected" if entry.protected else ""] if protected else []))
        for address, entry in sorted(entries.items())
    ]
    columns = ("ADDRESS", "TYPE", "ID", *([""] if protected else []))
    shown = table(rows, columns, style=style, expendable=("TYPE",), least=ADDRESSES)
    return shown or "The state is empty: nothing was applied yet.\n"


def history_text(applies: Sequence[AppliedPlan], *, style: Style) -> str:
    """Return one line per apply, or a sentence if there is none."""
    rows = [
        (
            datetime.fromtimestamp(plan.started, UTC).strftime("%Y-%m-%d %H:%M"),
            plan.outcome,
            plan.holder,
            plan.summary,
            short(plan.commit),
            plan.run_url,
        )
        for plan in applies
    ]
    headers = ("STARTED (UTC)", "OUTCOME", "BY", "CHANGES", "COMMIT", "RUN")
    shown = table(rows, headers, style=style, expendable=("RUN", "COMMIT"), least={"CHANGES": 40})
    return shown or "Nothing was applied yet.\n"
