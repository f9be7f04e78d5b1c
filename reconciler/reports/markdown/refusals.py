"""Refusals: what is refused and why, who is in the way and where, and the ways out."""

from collections.abc import Iterator, Sequence

from reconciler.planning.model import SECTIONS, Refusal
from reconciler.reports.markdown.escaping import code, fenced, folded, prose
from reconciler.reports.markdown.fitting import Item
from reconciler.reports.style import plain
from reconciler.reports.text.refusals import MOST_CHAINS, is_of_whole_plan, place_of, telling_chains


def refusal_items(refusals: Sequence[Refusal]) -> tuple[Item, ...]:
    return tuple(map(_item, refusals))


def _item(refusal: Refusal) -> Item:
    about = "" if is_of_whole_plan(refusal) else f"**{refusal.action}** {code(refusal.address)} · "
    head = f"{code('✕')} {about}{prose(refusal.message)} {code(f'refused[{refusal.rule}]')}"
    return Item("\n\n".join([head, *_details(refusal)]), head, refusal.rule)


def _details(refusal: Refusal) -> Iterator[str]:
    listed = [*_sections(refusal), *_chains(refusal)]
    if listed:
        yield "\n".join(listed)
    if refusal.remedy:
        yield f"**Way out:** {prose(refusal.remedy)}"
    if refusal.consent:
        lines = [plain(line) for line in refusal.consent.strip("\n").split("\n")]
        yield folded("Or, completed and reviewed, this manifest", fenced(lines, "yaml"))


def _sections(refusal: Refusal) -> Iterator[str]:
    for section in SECTIONS:
        referrers = refusal.sections.get(section, ())
        if referrers:
            yield f"- {section}"
            yield from (f"  - {code(referrer)}{_place(referrer, refusal)}" for referrer in referrers)


def _chains(refusal: Refusal) -> Iterator[str]:
    telling = telling_chains(refusal)
    for chain in telling[:MOST_CHAINS]:
        *above, last = chain
        links = [*(f"{code(one)}{_place(one, refusal)}" for one in above), code(last)]
        yield f"- through {' → '.join(links)}"
    if len(telling) > MOST_CHAINS:
        yield f"- and {len(telling) - MOST_CHAINS} more, in the full plan"


def _place(referrer: str, refusal: Refusal) -> str:
    place = place_of(referrer, refusal)
    return f" ({code(place)})" if place else ""
