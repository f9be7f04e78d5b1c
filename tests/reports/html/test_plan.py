from dataclasses import replace

from reconciler.reports.html.plan import plan_html
from tests.support.plans import REFERENCED, field, plan, update


def test_what_is_refused_writes_nothing_and_so_counts_no_writes():
    made = plan(update(field("model", "a", "b")), requests={"POST": 1})
    assert "<dt>Writes</dt><dd>1 to OpenAI (1 POST)</dd>" in plan_html(made)
    assert "Writes" not in plan_html(replace(made, refusals=(REFERENCED,)))
