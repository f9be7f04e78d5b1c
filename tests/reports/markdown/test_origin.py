import pytest

from reconciler.reports.markdown.escaping import marker
from reconciler.reports.markdown.origin import Run, signed, unplanned
from tests.support.reading import markdown

PLAN = "<!-- reconciler:plan acme/production -->\n\nhello\n"
MARK = PLAN.splitlines()[0]
RUN = "https://github.example/acme/bots/actions/runs/17"


def test_nothing_known_adds_nothing():
    assert signed(PLAN, Run()) == PLAN
    assert "See" not in unplanned(MARK, Run())


@pytest.mark.parametrize(
    "url", ["", "None/None/actions/runs/17", "javascript:alert(1)", "https://x.example/a b", f"{RUN}) <b>", f"{RUN}\n"]
)
def test_what_is_no_page_is_no_link(url):
    assert signed(PLAN, Run(url)) == PLAN
    assert "this run" not in unplanned(MARK, Run(url))


@pytest.mark.parametrize("value", ["`<script>`", "@team", "--><b>x</b>", "[x](https://evil.example)", "a\n# b"])
def test_names_of_branches_and_workflows_are_text(value):
    run = Run(RUN, workflow=value, commit=value, base=value)
    for text in (signed(PLAN, run), unplanned(marker("plan", value), run)):
        read = markdown(text)
        assert read.other == {"link"}
        assert not any(char in read.text for char in "<@[")
        assert all(line.startswith("<!-- reconciler:") and line.endswith(" -->") for line in read.html)
