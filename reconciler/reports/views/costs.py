"""The estimated costs of a plan in sentences, for each amount that the plan changes and for unused objects."""

from collections.abc import Collection, Iterator
from typing import Final

from reconciler.planning.model import Costs
from reconciler.reports.style import first_few, plain
from reconciler.reports.views.values import bytes_text
from reconciler.reports.wording import unknown_text

_PER_USE: Final = {"code_interpreter": "per session", "file_search": "per 1,000 calls"}


def cost_texts(costs: Costs, changed: Collection[str]) -> Iterator[str]:
    """Return a sentence for each amount that changes, and for the unused objects among those that are `changed`:
    `inventory --unused` lists all of them.
    """
    if costs.growth:
        before, after = map(bytes_text, costs.stored)
        yield f"vector stores: {before} -> {after}, {_dollars(costs.per_day)} a day"
    before_length, after_length = costs.prompts
    if before_length != after_length or (before_length and costs.prompts_per_1000):
        priced = f", {_dollars(costs.prompts_per_1000)} per 1,000 requests" if costs.prompts_per_1000 else ""
        yield f"instructions: {before_length:,} -> {after_length:,} characters{priced}"
    for address, tool, price in costs.paid:
        yield f"{plain(address)} gets {tool}: ${price:,.2f} {_PER_USE.get(tool, 'per use')}"
    unused = [(address, size) for address, size in costs.unused if address in changed]
    if unused:
        sizes = [size for _, size in unused if size is not None]
        names = " ".join(first_few([address for address, _ in unused]))
        yield f"not used by any manifest: {names}" + (f" ({bytes_text(sum(sizes))})" if sizes else "")
    if costs.unknown:
        yield f"unknown: {'; '.join(map(unknown_text, costs.unknown))}"


def _dollars(pair: tuple[float, float]) -> str:
    before, after = pair
    return f"${before:,.2f} -> ${after:,.2f}"
