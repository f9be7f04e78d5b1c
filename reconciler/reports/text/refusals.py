"""Refusals: what is refused, by which rule, who is in the way and where, and what to do."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.planning.model import SECTIONS, Refusal, Section
from reconciler.planning.referrers import Referrer
from reconciler.reports.style import Style, cells, pad, plain, wrap, wrap_parts
from reconciler.reports.text.changes import SIGNS, painted_sign
from reconciler.reports.wording import cause_text, place_text, referrer_text, remedies_text
from reconciler.resources.address import Address

MOST_CHAINS: Final = 5


def refusal_lines(refusals: Sequence[Refusal], style: Style) -> list[str]:
    """Every refusal as a block, with an empty line between two."""
    lines: list[str] = []
    for refusal in refusals:
        lines += ["", *_one(refusal, style)] if lines else _one(refusal, style)
    return lines


def is_of_whole_plan(refusal: Refusal) -> bool:
    """Whether what is refused is the plan as a whole, and no object of it."""
    return refusal.address.startswith("project/")


def _one(refusal: Refusal, style: Style) -> Iterator[str]:
    indent = " " * 6
    if is_of_whole_plan(refusal):
        indent = "  "
    else:
        sign = SIGNS[refusal.action]
        yield f"  {painted_sign(sign, style)} {refusal.action}  {style.paint(plain(refusal.address), 'bold')}"
    lead = f"{indent}refused[{plain(refusal.rule)}]: "
    first, *others = wrap(cause_text(refusal.cause), style.width, lead=lead, hang=" " * 6)
    yield style.paint(first[: len(lead)], "red") + first[len(lead) :]
    yield from others
    for section in SECTIONS:
        yield from _section(section, refusal, style)
    yield from _chains(refusal, style)
    if refusal.remedies:
        yield from _labelled("remedy", remedies_text(refusal.remedies).split(), style)
    if refusal.consent:
        yield "      or, completed and reviewed, this manifest:"
        yield from (f"        {plain(line)}".rstrip() for line in refusal.consent.strip("\n").split("\n"))


def _section(section: Section, refusal: Refusal, style: Style) -> Iterator[str]:
    referrers = refusal.sections.get(section, ())
    if referrers:
        yield f"      {section}"
        names = [plain(referrer_text(referrer)) for referrer in referrers]
        room = max(map(cells, names))
        for name, referrer in zip(names, referrers, strict=True):
            yield from _with_place(f"        {pad(name, room)}", place_text(referrer), style)


def _chains(refusal: Refusal, style: Style) -> Iterator[str]:
    """The first few of those that tell more than the sections do; JSON has all."""
    telling = telling_chains(refusal)
    for chain in telling[:MOST_CHAINS]:
        yield from _chain(chain, style)
    if len(telling) > MOST_CHAINS:
        yield f"{'':<15}and {len(telling) - MOST_CHAINS} more, in `-o json`"


def telling_chains(refusal: Refusal) -> list[tuple[Referrer, ...]]:
    """Those with a link between the referrer, which a section lists, and what is refused."""
    refused = Address.parse(refusal.address)
    return [chain for chain in refusal.chains if [link.node for link in chain[1:]] != [refused]]


def _chain(chain: Sequence[Referrer], style: Style) -> Iterator[str]:
    """Every link, with where it is written."""
    for index, link in enumerate(chain):
        lead, name = f"{'' if index else '      through':<15}", plain(str(link.node))
        place = place_text(link) if index < len(chain) - 1 else ""
        first, *below = _with_place(f"{lead}{'-> ' if index else ''}{name}", place, style, hang=" " * 18)
        yield style.paint(first[: len(lead)], *(() if index else ("bold",))) + first[len(lead) :]
        yield from below


def _with_place(line: str, place: str, style: Style, hang: str = " " * 10) -> Iterator[str]:
    """`line` and the place after it, or below it where there is no room."""
    place = plain(place)
    if not place:
        yield line.rstrip()
    elif cells(line + "  " + place) <= style.width:
        yield f"{line}  {style.paint(place, 'dim')}"
    else:
        yield line.rstrip()
        yield hang + style.paint(place, "dim")


def _labelled(label: str, parts: Sequence[str], style: Style) -> Iterator[str]:
    lead = f"      {label:<8} "
    first, *others = wrap_parts(list(map(plain, parts)), style.width, lead=lead, hang=" " * len(lead))
    yield style.paint(first[: len(lead)], "bold") + first[len(lead) :]
    yield from others
