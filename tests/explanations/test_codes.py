"""The page of codes has every code that the program can produce, and no other."""

from collections import Counter
from typing import get_args

import pytest

from reconciler.explanations.codes import code_in, explanations, page
from reconciler.planning.guard import RULES
from reconciler.planning.reasons import NoticeCode
from reconciler.resources.risks import RISKS
from tests.support.codes import produced

CODES = tuple(explanations(page()))
PRODUCED = produced()
LABELS = {"error": "error[", "warning": "warning[", "refusal": "refused[", "risk": ""}


def codes(*classes: str) -> set[str]:
    return {one.code for one in CODES if one.is_a in classes}


def test_search_follows_every_argument_that_is_a_code():
    assert PRODUCED.unknown == []
    assert {"no-project", "empty-file", "bundle-broken", "internal", "state-damaged", "missing-file"} <= PRODUCED.all


def test_errors_and_warnings_are_those_that_the_source_code_produces():
    assert codes("error", "warning") == PRODUCED.all | set(get_args(NoticeCode))


def test_warnings_are_listed_as_warnings():
    assert PRODUCED.only_warnings | set(get_args(NoticeCode)) - PRODUCED.all <= codes("warning")


def test_refusals_are_the_rules_of_the_guard():
    assert codes("refusal") == set(RULES)


def test_risks_are_those_of_plans_by_level():
    assert codes("risk") == set(RISKS)
    for level, part in zip(("High", "Medium", "Low"), page().split(" risks\n")[1:], strict=True):
        listed = {one.code for one in explanations(f"## {level} risks\n{part}") if one.is_a == "risk"}
        assert listed == {rule for rule, found in RISKS.items() if found == level.lower()}


def test_every_section_is_read():
    assert page().count("\n### ") == len(CODES)
    assert [key for key, number in Counter((one.code, one.is_a) for one in CODES).items() if number > 1] == []


def test_sections_have_sentences_and_an_example_with_the_code():
    texts = [(one.code, text) for one in CODES for text in (one.meaning, one.solution)]
    assert [code for code, text in texts if not text.endswith(".") or "](" in text] == []
    assert [one.code for one in CODES if f"{LABELS[one.is_a]}{one.code}" not in one.example] == []


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("no-project", "no-project"),
        ("error[no-project]", "no-project"),
        ("error[no-project]:", "no-project"),
        ("warning[odd-extension]:", "odd-extension"),
        ("refused[referenced]:", "referenced"),
        ("high guardrail-removed:", "guardrail-removed"),
        ("assistant.spec", None),
        ("Assistant", None),
        ("", None),
    ],
)
def test_code_in_a_topic_may_be_as_printed(topic, code):
    assert code_in(topic) == code
