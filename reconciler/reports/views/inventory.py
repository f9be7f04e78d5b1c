"""The rows of an inventory as all reports show them: totals, objects, and the assumptions of the estimate."""

from typing import Final

from reconciler.importing.inventory_model import Item, Sum
from reconciler.reports.views.values import bytes_text
from reconciler.resources.display import day
from reconciler.resources.name_lists import few
from reconciler.resources.prices import Prices

OBJECT_HEADERS: Final = ("TYPE", "ID", "OWNER", "SIZE", "LAST ACTIVE", "$/DAY", "USED BY", "NAME")
SUM_HEADERS: Final = ("OBJECTS", "OURS", "OTHERS", "UNMANAGED", "UNUSED", "SIZE", "$/DAY")


def sum_row(one: Sum) -> tuple[str, ...]:
    """Return one row of a table of totals."""
    counts = (one.objects, one.ours, one.others, one.unmanaged, one.unused)
    return (one.what or "(none)", *map(str, counts), bytes_text(one.bytes), money(one.cost_per_day))


def object_row(item: Item) -> tuple[str, ...]:
    """Return one row of the table of objects."""
    return (
        item.type,
        item.id,
        owner_text(item),
        "-" if item.bytes is None else bytes_text(item.bytes),
        day(item.last_active_at) or "-",
        "-" if item.cost_per_day is None else money(item.cost_per_day),
        used_text(item),
        item.name,
    )


def owner_text(item: Item) -> str:
    """Return `ours as assistant/triage`, another identity, or `unmanaged`, with the label that it has anyway."""
    if item.ownership == "ours":
        return f"ours as {item.address}"
    copied = f", label of {item.address}" if item.owner is None and item.address else ""
    return item.owner or f"unmanaged{copied}"


def used_text(item: Item, most: int = 2) -> str:
    """Return the first objects that use it; `unused` only if the API shows that nothing does."""
    if not item.used_by:
        return "unused" if item.unused else "-"
    return few(item.used_by, most)


def estimate(prices: Prices) -> str:
    """Return the assumptions behind the costs and the unused objects."""
    source = f"as of {prices.as_of}" if prices.as_of else "as project.yaml says"
    return (
        f"Cost is an estimate: ${prices.vector_storage:.2f} per GB of vector storage and day, the first "
        f"{prices.free_gb:g} GB free, {source}. UNUSED counts files that no vector store and no manifest refers to; "
        "references in the code of applications are not known."
    )


def money(dollars: float) -> str:
    """Return dollars, with four decimals for small amounts."""
    return f"{dollars:.2f}" if dollars >= 0.995 or not dollars else f"{dollars:.4f}"
