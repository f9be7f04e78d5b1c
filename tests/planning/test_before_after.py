"""What a change makes of an object."""

from copy import deepcopy
from typing import Any

import pytest

from reconciler.planning.before_after import BeforeAfter, before_after, edited
from reconciler.planning.build import Planned
from reconciler.planning.model import FieldChange
from reconciler.resources.values import ABSENT
from tests.support.plan_inputs import Worlds


def put(*keys: str, value: Any) -> FieldChange:
    return FieldChange(keys, None, value, "manifest")


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ([put("note", value="x")], {"note": "x", "tools": {"a": {"on": True}, "b": {}}}),
        ([put("tools", "a", "on", value=ABSENT)], {"note": None, "tools": {"a": {}, "b": {}}}),
        ([put("tools", "a", value=1), put("tools", "c", value=2)], {"note": None, "tools": {"a": 1, "b": {}, "c": 2}}),
        ([put("note", "deep", "er", value=1)], {"note": {"deep": {"er": 1}}, "tools": {"a": {"on": True}, "b": {}}}),
        ([put("gone", value=ABSENT)], {"note": None, "tools": {"a": {"on": True}, "b": {}}}),
    ],
)
def test_edited_leaves_what_it_was_given(changes, after):
    fields = {"note": None, "tools": {"a": {"on": True}, "b": {}}}
    given = deepcopy(fields)
    assert edited(fields, changes) == after
    assert fields == given


def of(planned: Planned) -> list[BeforeAfter]:
    return [before_after(planned.inputs, planned.matched, change) for change in planned.plan.work]


def test_of_an_update_only_what_differs():
    worlds = Worlds().stays("widget/lamp", note="a", colour="red").want("widget/lamp", note="b", colour="red")
    assert of(worlds.planned()) == [({"note": "a"}, {"note": "b"})]


def test_of_what_is_made_or_goes_or_is_made_anew_everything():
    assert of(Worlds().want("widget/lamp", note="a").planned()) == [({}, {"note": "a"})]
    assert of(Worlds().stays("widget/lamp", note="a").planned()) == [({"note": "a"}, {})]
    resized = Worlds().stays("widget/lamp", size=1, note="a").want("widget/lamp", size=2, note="a")
    assert of(resized.planned()) == [({"size": 1, "note": "a"}, {"size": 2, "note": "a"})]
