"""Refusals as articles: the object and the rule, the referrers and their places, and the remedies."""

from collections.abc import Iterator, Sequence

from reconciler.reports.html.changes import article
from reconciler.reports.html.markup import Markup, element, join
from reconciler.reports.style import plain
from reconciler.reports.views.refusals import COMMAND, CONSENT, REMEDY, Link, RefusalView


def refusal_article(refusal: RefusalView) -> Markup:
    about = f"{refusal.action} {refusal.address}" if refusal.address else "the whole plan"
    return article("refused", "refused", about, refusal.rule, element("p", refusal.cause), *_details(refusal))


def section_lists(refusal: RefusalView) -> Iterator[Markup]:
    """Yield the referrers of each section under its title."""
    for title, referrers in refusal.sections:
        yield element("h4", title)
        yield element("ul", [element("li", _link(referrer)) for referrer in referrers])


def _details(refusal: RefusalView) -> Iterator[Markup]:
    yield from section_lists(refusal)
    if refusal.chains:
        yield element("h4", "Through")
        yield element("ul", [element("li", *_chain(chain)) for chain in refusal.chains])
    if refusal.remedies:
        yield element("p", element("strong", f"{REMEDY}: "), refusal.remedies)
    if refusal.consent:
        lines = [join(plain(line), Markup("\n")) for line in refusal.consent]
        command = element("p", f"{COMMAND}: ", element("code", plain(refusal.command)))
        yield element("details", element("summary", CONSENT), element("pre", element("code", lines)), command)


def _chain(chain: Sequence[Link]) -> Iterator[Markup]:
    *above, last = chain
    yield from (join(_link(one), " → ") for one in above)
    yield _link(last)


def _link(link: Link) -> Markup:
    name, place = link
    return join(element("code", name), element("span", f" {place}", class_="quiet") if place else None)
