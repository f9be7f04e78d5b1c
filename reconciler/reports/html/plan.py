"""A plan as one page."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.model import Decision, Plan, Risk
from reconciler.reports.html.changes import article, badge, change_articles, hand_articles
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.html.refusals import refusal_articles
from reconciler.reports.html.svg import svg
from reconciler.reports.picture import TONES, Picture, picture
from reconciler.reports.style import count
from reconciler.reports.text.costs import sentences
from reconciler.reports.text.parts import counted
from reconciler.reports.text.plan import strangers_text
from reconciler.reports.text.verdict import verdict
from reconciler.reports.wording import notice_text, risk_text
from reconciler.resources.display import short
from reconciler.resources.risks import Level

MOST_NODES: Final = 60
_LEVELS: Final[dict[Level, str]] = {"high": "refused", "medium": "changed", "low": "untouched"}
_WORDS: Final[dict[Decision | None, str]] = {
    "revert": "Applying reverts it: what is live is replaced by what the manifest says.",
    "keep": "Applying leaves it alone: nothing of it is written.",
    None: "Nothing is decided: --on-drift revert puts it back, --on-drift keep leaves it.",
}


def plan_html(plan: Plan, *, command: str = "") -> str:
    """`plan` as an HTML document; `command` is what applies it."""
    found = verdict(plan)
    facts = [("Commit", short(plan.commit or "")), ("Made", plan.created_at), ("Writes", _writes(plan))]
    top = Top(found.level, found.word, plan.identity, found.text, facts)
    apply = f"Apply with: {command}" if command and plan.work and not plan.refusals else ""
    return page(f"{found.word}: plan of {plan.identity}", top, _parts(plan), [apply, f"Plan {plan.digest}"])


def _parts(plan: Plan) -> Iterator[Part]:
    yield Part("refused", "Refused", refusal_articles(plan.refusals), len(plan.refusals))
    yield Part("risks", "Risks", [_risk(risk) for risk in plan.risks], len(plan.risks))
    yield Part("picture", "What is touched, and who depends on it", list(_picture(plan)))
    yield Part("changes", "Your changes", change_articles(plan.changes), len(plan.changes))
    yield Part("by-hand", "Changed by hand", list(_by_hand(plan)), len(plan.drift))
    yield Part("costs", "Costs, estimated", list(_costs(plan)))
    yield from remarks(plan)


def remarks(plan: Plan) -> Iterator[Part]:
    """Warnings, and what nobody manages here."""
    warnings = [element("p", notice_text(notice)) for notice in plan.warnings]
    yield Part("warnings", "Warnings", warnings, len(warnings))
    unmanaged = strangers_text(plan.unmanaged)
    yield Part("unmanaged", "Not managed", [element("p", unmanaged)] if unmanaged else [], len(plan.unmanaged))


def _risk(risk: Risk) -> Markup:
    return article(risk.level, _LEVELS[risk.level], risk.address, risk.rule, element("p", risk_text(risk)))


def _costs(plan: Plan) -> Iterator[Markup]:
    if plan.costs and plan.work:
        found = [element("li", text) for text in sentences(plan.costs)]
        if found:
            yield element("p", f"With {plan.costs.source}", class_="quiet")
            yield element("ul", found)


def _by_hand(plan: Plan) -> Iterator[Markup]:
    decisions = {change.decision for change in plan.drift}
    if decisions:
        said = _WORDS[decisions.copy().pop()] if len(decisions) == 1 else "What applying does with it stands at each."
        yield element("p", f"{said} Each diff goes from what is live to what the manifest says.", class_="quiet")
    yield from hand_articles(plan.drift, decide=len(decisions) > 1)


def _writes(plan: Plan) -> str:
    """Empty where nothing is applied."""
    if plan.refusals:
        return ""
    writes = {what: number for what, number in sorted(plan.requests.items()) if number}
    return f"{sum(writes.values())} to OpenAI ({counted(writes)})" if writes else "none to OpenAI"


def _picture(plan: Plan) -> Iterator[Markup]:
    """The drawing, what its colours mean, and the same as a list for whoever cannot see it."""
    drawn = picture(plan, MOST_NODES)
    if not drawn.edges:
        return
    objects = sum(node.objects for node in drawn.nodes)
    description = f"{count(objects, 'object')}, each left of what it refers to. The same follows as a list."
    drawing = svg(drawn, "What is touched, and who depends on it", description)
    yield element("div", drawing, class_="picture", tabindex="0", role="group", aria_label="Picture, can be scrolled")
    yield element("ul", [element("li", badge(one, TONES[one])) for one in drawn.standings], class_="legend")
    yield element("details", element("summary", "The picture as a list"), element("ul", _relations(drawn)))


def _relations(drawn: Picture) -> Iterator[Markup]:
    for index, node in enumerate(drawn.nodes):
        needs = ", ".join(drawn.nodes[target].label for source, target in drawn.edges if source == index)
        yield element(
            "li", element("code", node.label), f" {node.standing}" + (f"; refers to {needs}" if needs else "")
        )
