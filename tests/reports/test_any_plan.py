"""What holds for every plan, whatever it contains."""

import re
from functools import partial

from hypothesis import given, settings, strategies as st

from reconciler.reports.style import Style, cells, plain
from reconciler.reports.text.drift import drift_text
from reconciler.reports.text.plan import plan_text
from reconciler.reports.wording.result_documents import drift_document
from reconciler.resources.json_documents import dumps
from tests.support.any_plan import any_plan, plans
from tests.support.drifts import report

SGR = re.compile(r"\x1b\[(?:0|(?:1|2|31|32|33|36)(?:;(?:1|2|31|32|33|36))*)m")

short_names = st.sampled_from(["triage", "a b", "日本", "kb/hours.md", "\x1b[m"])
styles = st.builds(Style, st.booleans(), st.sampled_from([40, 80, 120]))


@settings(deadline=None, max_examples=60)
@given(any_plan, styles)
def test_every_text_is_safe_for_a_terminal_and_the_same_every_time(plan, style):
    for render in (partial(plan_text, plan), partial(drift_text, report(plan))):
        text = render(style=style)
        assert text == render(style=style)
        bare = SGR.sub("", text) if style.color else text
        assert all(char == "\n" or char.isprintable() for char in bare)
    assert dumps(drift_document(report(plan))).isascii()


@settings(deadline=None, max_examples=60)
@given(any_plan)
def test_every_address_is_in_the_text_or_counted_by_a_fold(plan):
    text = plan_text(plan, style=Style(width=120))
    assert all(plain(item.address) in text for item in (*plan.drift, *plan.refusals))
    folded = sum(int(number) for number in re.findall(r"^  . \w+ +(\d+) files", text, re.MULTILINE))
    absent = [change for change in plan.changes if plain(change.address) not in text]
    assert len(absent) <= folded
    assert all(change.address.startswith("file/") for change in absent)


@settings(deadline=None, max_examples=60)
@given(plans(short_names, consents=st.none()), st.sampled_from([80, 120]))
def test_only_a_word_that_is_wider_than_the_terminal_makes_a_line_so(plan, width):
    for line in plan_text(plan, style=Style(width=width)).splitlines():
        widest = max(line.split(" "), key=cells)
        assert cells(line) <= width or cells(line.strip()) <= cells(widest) + 20
