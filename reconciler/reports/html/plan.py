"""A plan as one page."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.model import Plan
from reconciler.reports.html.changes import article, badge, change_article
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.html.refusals import refusal_article
from reconciler.reports.html.svg import svg
from reconciler.reports.picture import Picture, picture
from reconciler.reports.style import count
from reconciler.reports.views import plan as views
from reconciler.reports.views.changes import TONES, Tone
from reconciler.reports.views.plan import PlanView, Remarks, RiskView, WarningView, plan_view
from reconciler.reports.views.versions import EQUAL, VERSIONS, VersionView
from reconciler.resources.risks import Level

MOST_NODES: Final = 60
_LEVELS: Final[dict[Level, Tone]] = {"high": "refused", "medium": "changed", "low": "untouched"}


def plan_html(plan: Plan, *, command: str = "") -> str:
    """Return `plan` as an HTML document; `command` is the command that applies it."""
    view = plan_view(plan)
    found, writes = view.verdict, f"{view.write_count} to OpenAI ({view.writes})" if view.writes else "none to OpenAI"
    facts = [("Commit", view.commit), ("Made", view.created_at), ("Writes", "" if view.refusals else writes)]
    top = Top(found.level, found.word, view.identity, found.text, facts)
    apply = f"Apply with: {command}" if command and view.can_apply else ""
    parts = _parts(view, picture(plan, MOST_NODES))
    return page(f"{found.word}: plan of {view.identity}", top, parts, [apply, f"Plan {view.digest}"])


def _parts(view: PlanView, drawn: Picture) -> Iterator[Part]:
    yield Part("refused", views.REFUSED, [*map(refusal_article, view.refusals)], len(view.refusals))
    yield Part("risks", views.RISKS, [*map(_risk, view.risks)], len(view.risks))
    yield Part("versions", VERSIONS, [*map(_version, view.versions)])
    yield Part("picture", views.PICTURE, list(_picture(drawn)))
    yield Part("changes", views.CHANGES, [*map(change_article, view.changes)], view.change_count)
    note = [element("p", view.drift_note, class_="quiet")] if view.drift_note else []
    yield Part("drift", views.DRIFT, [*note, *map(change_article, view.drift)], view.drift_count)
    yield Part("costs", views.COSTS, list(_costs(view)))
    yield from remark_parts(view.remarks)


def remark_parts(remarks: Remarks) -> Iterator[Part]:
    """Return the warnings, and the number of unmanaged objects."""
    yield Part("warnings", views.WARNINGS, [*map(_warning, remarks.warnings)], len(remarks.warnings))
    unmanaged = [element("p", remarks.unmanaged)] if remarks.unmanaged else []
    yield Part("unmanaged", views.UNMANAGED, unmanaged, remarks.unmanaged_count)


def _warning(one: WarningView) -> Markup:
    return element("p", one.text, *([" (", element("code", one.topic), ")"] if one.topic else []))


def _risk(risk: RiskView) -> Markup:
    return article(risk.level, _LEVELS[risk.level], risk.address, risk.rule, element("p", risk.text))


def _version(one: VersionView) -> Markup:
    lines = (
        element("li", f"{line.sign} ", element("code", line.address), f": {line.what}" if line.what else "")
        if line.sign
        else element("li", line.address)
        for line in one.lines
    )
    full = element("p", "In full: ", element("code", one.command), class_="quiet")
    shown = [element("ul", list(lines)), full] if one.lines else [element("p", EQUAL)]
    return element("div", element("h3", one.title), shown)


def _costs(view: PlanView) -> Iterator[Markup]:
    if view.costs:
        yield element("p", f"With {view.cost_source}", class_="quiet")
        yield element("ul", [element("li", text) for text in view.costs])


def _picture(drawn: Picture) -> Iterator[Markup]:
    """Return the drawing, its legend, and the same as a list for readers who cannot see it."""
    if not drawn.edges:
        return
    objects = sum(node.objects for node in drawn.nodes)
    description = f"{count(objects, 'object')}, each left of what it refers to. The same follows as a list."
    drawing = svg(drawn, views.PICTURE, description)
    yield element("div", drawing, class_="picture", tabindex="0", role="group", aria_label="Picture, can be scrolled")
    yield element("ul", [element("li", badge(one, TONES[one])) for one in drawn.standings], class_="legend")
    yield element("details", element("summary", "The picture as a list"), element("ul", _relations(drawn)))


def _relations(drawn: Picture) -> Iterator[Markup]:
    for index, node in enumerate(drawn.nodes):
        needs = ", ".join(drawn.nodes[target].label for source, target in drawn.edges if source == index)
        yield element(
            "li", element("code", node.label), f" {node.standing}" + (f"; refers to {needs}" if needs else "")
        )
