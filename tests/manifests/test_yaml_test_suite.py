"""The cases of the YAML Test Suite, read as manifests. The data and its licence are in `yaml_test_suite`."""

import pytest
from ruamel.yaml.error import MarkedYAMLError

from reconciler.manifests.libyaml import fast_events, thorough_events
from reconciler.manifests.parsing import parse
from tests.support.yaml_events import lines_of, positions_of, yaml_test_suite

CASES = yaml_test_suite()
VALID = [pytest.param(case, id=case["id"]) for case in CASES if not case.get("fail")]
INVALID = [pytest.param(case, id=case["id"]) for case in CASES if case.get("fail")]

REFUSED = {
    "unknown-tag": (
        "a manifest has the types of JSON and no others; only `!` and `!!str`, which mark text, are accepted",
        """2AUY 2XXW 33X3 35KP 565N 57H4 5TYM 6CK3 6JWB 6WLZ 735Y 74H7 7FWL 9KAX 9WXW BU8L C4HZ CC74 CUP7 EHF6 F2C7 FH7J
        J7PZ L94M M5C3 P76L UGM3 WZ62 Z67P Z9M4""",
    ),
    "non-string-key": (
        "a key of JSON is text: no missing key, no collection",
        """2JQS 4FJ6 6BFJ 6M2F 6PBE 9MMW DFF7 FRK4 KK5P LX3P M2N8/0 M2N8/1 M5DY NHX8 NKF9 PW8X Q9WF RZP5 S3PD SBG9
        SM9W/1 UKK6/0 V9D5 X38W XW4D""",
    ),
    "alias": ("the fields of a manifest are written out: an alias cannot be a key", "26DV E76Z"),
    "yaml-version": ("other versions read other values in the same text", "BEC7 MUS6/2 MUS6/3 MUS6/4"),
    "unclear-scalar": ("a date has no type in JSON", "RZT7"),
    "syntax": (
        "a tab as indentation; no `---`, or no document before `...` (7Z25 HWV9 M7A3 QT73); no key (CFD4)",
        "6BCT 6CA3 A2M4 DK95/0 Q5MG Y79Y/10 7Z25 HWV9 M7A3 QT73 CFD4",
    ),
}
"""Valid cases that are refused on purpose, by the code of the problem, with the reason."""
REFUSED_BY_ID = {name: code for code, (_, names) in REFUSED.items() for name in names.split()}

ACCEPTED = {
    "lines of a flow collection or of quoted text that are not indented": "9C9N DK95/1 QB6E VJP3/0 Y79Y/3",
    "a comment without a space before it, after a quote or a bracket": "9JBA CVW2 SU5Z",
    "a single dash as text in a flow collection": "G5U8 YJV2",
    "a directive without `...` above it, or without a document": "EB22 MUS6/1 RHX7",
}
"""Invalid cases that are read, as libyaml and ruamel.yaml read them, because their value is not ambiguous."""
ACCEPTED_IDS = {name for names in ACCEPTED.values() for name in names.split()}

WITHOUT_A_LAST_LINE_BREAK = {"JEF9/2", "L24T/1"}
"""Cases whose last line has only spaces and no line break. The suite adds a line break to the text."""


@pytest.mark.parametrize("case", VALID)
def test_valid_case_has_the_values_of_the_suite_or_is_refused_on_purpose(case):
    documents = list(parse(case["yaml"], "f.yaml"))
    problems = [problem.code for document in documents for problem in document.problems]
    assert set(problems[:1]) == {REFUSED_BY_ID[case["id"]]} if case["id"] in REFUSED_BY_ID else not problems
    if not problems and "values" in case and case["id"] not in WITHOUT_A_LAST_LINE_BREAK:
        found = [document.value for document in documents if not document.empty]
        assert found == [value for value in case["values"] if value is not None]


@pytest.mark.parametrize("case", INVALID)
def test_invalid_case_is_refused(case):
    problems = [problem.code for document in parse(case["yaml"], "f.yaml") for problem in document.problems]
    assert bool(problems) == (case["id"] not in ACCEPTED_IDS)


@pytest.mark.parametrize("case", [case for case in VALID if case.id not in REFUSED_BY_ID])
def test_thorough_parser_has_the_events_of_the_suite(case):
    if case["id"] not in WITHOUT_A_LAST_LINE_BREAK:
        assert lines_of(thorough_events(case["yaml"])) == [_without_markers(line) for line in case["events"]]


@pytest.mark.parametrize("case", VALID)
def test_fast_parser_agrees_with_the_thorough_one_where_it_reads_a_case(case):
    try:
        fast = positions_of(fast_events(case["yaml"]))
    except MarkedYAMLError:
        return
    if REFUSED_BY_ID.get(case["id"]) not in {"syntax", "yaml-version"}:
        assert fast == positions_of(thorough_events(case["yaml"]))


def _without_markers(line: str) -> str:
    return (
        line.removesuffix(" ---")
        if line.startswith("+DOC")
        else line.removesuffix(" ...")
        if line == "-DOC ..."
        else line
    )
