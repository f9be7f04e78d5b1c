"""An inventory as text: totals by type, totals by group, and every object."""

from typing import Final

from reconciler.importing.inventory_model import Inventory
from reconciler.reports.style import Style, headline, joined, wrap
from reconciler.reports.text.tables import table
from reconciler.reports.views.inventory import (
    OBJECT_HEADERS,
    SUM_HEADERS,
    estimate,
    found_text,
    none_text,
    object_row,
    sum_row,
    unused_text,
)

_BELOW: Final = ("NAME", "OWNER", "USED BY", "$/DAY", "TYPE", "LAST ACTIVE", "SIZE")
"""The columns that a narrow terminal shows below the row, first to last. The prefix of an id shows its type."""

_USERS: Final = "USED BY"


def inventory_text(inventory: Inventory, *, style: Style) -> str:
    """Return the tables for a terminal."""
    whose = f"owned objects are those of {inventory.identity}" if inventory.identity else "no project in this folder"
    found = f"{found_text(inventory)} at {inventory.endpoint}; {whose}."
    parts = [headline("Live:", "cyan", found, style)]
    if inventory.items and inventory.by != "type":
        parts.append(_lines(table([sum_row(one) for one in inventory.types], ("TYPE", *SUM_HEADERS), style=style)))
    if inventory.by:
        headers = (inventory.by.upper(), *SUM_HEADERS)
        none = none_text(inventory.by)
        parts.append(_lines(table([sum_row(one, none) for one in inventory.groups], headers, style=style)))
    # Nothing uses the objects of --unused.
    shown = [name for name in OBJECT_HEADERS if not (inventory.chosen.unused and name == _USERS)]
    cells = (dict(zip(OBJECT_HEADERS, object_row(item), strict=True)) for item in inventory.items)
    rows = [[row[name] for name in shown] for row in cells]
    parts.append(_lines(table(rows, shown, style=style, below=[name for name in _BELOW if name in shown])))
    if inventory.chosen.unused:
        parts.append(wrap(unused_text(inventory), style.width))
    parts.append(wrap(estimate(inventory), style.width))
    return joined(parts)


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n") if text else []
