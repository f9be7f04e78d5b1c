"""An inventory as Markdown, for an issue or a wiki."""

from collections.abc import Iterable, Sequence

from reconciler.planning.inventory import Inventory
from reconciler.reports.style import count, plain
from reconciler.reports.text.inventory import ESTIMATE, OBJECT_HEADERS, SUM_HEADERS, object_row, sum_row


def inventory_markdown(inventory: Inventory) -> str:
    """Headings and tables."""
    whose = f"`{inventory.identity}`" if inventory.identity else "no project"
    found = count(len(inventory.items), "object")
    parts = [f"## Inventory\n\n{found} at {_cell(inventory.endpoint)}, {inventory.taken_at}; seen from {whose}."]
    parts.append(_table(map(sum_row, inventory.types), ("Type", *SUM_HEADERS)))
    if inventory.by:
        parts.append(_table(map(sum_row, inventory.groups), (inventory.by, *SUM_HEADERS)))
    parts.append(_table(map(object_row, inventory.items), OBJECT_HEADERS))
    return "\n\n".join([*filter(None, parts), ESTIMATE]) + "\n"


def _table(rows: Iterable[Sequence[str]], headers: Sequence[str]) -> str:
    body = [_row(row) for row in rows]
    return (
        "\n".join([_row([header.capitalize() for header in headers]), "|---" * len(headers) + "|", *body])
        if body
        else ""
    )


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """`text` on one line, with what Markdown, HTML or a mention would make of it taken away."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]|~#" else char for char in plain(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")
