"""The walks through values are as their definitions, which call themselves for every value."""

import json
from collections.abc import Iterator, Mapping

from hypothesis import example, given, settings, strategies as st

from reconciler.resources.values import JSON, identical, is_reference, mentions, references_in, same, strings_in

SCALARS = st.sampled_from([None, False, True, 0, 1, 0.0, -0.0, 1.0, 2, "", "a", "$address", "assistant/a"])
KEYS = st.sampled_from(["a", "b", "$address"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)
MANY = settings(max_examples=300, deadline=None)


def plain_references(value: JSON) -> Iterator[str]:
    if is_reference(value):
        yield value["$address"]
    elif isinstance(value, dict):
        for item in value.values():
            yield from plain_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from plain_references(item)


def plain_strings(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from plain_strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from plain_strings(item)


def plain_same(left: JSON, right: JSON) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(plain_same(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(plain_same, left, right))
    return bool(left == right)


def flipped(value: JSON) -> JSON:
    """Return an equal value in Python that has booleans for numbers, and numbers for booleans."""
    if isinstance(value, dict):
        return {key: flipped(item) for key, item in reversed(value.items())}
    if isinstance(value, list):
        return [flipped(item) for item in value]
    return int(value) if isinstance(value, bool) else bool(value) if value in (0, 1) else value


@MANY
@given(VALUES)
def test_references_and_strings_are_found_in_order(value):
    found = mentions(value)
    assert list(found.references) == list(references_in(value)) == list(plain_references(value))
    assert list(found.strings) == list(strings_in(value)) == list(plain_strings(value))


@MANY
@given(VALUES, VALUES)
@example({"a": [1]}, {"a": [True]})
@example({"a": [1]}, {"a": [1.0]})
@example([0], [False])
@example([], {})
def test_same_is_equality_of_json(left, right):
    assert same(left, right) == plain_same(left, right)
    assert same(right, left) == plain_same(right, left)


@MANY
@given(VALUES)
def test_same_tells_booleans_from_numbers(value):
    assert same(value, json.loads(json.dumps(value)))
    assert flipped(value) == value
    assert same(value, flipped(value)) == plain_same(value, flipped(value))


@MANY
@given(VALUES, VALUES)
@example({"a": 1, "b": 0.0}, {"b": 0.0, "a": 1})
@example({"a": 1}, {"a": 1.0})
@example([0.0], [-0.0])
def test_identical_values_have_the_same_text(left, right):
    for other in (right, flipped(left), json.loads(json.dumps(left, sort_keys=True))):
        assert identical(left, other) == (json.dumps(left, sort_keys=True) == json.dumps(other, sort_keys=True))
