from collections import Counter

from hypothesis import given, strategies as st

from reconciler.reports.style import Style
from reconciler.reports.views.diffs import unified


def diff(before: str, after: str, width: int = 60):
    return unified(before.split("\n"), after.split("\n"), Style(width=width), indent=0)


def test_two_lines_of_context_and_where_they_stand():
    lines = [f"line {number}" for number in range(1, 10)]
    assert diff("\n".join(lines), "\n".join([*lines[:6], "new", *lines[7:]])) == [
        "@ line 5",
        "  line 5",
        "  line 6",
        "- line 7",
        "+ new",
        "  line 8",
        "  line 9",
    ]


def test_of_a_paragraph_on_one_line_only_the_changed_sentence_is_a_difference():
    before = "You answer questions of customers. Be friendly to them. Never promise a refund to anybody."
    assert diff(before, before.replace("friendly", "kind")) == [
        "  You answer questions of customers.",
        "- … Be friendly to them.",
        "+ … Be kind to them.",
        "  … Never promise a refund to anybody.",
    ]


def test_a_new_line_break_is_a_difference_too():
    before = "You answer the questions of our customers. Be friendly to all of them."
    assert diff(before, before.replace(". ", ".\n")) == [
        "  You answer the questions of our customers.",
        "- … Be friendly to all of them.",
        "+ Be friendly to all of them.",
    ]


def test_spaces_at_the_end_are_seen():
    assert diff("same ", "same") == ["- same·", "+ same"]


def test_a_trailing_newline_is_seen():
    assert diff("same", "same\n") == ["  same", "+"]


def test_long_differences_end_with_how_much_more_there_is():
    lines = diff("", "\n".join(f"line {number}" for number in range(67)))
    assert len(lines) == 21
    assert lines[-1] == "… 48 more lines"


def test_long_lines_go_on_below():
    assert diff("x", "word " * 15, width=40)[1:] == [
        "+ word word word word word word word",
        "+   word word word word word word word",
        "+   word·",
    ]


def test_a_megabyte_without_a_space_is_cut_into_lines():
    lines = diff("", "x" * 1_000_000)
    assert len(lines) == 21
    assert max(map(len, lines)) <= 60


def test_in_much_text_that_repeats_itself_the_one_line_that_differs_is_found():
    lines = ["line"] * 20_000
    assert diff("\n".join(lines), "\n".join([*lines[:9_000], "new", *lines[9_000:]])) == [
        "@ line 8999",
        "  line",
        "  line",
        "+ new",
        "  line",
        "  line",
    ]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_what_is_taken_away_and_added_makes_the_one_of_the_other(before, after):
    found = Counter(line[0] for line in diff("\n".join(before), "\n".join(after)) if line)
    assert len("\n".join(before).split("\n")) - found["-"] + found["+"] == len("\n".join(after).split("\n"))
    assert (found["+"] + found["-"] == 0) == (before == after)
