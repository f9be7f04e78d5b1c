"""A drift report as one page."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.drift import DriftReport
from reconciler.reports.html.changes import article, change_article
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.html.plan import remark_parts
from reconciler.reports.html.status import assistant_article, code_list
from reconciler.reports.views import drift as views
from reconciler.reports.views.drift import DriftView, FailingView, ForeignView, RetiringView, drift_view
from reconciler.reports.views.plan import DRIFT

_MOST: Final = 200
"""The assistants that are shown with every difference; of others, the first few are shown."""


def drift_html(report: DriftReport, *, revert: str = "", pull: str = "") -> str:
    """Return `report` as an HTML document; `revert` is the command that reverts the drift, `pull` the command that
    pulls it into the manifests.
    """
    view = drift_view(report)
    keep, undo = pull if view.can_pull else "", revert if view.can_revert else ""
    note = view.keep_note if keep else ""
    facts = [("Made", view.created_at), ("Keep it", keep), ("Needs a decision", note), (view.revert_word, undo)]
    top = Top("safe" if view.clean else "risky", view.word, view.identity, f"{view.text}.", facts)
    return page(f"{view.word}: {view.identity}", top, _parts(view), [])


def _parts(view: DriftView) -> Iterator[Part]:
    assistants = len(view.out_of_sync) + len(view.in_sync_assistants)
    yield from drift_parts(view)
    yield Part("assistants", views.ASSISTANTS, list(_assistants(view)), assistants)
    yield from remark_parts(view.remarks)


def drift_parts(view: DriftView) -> Iterator[Part]:
    """Return the sections about drifted objects, files and models."""
    drift = [_quiet(views.DRIFT_NOTE), *map(change_article, view.drift)] if view.drift else []
    failing = [_quiet(views.FAILING_NOTE), *map(_failing, view.failing)] if view.failing else []
    foreign = [_quiet(views.FOREIGN_NOTE), *map(_foreign, view.foreign)] if view.foreign else []
    yield Part("drift", DRIFT, drift, view.drift_count)
    yield Part("failing", views.FAILING, failing, view.failing_count)
    yield Part("foreign", views.FOREIGN, foreign, view.foreign_count)
    yield Part("retiring", views.RETIRING, [*map(_retiring, view.retiring)], len(view.retiring))


def _failing(one: FailingView) -> Markup:
    reason = element("p", "OpenAI: ", element("code", one.reason))
    return article("failing", "refused", one.store, "", reason, code_list(one.files))


def _foreign(one: ForeignView) -> Markup:
    return article("foreign", "drift", one.store, "", code_list(one.files))


def _retiring(model: RetiringView) -> Markup:
    word, tone = ("shut down", "refused") if model.is_gone else ("retiring", "changed")
    return article(word, tone, model.model, "", element("p", f"{model.text}."), code_list(model.used_by))


def _assistants(view: DriftView) -> Iterator[Markup]:
    yield from map(assistant_article, view.out_of_sync[:_MOST])
    yield from (
        article("differs", "drift", one.address, one.id, code_list(one.lines)) for one in view.out_of_sync[_MOST:]
    )
    if view.in_sync_text:
        listed = code_list(" ".join(filter(None, (one.address, one.id))) for one in view.in_sync_assistants)
        yield element("details", element("summary", view.in_sync_text), listed)
    if view.not_applied_text:
        yield element("p", view.not_applied_text)


def _quiet(text: str) -> Markup:
    return element("p", text, class_="quiet")
