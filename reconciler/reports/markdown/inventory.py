"""An inventory as Markdown for an issue or a wiki."""

from collections.abc import Iterable, Sequence

from reconciler.importing.inventory_model import Inventory
from reconciler.reports.markdown.escaping import code, prose, table
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


def inventory_markdown(inventory: Inventory) -> str:
    """Return `inventory` as headings and tables."""
    found, taken = prose(found_text(inventory)), prose(inventory.taken_at)
    owner = "no project in this folder"
    if inventory.identity:
        owner = f"owned objects are those of {code(inventory.identity)}"
    parts = [f"## Inventory\n\n{found} at {code(inventory.endpoint)}, {taken}; {owner}."]
    if inventory.by != "type":
        parts.append(_table(map(sum_row, inventory.types), ("Type", *SUM_HEADERS)))
    if inventory.by:
        none = none_text(inventory.by)
        parts.append(_table((sum_row(one, none) for one in inventory.groups), (inventory.by, *SUM_HEADERS)))
    parts.append(_table(map(object_row, inventory.items), OBJECT_HEADERS))
    if inventory.chosen.unused:
        parts.append(prose(unused_text(inventory)))
    return "\n\n".join([*filter(None, parts), estimate(inventory)]) + "\n"


def _table(rows: Iterable[Sequence[str]], headers: Sequence[str]) -> str:
    return table((map(_cell, row) for row in rows), [prose(header.capitalize()) for header in headers])


def _cell(text: str) -> str:
    """Return a cell: sentences and words as prose, names and ids as code."""
    if text == "-":
        return text
    return prose(text) if " " in text or text.replace(".", "").isalnum() else code(text)
