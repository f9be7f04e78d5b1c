"""Refusals as items: the object and the rule, the referrers and their places, and the remedies."""

from collections.abc import Iterator

from reconciler.reports.markdown.escaping import code, fenced, folded, prose
from reconciler.reports.markdown.fitting import Item
from reconciler.reports.style import plain
from reconciler.reports.views.refusals import COMMAND, CONSENT, MOST_CHAINS, REMEDY, Link, RefusalView


def refusal_item(refusal: RefusalView) -> Item:
    about = f"**{refusal.action}** {code(refusal.address)} · " if refusal.address else ""
    head = f"{code('✕')} {about}{prose(refusal.cause)} {code(f'refused[{refusal.rule}]')}"
    return Item("\n\n".join([head, *_details(refusal)]), head, refusal.rule)


def _details(refusal: RefusalView) -> Iterator[str]:
    listed = [*_sections(refusal), *_chains(refusal)]
    if listed:
        yield "\n".join(listed)
    if refusal.remedies:
        yield f"**{REMEDY}:** {prose(refusal.remedies)}"
    if refusal.consent:
        yield folded(CONSENT, fenced(map(plain, refusal.consent), "yaml"))
        yield f"{COMMAND}: {code(refusal.command)}"


def _sections(refusal: RefusalView) -> Iterator[str]:
    for title, referrers in refusal.sections:
        yield f"- {title}"
        yield from (f"  - {_link(one)}" for one in referrers)


def _chains(refusal: RefusalView) -> Iterator[str]:
    for chain in refusal.chains[:MOST_CHAINS]:
        yield f"- through {' → '.join(map(_link, chain))}"
    if len(refusal.chains) > MOST_CHAINS:
        yield f"- and {len(refusal.chains) - MOST_CHAINS} more, in the full plan"


def _link(link: Link) -> str:
    name, place = link
    return f"{code(name)} ({code(place)})" if place else code(name)
