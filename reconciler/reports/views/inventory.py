"""The rows of an inventory as all reports show them: totals, objects, and the assumptions of the estimate."""

from collections.abc import Mapping
from typing import Final

from reconciler.importing.inventory_model import Inventory, Item, NotRead, Sum
from reconciler.reports.style import count, plain
from reconciler.reports.views.values import bytes_text
from reconciler.resources.display import day
from reconciler.resources.name_lists import few
from reconciler.resources.problems import command_text

OBJECT_HEADERS: Final = ("TYPE", "ID", "OWNER", "SIZE", "LAST ACTIVE", "$/DAY", "USED BY", "NAME")
_NOT_READ: Final[Mapping[NotRead, str]] = {
    "applications": "ids in the code of applications, and in stored responses and conversations",
    "sessions": "sessions in progress",
    "manifests": "manifests, because there is no project in this folder",
    "peers": "states of peers",
    "environments": "manifests of other environments",
}
SUM_HEADERS: Final = ("OBJECTS", "OURS", "OTHERS", "UNMANAGED", "UNUSED", "SIZE", "$/DAY")


def found_text(inventory: Inventory) -> str:
    """Return the number of objects that are shown: `3 of 40 objects without a reference`."""
    chosen = inventory.chosen
    if chosen.is_open:
        return count(len(inventory.items), "object")
    named = f" with a name or id that matches {plain(chosen.name)}" if chosen.name is not None else ""
    reference = " without a reference" if chosen.unused else ""
    return f"{len(inventory.items)} of {count(inventory.total, 'object')}{reference}{named}"


def unused_text(inventory: Inventory) -> str:
    """Return the meaning of `--unused`: what was read, what was not, and what is left out."""
    read = "no live object"
    if inventory.identity:
        read = f"no manifest of {plain(inventory.identity)}, no entry of its state and no live object"
    places = "; ".join(_NOT_READ[one] for one in inventory.not_read)
    text = f"Without a reference: {read} refers to these objects. Not read: {places}. "
    text += "Make sure that none of these uses an object before you delete it."
    others = inventory.undecided_of_others
    if others:
        text += f" {count(others, 'further object')} without a known reference may have one in manifests of other "
        text += f"projects or environments, which manage {'it' if others == 1 else 'them'} and were not read."
    if inventory.undecided > others:
        text += f" {count(inventory.undecided - others, 'further object')} without a known reference may have one in "
        text += "objects that could not be read: see the errors."
    return text


def sum_row(one: Sum, none: str = "(none)") -> tuple[str, ...]:
    """Return one row of a table of totals. `none` stands for an empty name."""
    counts = (one.objects, one.ours, one.others, one.unmanaged, one.unreferenced)
    return (one.what or none, *map(str, counts), bytes_text(one.bytes), money(one.cost_per_day))


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


def none_text(by: str | None) -> str:
    """Return the name of the objects without a value of `by`."""
    return "(unmanaged)" if by in ("owner", "project") else "(none)"


def owner_text(item: Item) -> str:
    """Return `ours as assistant/triage`, another identity, or `unmanaged`, with the label that it has anyway."""
    if item.ownership == "ours":
        return f"ours as {item.address}"
    copied = f", label of {item.address}" if item.owner is None and item.address else ""
    return item.owner or f"unmanaged{copied}"


def used_text(item: Item, most: int = 2) -> str:
    """Return the first objects that use it; `nothing known` for an object that `--unused` lists."""
    if not item.used_by:
        return "nothing known" if item.unreferenced else "-"
    return few(item.used_by, most)


def estimate(inventory: Inventory) -> str:
    """Return the assumptions behind the costs and the unused objects."""
    prices, environment = inventory.prices, (inventory.identity or "").partition("/")[2]
    unused = plain(command_text(environment or None, "inventory", "--unused"))
    source = f"as of {prices.as_of}" if prices.as_of else "as project.yaml says"
    return (
        f"Cost is an estimate: ${prices.vector_storage:.2f} per GB of vector storage and day, the first "
        f"{prices.free_gb:g} GB free, {source}. UNUSED counts what `{unused}` lists: objects that "
        "no manifest, no entry of the state and no live object refers to. Applications may use them by their ids."
    )


def money(dollars: float) -> str:
    """Return dollars, with four decimals for small amounts."""
    return f"{dollars:.2f}" if dollars >= 0.995 or not dollars else f"{dollars:.4f}"
