"""What a plan costs, by estimate, as text: only what it changes, and what nobody uses."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.model import Costs
from reconciler.reports.style import Style, plain, wrap
from reconciler.reports.text.fields import first_few
from reconciler.reports.text.parts import section
from reconciler.reports.text.values import bytes_text
from reconciler.reports.wording import unknown_text

_PER_USE: Final = {"code_interpreter": "a session", "file_search": "per 1,000 calls"}


def cost_lines(costs: Costs | None, style: Style) -> list[str]:
    """A section; nothing where the plan changes nothing that costs."""
    if costs is None:
        return []
    lines = [line for text in sentences(costs) for line in wrap(text, style.width, lead="  ", hang="    ")]
    return section(f"Costs, estimated with {costs.source}", lines, style)


def sentences(costs: Costs) -> Iterator[str]:
    """For people, each about one thing; none for what stays as it is."""
    if costs.growth:
        before, after = map(bytes_text, costs.stored)
        yield f"vector stores: {before} -> {after}, {_dollars(costs.per_day)} a day"
    before_length, after_length = costs.prompts
    if before_length != after_length or (before_length and costs.prompts_per_1000):
        priced = f", {_dollars(costs.prompts_per_1000)} per 1,000 requests" if costs.prompts_per_1000 else ""
        yield f"instructions: {before_length:,} -> {after_length:,} characters{priced}"
    for address, tool, price in costs.paid:
        yield f"{plain(address)} gets {tool}: ${price:,.2f} {_PER_USE.get(tool, 'a use')}"
    if costs.unused:
        sizes = [size for _, size in costs.unused if size is not None]
        names = " ".join(first_few([address for address, _ in costs.unused]))
        yield f"nothing here uses {names}" + (f" ({bytes_text(sum(sizes))})" if sizes else "")
    if costs.unknown:
        yield f"unknown: {'; '.join(map(unknown_text, costs.unknown))}"


def _dollars(pair: tuple[float, float]) -> str:
    before, after = pair
    return f"${before:,.2f} -> ${after:,.2f}"
