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
def test_other_scalars_are_text(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-01", "is a date"), ("2026-1-1 10:00:00", "is a date"),
        ("007", "different values"), ("1_000", "different values"),
        ("0b11", "different values"), ("-08", "different values"),
        (".nan", "not a number"), ("-.inf", "not a number"), ("1e999", "too large"),
        ("9007199254740992", "2**53"), ("1" * 5_000_000, "2**53"),
        ("0." + "1" * 5_000_000, "too many digits"),
    ],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_ambiguous_scalar_is_unclear(text, reason):
    found = plain(text)
    assert isinstance(found, Unclear)
    assert reason in found.reason
    assert len(found.reason) < 200
