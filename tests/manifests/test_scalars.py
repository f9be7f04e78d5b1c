import pytest

from reconciler.manifests.scalars import Unclear, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("False", False),
        ("0", 0), ("-17", -17), ("+3", 3), ("0x1F", 31), ("0o17", 15), ("9007199254740991", 2**53 - 1),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-0.0", -0.0),
    ],
)  # fmt: skip
def test_numbers_and_constants_are_those_of_yaml_1_2(text, value):
    assert plain(text) == value
    assert type(plain(text)) is type(value)


@pytest.mark.parametrize("text", ["yes", "on", "NO", "1:30", "1.2.3", "01632 960100", "-", "...", "+", "1e", "gpt-6"])
def test_everything_else_is_text(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-01", "is a date"), ("2026-1-1 10:00:00", "is a date"),
        ("007", "differently"), ("1_000", "differently"), ("0b11", "differently"), ("-08", "differently"),
        (".nan", "no number"), ("-.inf", "no number"), ("1e999", "too large"),
        ("9007199254740992", "2**53"), ("1" * 5_000_000, "2**53"), ("0." + "1" * 5_000_000, "too long"),
    ],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_what_readers_disagree_about_has_no_value(text, reason):
    found = plain(text)
    assert isinstance(found, Unclear)
    assert reason in found.reason
    assert len(found.reason) < 200
