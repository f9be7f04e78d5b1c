"""Tables: what the state holds, and where everything stands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from reconciler.reports.style import Style, cells, clip, clip_inside, pad, plain, wrap
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
ADDRESSES: Final[Mapping[str, int]] = {"ADDRESS": 40, "STATUS": 30}
"""Those of tables in which users look for addresses: other columns give way first."""


def table(
    rows: Sequence[Sequence[str]],
    headers: Sequence[str],
    *,
    style: Style,
    expendable: Sequence[str] = (),
    least: Mapping[str, int] = _LEAST,
) -> str:
    """Columns as wide as they must be. No header without rows.

    Where a row is wider than the line, the widest columns are cut, down to `least` and ids not at all; where that does
    not do, those that are `expendable` are left out, the first one first, and a line names them.
    """
    if not rows:
        return ""
    texts = [list(headers), *([plain(cell) for cell in row] for row in rows)]
    rooms = {name: max(map(cells, column)) for name, *column in _columns(texts)}
    shown = _fitting(rooms, style.width, expendable, least)
    chosen = [index for index, name in enumerate(headers) if name in shown]
    lines = [_line([(headers[index], row[index], shown[headers[index]]) for index in chosen]) for row in texts]
    hidden = [name for name in headers if name not in shown]
    note = _hidden(hidden, style) if hidden else []
    return "\n".join([style.paint(lines[0], "bold"), *lines[1:], *note]) + "\n"


def _hidden(names: Sequence[str], style: Style) -> list[str]:
    """Return the lines that name the columns that were left out."""
    text = f"Hidden at {style.width} columns: {', '.join(names)}; use -o json or a wider terminal."
    return ["", *(style.paint(line, "dim") for line in wrap(text, style.width))]


def _columns(texts: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Each column, after its name."""
    return ([column[0], *column] for column in zip(*texts, strict=True))


def _line(row: Sequence[tuple[str, str, int]]) -> str:
    """Return a line of the cells with their columns and widths."""
    parts = (pad((clip_inside if name in _PATHS else clip)(text, room), room) for name, text, room in row)
    return "  ".join(parts).rstrip()


def _fitting(
    rooms: Mapping[str, int], width: int, expendable: Sequence[str], least: Mapping[str, int]
) -> dict[str, int]:
    """Return the width of each column that is shown."""
    for dropped in range(len(expendable) + 1):
        left = {name: room for name, room in rooms.items() if name not in expendable[:dropped]}
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
