import pytest

from reconciler.reports.markdown.escaping import code, fenced, marker, prose


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("assistant/triage is still used.", "`assistant/triage` is still used."),
        ("It's (really) fine: 3 of 4.", "It's (really) fine: 3 of 4."),
        ("ask @team about #12, GH-12 or gh-12", "ask `@team` about `#12`, `GH-12` or `gh-12`"),
        ("see https://example.com/x.", "see `https://example.com/x`."),
        ("1. first", "`1.` first"),
        ("- # > *", "`-` `#` `>` `*`"),
        ("a`b", "``a`b``"),
        ("größer als ñandú", "größer als ñandú"),
        ("two\nlines", "two lines"),
        ("it no longer says “Never promise a refund.”", "it no longer says “Never promise a refund.”"),
        ("it says “- Never invent policy.”, twice", "it says “`- Never invent policy.`”, twice"),
        ("(“Don't ask @team”)", "(“`Don't ask @team`”)"),
        ("“a `b” c`”", "“``a `b``” `` c` ``”"),
        ("“see `it`”", "“`` see `it` ``”"),
        ("“open *this", "“open `*this`"),
        ("“closed”@team", "`“closed”@team`"),
    ],
)
def test_words_stay_words_and_all_else_is_code(text, shown):
    assert prose(text) == shown


def test_a_fence_is_longer_than_any_in_it():
    assert fenced(["````", "x"], "diff") == "`````diff\n````\nx\n`````"


def test_code_may_begin_and_end_with_a_backtick():
    assert code("`a`") == "`` `a` ``"


def test_a_marker_cannot_be_closed_by_a_name():
    assert marker("plan", "acme/production") == "<!-- reconciler:plan acme/production -->"
    assert marker("plan", "a-->b") == "<!-- reconciler:plan a_b -->".replace("a_b", "a__b")
