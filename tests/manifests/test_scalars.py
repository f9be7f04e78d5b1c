import pytest

from reconciler.manifests.editing import edited
from reconciler.manifests.emitting import emit
from reconciler.manifests.scalars import Unclear, needs_quotes, plain


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


AMBIGUOUS = [
    "", "~", "null", "NULL", "true", "False", "y", "N", "yes", "NO", "on", "Off", "=", "<<", "0", "-7", "+1", "1.",
    "1.5", ".5", "-.5e3", "1e3", "1_000", "1,000", "0x1F", "-0x1F", "0o14", "-0o7", "014", "0b11", "-0b1", "12:30",
    "12:30:45", "-1:59:59.5", ".inf", "-.Inf", ".nan", "+.NAN", "2026-01-01", "2026-1-1 10:00:00", ":symbol",
]  # fmt: skip


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_text_that_a_parser_may_read_as_another_type_is_quoted_by_import_and_edits(text):
    assert needs_quotes(text)
    assert emit({"a": text, "b": [text], text: 1}) == f'a: "{text}"\nb: ["{text}"]\n"{text}": 1\n'
    assert edited("a: x\nb: [x]\nc: {x: 1}\n", {"a": text, "b": [text], "c": {"x": 1, text: 1}}) == (
        f'a: "{text}"\nb: ["{text}"]\nc: {{x: 1, "{text}": 1}}\n'
    )


@pytest.mark.parametrize("text", ["1.2.3", "gpt-5.1", "nobody", "yes please", "24:00 o'clock", "a=b", "v1", "3 items"])
def test_text_that_every_parser_reads_as_text_is_not_quoted(text):
    assert not needs_quotes(text)
    assert edited("a: x\n", {"a": text}) == f"a: {text}\n"
