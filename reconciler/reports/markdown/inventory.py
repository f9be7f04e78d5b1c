"""An inventory as Markdown, for an issue or a wiki."""

from collections.abc import Iterable, Sequence

from reconciler.importing.inventory_model import Inventory
from reconciler.reports.markdown.escaping import code, prose, table
from reconciler.reports.style import count
from reconciler.reports.text.inventory import OBJECT_HEADERS, SUM_HEADERS, estimate, object_row, sum_row


def inventory_markdown(inventory: Inventory) -> str:
    """Headings and tables."""
    whose = code(inventory.identity) if inventory.identity else "no project"
    found = count(len(inventory.items), "object")
    parts = [f"## Inventory\n\n{found} at {code(inventory.endpoint)}, {prose(inventory.taken_at)}; seen from {whose}."]
    parts.append(_table(map(sum_row, inventory.types), ("Type", *SUM_HEADERS)))
    if inventory.by:
        parts.append(_table(map(sum_row, inventory.groups), (inventory.by, *SUM_HEADERS)))
    parts.append(_table(map(object_row, inventory.items), OBJECT_HEADERS))
    return "\n\n".join([*filter(None, parts), estimate(inventory.prices)]) + "\n"


def _table(rows: Iterable[Sequence[str]], headers: Sequence[str]) -> str:
    return table((map(_cell, row) for row in rows), [prose(header.capitalize()) for header in headers])


def _cell(text: str) -> str:
    """A sentence, or a word; one with a sign in it is a name or an id, and code from end to end."""
    if text == "-":
        return text
    return prose(text) if " " in text or text.replace(".", "").isalnum() else code(text)
