"""Changes of function parameters, one by one."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from reconciler.resources.assistants.risks import incompatible


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


NESTED = of(room=of(size={"type": "string"}))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (of(a={}), of(), [{"at": "a", "change": "removed"}]),
        (of(a={}), None, [{"at": "a", "change": "removed"}]),
        (NESTED, of(room=of()), [{"at": "room.size", "change": "removed"}]),
        (
            NESTED,
            of(room={**of(size={"type": "string"}), "required": ["size"]}),
            [{"at": "room.size", "change": "required"}],
        ),
        (
            of(a={"type": ["string", "null"]}),
            of(a={"type": "string"}),
            [{"at": "a", "change": "type", "before": ["string", "null"], "after": ["string"]}],
        ),
        (
            of(a={"type": "number"}),
            of(a={"type": "integer"}),
            [{"at": "a", "change": "type", "before": ["number"], "after": ["integer"]}],
        ),
        (of(a={"enum": ["x", 1]}), of(a={"enum": [1]}), [{"at": "a", "change": "narrowed", "values": ['"x"']}]),
        (of(a={}), of(a={"enum": [1, 2]}), [{"at": "a", "change": "limited", "values": 2}]),
        (of(a={"items": of(b={})}), of(a={"items": of()}), [{"at": "a[].b", "change": "removed"}]),
    ],
)
def test_incompatible_change_is_reported(before, after, said):
    assert [*incompatible(before, after)] == said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of(), of(a={})),
        (None, of(a={})),
        (of(a={"type": "integer"}), of(a={"type": "number"})),
        (of(a={"enum": [1]}), of(a={"enum": [1, 2]})),
        (of(a={"enum": [1]}), of(a={})),
        ({**of(a={}), "required": ["a"]}, of(a={})),
        (of(a={"description": "old"}), of(a={"description": "new"})),
    ],
)
def test_compatible_change_is_not_reported(before, after):
    assert [*incompatible(before, after)] == []


KEYWORDS = st.sampled_from(["type", "properties", "required", "enum", "items", "a"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | KEYWORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
)


@given(ANYTHING, ANYTHING)
def test_malformed_schema_is_compared_as_far_as_possible(before, after):
    assert all(isinstance(said, dict) for said in incompatible(before, after))
    assert [*incompatible(before, before)] == []
