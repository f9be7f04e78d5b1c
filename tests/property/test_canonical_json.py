"""Digests are of RFC 8785, whichever encoder writes it: the one of `json`, in C, or `rfc8785`."""

import enum
import hashlib
import json
import math
import sys
from collections.abc import Callable

import pytest
import rfc8785
from hypothesis import example, given, settings, strategies as st

from reconciler.resources.values import digest


class Colour(enum.StrEnum):
    RED = "red"


class Word(str):
    """A text that is written as another one, if it is not taken for what it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "another"


class Step(enum.IntEnum):
    FIRST = 1


class Tagged(dict[str, object]):
    """A mapping that is not exactly a `dict`."""


EDGES = [0, -1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) + 1, -(2**53), 10**400]
CHARACTERS = st.one_of(
    st.sampled_from(
        '\0\x01\b\t\n\f\r\x1f"\\/\x7f\x80\u2028\u2029\ud800\udfff\ue000\ufb33\ufeff\uffff\U00010000\U0001f600'
    ),
    st.characters(),
)
TEXTS = st.text(CHARACTERS, max_size=6)
NUMBERS = st.sampled_from(EDGES) | st.integers() | st.floats()
SUBCLASSES = st.sampled_from([Colour.RED, Word("word"), Step.FIRST])
SCALARS = st.none() | st.booleans() | TEXTS | NUMBERS | SUBCLASSES
KEYS = TEXTS | st.sampled_from([Colour.RED, Word("word"), 1, True, None, 1.5])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=12)
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(TEXTS, inner).map(Tagged)
        | st.dictionaries(KEYS, inner)
    ),
    max_leaves=12,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), inner),
    max_leaves=12,
)


def expected(value: object) -> str:
    """Return the digest by `rfc8785`, or else, where it defines none, by sorted ASCII."""
    try:
        written = rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        written = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return "sha256:" + hashlib.sha256(written).hexdigest()


def outcome(of: Callable[[object], str], value: object) -> str:
    try:
        return of(value)
    except (TypeError, ValueError) as error:
        return type(error).__name__


@settings(max_examples=300, deadline=None)
@given(JSON | ANY)
@example({"\U0001f600": 1, "\ue000": 2, "\uffff": 3})
@example({"é": 10**16})
@example({1: "é"})
@example({"é": 1.0})
@example({"\ud800": 1})
@example([math.nan, "é"])
@example({Colour.RED: Colour.RED, "a": (Word("word"), Step.FIRST)})
def test_every_value_has_the_digest_of_rfc_8785(value):
    assert outcome(digest, value) == outcome(expected, value)


@settings(max_examples=300, deadline=None)
@given(PLAIN)
def test_plain_json_is_not_written_in_python(value):
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(rfc8785, "dumps")
        found = digest(value)
    assert found == expected(value)


@pytest.mark.parametrize("depth", [50, 300, 600])
def test_a_deeply_nested_value_has_the_digest_of_rfc_8785(depth):
    value: object = "deep"
    for _ in range(depth):
        value = {"a": [value]} if depth < 300 else [value]
    room = sys.getrecursionlimit()
    sys.setrecursionlimit(room + 3 * depth)
    try:
        wanted = expected(value)
    finally:
        sys.setrecursionlimit(room)
    assert digest(value) == wanted


def test_a_value_that_contains_itself_has_no_digest():
    value: list[object] = []
    value.append(value)
    with pytest.raises(RecursionError):
        digest(value)
