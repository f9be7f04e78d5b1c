"""Refusals: what is refused and why, who is in the way and where, and the ways out."""

from collections.abc import Iterator, Sequence

from reconciler.planning.model import SECTIONS, Refusal
from reconciler.planning.referrers import Referrer
from reconciler.reports.markdown.escaping import code, fenced, folded, prose
from reconciler.reports.markdown.fitting import Item
from reconciler.reports.style import plain
from reconciler.reports.text.refusals import MOST_CHAINS, is_of_whole_plan, telling_chains
from reconciler.reports.wording import cause_text, place_text, referrer_text, remedies_text


def refusal_items(refusals: Sequence[Refusal]) -> tuple[Item, ...]:
    return tuple(map(_item, refusals))


def _item(refusal: Refusal) -> Item:
    about = "" if is_of_whole_plan(refusal) else f"**{refusal.action}** {code(refusal.address)} · "
    head = f"{code('✕')} {about}{prose(cause_text(refusal.cause))} {code(f'refused[{refusal.rule}]')}"
    return Item("\n\n".join([head, *_details(refusal)]), head, refusal.rule)


def _details(refusal: Refusal) -> Iterator[str]:
    listed = [*_sections(refusal), *_chains(refusal)]
    if listed:
        yield "\n".join(listed)
    if refusal.remedies:
        yield f"**Way out:** {prose(remedies_text(refusal.remedies))}"
    if refusal.consent:
        lines = [plain(line) for line in refusal.consent.strip("\n").split("\n")]
        yield folded("Or, completed and reviewed, this manifest", fenced(lines, "yaml"))


def _sections(refusal: Refusal) -> Iterator[str]:
    for section in SECTIONS:
        referrers = refusal.sections.get(section, ())
        if referrers:
            yield f"- {section}"
            yield from (f"  - {code(referrer_text(one))}{_place(one)}" for one in referrers)


def _chains(refusal: Refusal) -> Iterator[str]:
    telling = telling_chains(refusal)
    for chain in telling[:MOST_CHAINS]:
        *above, last = chain
        links = [*(f"{code(str(one.node))}{_place(one)}" for one in above), code(str(last.node))]
        yield f"- through {' → '.join(links)}"
    if len(telling) > MOST_CHAINS:
        yield f"- and {len(telling) - MOST_CHAINS} more, in the full plan"


def _place(referrer: Referrer) -> str:
    place = place_text(referrer)
    return f" ({code(place)})" if place else ""
