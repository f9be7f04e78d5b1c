"""An inventory as Markdown for an issue or a wiki."""

from collections.abc import Iterable, Sequence

from reconciler.importing.inventory_model import Inventory
from reconciler.reports.markdown.escaping import code, prose, table
from reconciler.reports.style import count
from reconciler.reports.views.inventory import OBJECT_HEADERS, SUM_HEADERS, estimate, object_row, sum_row


def inventory_markdown(inventory: Inventory) -> str:
    """Return `inventory` as headings and tables."""
    found, taken = count(len(inventory.items), "object"), prose(inventory.taken_at)
    owner = "no project in this folder"
    if inventory.identity:
        owner = f"owned objects are those of {code(inventory.identity)}"
    parts = [f"## Inventory\n\n{found} at {code(inventory.endpoint)}, {taken}; {owner}."]
    parts.append(_table(map(sum_row, inventory.types), ("Type", *SUM_HEADERS)))
    if inventory.by:
        parts.append(_table(map(sum_row, inventory.groups), (inventory.by, *SUM_HEADERS)))
    parts.append(_table(map(object_row, inventory.items), OBJECT_HEADERS))
    return "\n\n".join([*filter(None, parts), estimate(inventory.prices)]) + "\n"


def _table(rows: Iterable[Sequence[str]], headers: Sequence[str]) -> str:
    return table((map(_cell, row) for row in rows), [prose(header.capitalize()) for header in headers])


def _cell(text: str) -> str:
    """Return a cell: sentences and words as prose, names and ids as code."""
    if text == "-":
        return text
    return prose(text) if " " in text or text.replace(".", "").isalnum() else code(text)
