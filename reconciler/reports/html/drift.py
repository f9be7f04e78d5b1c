"""What is not as it was applied, as one page."""

from collections.abc import Iterable, Iterator

from reconciler.planning.drift import DriftReport, RetiringModel, Standing
from reconciler.reports.html.changes import article, hand_articles
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.html.plan import remarks
from reconciler.reports.text.drift_words import (
    HINT_FAILING,
    Failures,
    ending,
    failures,
    in_sync,
    in_sync_text,
    out_of_sync,
    sentence,
    shown_changes,
    standing_lines,
)
from reconciler.reports.text.fields import desired_first


def drift_html(report: DriftReport, *, revert: str = "", pull: str = "") -> str:
    """`report` as an HTML document; `revert` is the command that undoes drift, `pull` the one that takes it into the
    manifests.
    """
    plan, word = report.plan, "In sync" if report.in_sync else "Drift"
    keep, undo = pull if report.is_pullable else "", "" if report.in_sync else revert
    facts = [("Made", plan.created_at), ("Keep it", keep), ("Undo it", undo)]
    top = Top("safe" if report.clean else "risky", word, plan.identity, f"{sentence(report)}.", facts)
    return page(f"{word}: {plan.identity}", top, _parts(report), [])


def _parts(report: DriftReport) -> Iterator[Part]:
    lead = element("p", "Each diff goes from what the manifest says to what is live.", class_="quiet")
    changes, failing = shown_changes(report), [*map(_failing, failures(report))]
    hint = element("p", HINT_FAILING, class_="quiet")
    articles = hand_articles(changes, order=desired_first)
    yield Part("by-hand", "Changed by hand", [lead, *articles] if changes else [], len(changes))
    yield Part("failing", "Failing files", [hint, *failing] if failing else [], len(report.failing))
    yield Part("retiring", "Retiring models", [*map(_retiring, report.retiring)], len(report.retiring))
    yield Part("assistants", "Assistants", list(_assistants(report)), len(report.assistants))
    yield from remarks(report.plan)


def _failing(one: Failures) -> Markup:
    reason = element("p", "OpenAI: ", element("code", one.reason))
    return article("failing", "refused", one.store, "", reason, _list(one.files))


def _retiring(model: RetiringModel) -> Markup:
    word, tone = ("shut down", "refused") if model.is_gone else ("retiring", "changed")
    return article(word, tone, model.model, "", element("p", f"{ending(model)}."), _list(model.used_by))


def _assistants(report: DriftReport) -> Iterator[Markup]:
    yield from map(_standing, out_of_sync(report))
    said = in_sync_text(report)
    if said:
        yield element("details", element("summary", said), _list([one.address for one in in_sync(report)]))


def _standing(one: Standing) -> Markup:
    return article("differs", "hand", one.address, "", _list(standing_lines(one)))


def _list(texts: Iterable[str]) -> Markup:
    return element("ul", [element("li", element("code", text)) for text in texts])
