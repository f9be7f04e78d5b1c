"""Refusals: what is refused and why, who is in the way and where, and the ways out."""

from collections.abc import Iterator, Sequence

from reconciler.planning.model import SECTIONS, Refusal
from reconciler.planning.referrers import Referrer
from reconciler.reports.html.changes import article
from reconciler.reports.html.markup import Markup, element, join
from reconciler.reports.style import plain
from reconciler.reports.text.refusals import is_of_whole_plan, telling_chains
from reconciler.reports.wording import cause_text, place_text, referrer_text, remedies_text


def refusal_articles(refusals: Sequence[Refusal]) -> list[Markup]:
    return [_one(refusal) for refusal in refusals]


def _one(refusal: Refusal) -> Markup:
    about = "the whole plan" if is_of_whole_plan(refusal) else f"{refusal.action} {refusal.address}"
    return article(
        "refused", "refused", about, refusal.rule, element("p", cause_text(refusal.cause)), *_details(refusal)
    )


def _details(refusal: Refusal) -> Iterator[Markup]:
    for section in SECTIONS:
        referrers = refusal.sections.get(section, ())
        if referrers:
            yield element("h4", section)
            yield element("ul", [element("li", _link(referrer)) for referrer in referrers])
    chains = telling_chains(refusal)
    if chains:
        yield element("h4", "Through")
        yield element("ul", [element("li", *_chain(chain)) for chain in chains])
    if refusal.remedies:
        yield element("p", element("strong", "Way out: "), remedies_text(refusal.remedies))
    if refusal.consent:
        yield _consent(refusal.consent)


def _chain(chain: Sequence[Referrer]) -> Iterator[Markup]:
    *above, last = chain
    yield from (join(_link(one), " → ") for one in above)
    yield element("code", str(last.node))


def _link(referrer: Referrer) -> Markup:
    place = place_text(referrer)
    return join(
        element("code", referrer_text(referrer)), element("span", f" {place}", class_="quiet") if place else None
    )


def _consent(consent: str) -> Markup:
    lines = [join(plain(line), Markup("\n")) for line in consent.strip("\n").split("\n")]
    summary = element("summary", "Or, completed and reviewed, this manifest")
    return element("details", summary, element("pre", element("code", lines)))
