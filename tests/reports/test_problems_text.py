from textwrap import dedent

from reconciler.reports.style import Style
from reconciler.reports.text.problems import problems_text
from reconciler.resources.problems import Place, Problem
from tests.support.plans import PLAIN

UNKNOWN = Problem("unknown-field", "spec has no field `modle`", Place("a.yaml", 7, 3), hint="Did you mean `model`?")


def test_problems_are_sorted_by_place_and_counted():
    others = (
        Problem("old", "it has expired", Place("a.yaml", 2), severity="warning"),
        Problem("unreachable", "the API does not answer"),
    )
    assert problems_text((others[1], UNKNOWN, others[0]), style=PLAIN) == dedent("""\
        a.yaml:2:1: warning[old]: it has expired
        a.yaml:7:3: error[unknown-field]: spec has no field `modle`
            hint: Did you mean `model`?
        error[unreachable]: the API does not answer

        2 errors, 1 warning
        """)


def test_no_problem_is_no_text():
    assert problems_text((), style=PLAIN) == ""


def test_the_place_and_the_code_stand_out_in_colour():
    text = problems_text([UNKNOWN], style=Style(color=True, width=80))
    assert text.startswith("\x1b[1ma.yaml:7:3: \x1b[0m\x1b[31merror[unknown-field]:\x1b[0m spec has no field")


def test_a_message_that_contains_lines_stays_one_problem():
    text = problems_text([Problem("bad", "it says\nb.yaml:1:1: error[fake]: \x1b[1mno")], style=PLAIN)
    assert text == "error[bad]: it says b.yaml:1:1: error[fake]: \\x1b[1mno\n\n1 error\n"
