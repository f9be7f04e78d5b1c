"""Tables: what the state holds, and where everything stands."""

from collections.abc import Mapping, Sequence

from reconciler.reports.style import Style, cells, clip, pad, plain
from reconciler.resources.address import Address
from reconciler.resources.base import Applied


def table(rows: Sequence[Sequence[str]], headers: Sequence[str], *, style: Style) -> str:
    """Columns as wide as they must be; the last is cut where the line ends. No header without rows."""
    if not rows:
        return ""
    texts = [headers, *([plain(cell) for cell in row] for row in rows)]
    rooms = [max(map(cells, column)) for column in zip(*texts, strict=True)]
    rooms[-1] = max(style.width - sum(rooms[:-1]) - 2 * len(rooms[:-1]), 8)
    head, *body = ("  ".join(map(pad, map(clip, row, rooms), rooms)).rstrip() for row in texts)
    return "\n".join([style.paint(head, "bold"), *body]) + "\n"


def state_list_text(entries: Mapping[Address, Applied], *, style: Style) -> str:
    """What the state knows, by address; without an entry, a sentence that says so."""
    rows = [
        (str(address), entry.type, entry.id + ("  protected" if entry.protected else ""))
        for address, entry in sorted(entries.items())
    ]
    return table(rows, ("ADDRESS", "TYPE", "ID"), style=style) or "The state is empty: nothing was applied yet.\n"
