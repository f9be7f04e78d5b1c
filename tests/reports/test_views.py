"""Every format shows the words of the same view."""

from functools import partial
from html import unescape

import pytest

from reconciler.reports.html.drift import drift_html
from reconciler.reports.html.plan import plan_html
from reconciler.reports.markdown.drift import drift_markdown
from reconciler.reports.markdown.plan import plan_markdown
from reconciler.reports.style import Style
from reconciler.reports.text.drift import drift_text
from reconciler.reports.text.plan import plan_text
from reconciler.reports.views import plan as titles
from reconciler.reports.views.drift import ASSISTANTS, FAILING, FAILING_NOTE, RETIRING, drift_view
from reconciler.reports.views.plan import plan_view
from tests.support.drifts import everything
from tests.support.plans import REFERENCED, field, plan, risky, update, upload, warning

STYLE = Style(width=400)
HAND = update(field("temperature", 0.9, 0.3), address="assistant/billing", decision="keep")
HIGH = risky("a guardrail is removed", level="high")
PLAN = plan(
    update(field("model", "a", "b")),
    *map(upload, (f"kb/{number}.md" for number in range(12))),
    drift=(HAND,),
    refusals=(REFERENCED,),
    risks=(HIGH,),
    warnings=(warning("the state is old"),),
)


def readable(document: str) -> str:
    return unescape(document).replace("`", "")


@pytest.mark.parametrize("write", [partial(plan_text, style=STYLE), plan_markdown, plan_html])
def test_every_format_of_a_plan_shows_the_words_of_the_view(write):
    view, shown = plan_view(PLAN), readable(write(PLAN))
    words = [view.verdict.word, view.verdict.text, view.drift_note.replace("`", "")]
    words += [one.text for one in view.remarks.warnings]
    words += [titles.REFUSED, titles.RISKS, titles.CHANGES, titles.DRIFT, titles.WARNINGS]
    words += [part for row in (*view.changes, *view.drift) for part in (row.word, row.title)]
    assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize("write", [partial(drift_text, style=STYLE), drift_markdown, drift_html])
def test_every_format_of_a_drift_report_shows_the_words_of_the_view(write):
    view, shown = drift_view(everything()), readable(write(everything()))
    words = [view.word, view.text, titles.DRIFT, FAILING, FAILING_NOTE, RETIRING, ASSISTANTS, view.in_sync_text]
    words += [text for row in view.drift for text in (row.word, row.title)]
    words += [model.text for model in view.retiring]
    assert [word for word in words if word not in shown] == []
