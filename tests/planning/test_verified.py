"""What is compared again although the state has digests of it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, strategies as st

from reconciler.planning.inputs import Pending, PlanInputs
from reconciler.planning.resolution import resolve
from reconciler.planning.verified import digest_of, index_in
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Lifecycle, Live
from tests.support.plan_inputs import Worlds, ref
from tests.support.skipping import with_digests

VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(), items, max_size=3),
    max_leaves=8,
)
FIELDS: Final = st.dictionaries(st.text(), VALUES, max_size=3)
LAMP, SHADE = Address("widget", "lamp-1"), Address("widget", "shade-2")


@pytest.fixture
def inputs() -> PlanInputs:
    worlds = Worlds().synced("widget/shade-2", note="white")
    worlds.synced("widget/lamp-1", note="on", uses=ref("widget/shade-2"), tools=["agent_literal_9"])
    return with_digests(worlds.world())


@given(FIELDS, FIELDS, st.text())
def test_digest_is_that_of_one_array_in_json(fields, other, text):
    """States have digests that earlier runs recorded."""
    lifecycle = Lifecycle(protect=True, ignore=("note",))
    desired = Desired(LAMP, "widget", fields, lifecycle=lifecycle, write_only={"token": text}, options={"prune": True})
    for then in (fields, other):
        applied = Applied("widget_1", "widget", then, keep=True, unproven=("note",), revision="2-x", holds={text: "id"})
        said = [
            *("widget/lamp-1", ["widget", fields, {"token": text}, {"prune": True}, False], [True, False, ["note"]]),
            *(["widget_1", "widget", then, {}, ["note"]], [False, True, "2-x", {text: "id"}]),
            *({text: None}, {"agent_9": ["a/b", "c/d"]}),
        ]
        expected = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
        assert digest_of(desired, applied, {text: None}, {"agent_9": ("c/d", "a/b")}) == expected


def unchanged(inputs: PlanInputs) -> frozenset[Address]:
    return resolve(inputs).inputs.unchanged


def edited(inputs: PlanInputs, side: str, **fields: Any) -> PlanInputs:
    """Return the inputs with other attributes of the lamp in `desired` or `applied`."""
    found = getattr(inputs, side)
    changed: dict[str, Any] = {side: {**found, LAMP: replace(found[LAMP], **fields)}}
    return replace(inputs, **changed)


def relisted(inputs: PlanInputs, change: Callable[[Live], Live]) -> PlanInputs:
    return replace(inputs, live=tuple(change(live) if live.id == "widget_lamp-1" else live for live in inputs.live))


def test_objects_as_the_apply_left_them_are_unchanged(inputs):
    assert unchanged(inputs) == {LAMP, SHADE}


@pytest.mark.parametrize(
    "change",
    [
        lambda inputs: edited(inputs, "desired", fields={**inputs.desired[LAMP].fields, "note": "off"}),
        lambda inputs: edited(inputs, "desired", fields={**inputs.desired[LAMP].fields, "note": True}),
        lambda inputs: edited(inputs, "desired", lifecycle=Lifecycle(protect=True)),
        lambda inputs: edited(inputs, "desired", lifecycle=Lifecycle(ignore=("note",))),
        lambda inputs: edited(inputs, "desired", options={"prune": True}),
        lambda inputs: edited(inputs, "desired", write_only={"token": "sha256:1"}),
        lambda inputs: edited(inputs, "applied", keep=True),
        lambda inputs: edited(inputs, "applied", unproven=("note",)),
        lambda inputs: edited(inputs, "applied", revision="2-x"),
        lambda inputs: edited(inputs, "applied", holds={"widget/shade-2": "widget_other-3"}),
        lambda inputs: edited(inputs, "applied", verified=None),
        lambda inputs: relisted(inputs, lambda live: replace(live, mark="another")),
        lambda inputs: relisted(inputs, lambda live: replace(live, mark="")),
        lambda inputs: relisted(inputs, lambda live: replace(live, detail={"status": "expired"})),
        lambda inputs: replace(inputs, unfinished=(Pending(LAMP, "widget", {}, 1.0, creates=False),)),
    ],
)
def test_object_is_compared_again_after_a_change(inputs, change):
    assert unchanged(change(inputs)) == {SHADE}


def test_referrer_of_an_object_with_another_id_is_compared_again(inputs):
    applied = {**inputs.applied, SHADE: replace(inputs.applied[SHADE], id="widget_new-5")}
    live = tuple(replace(one, id="widget_new-5") if one.id == "widget_shade-2" else one for one in inputs.live)
    assert unchanged(replace(inputs, applied=applied, live=live)) == frozenset()


def test_object_with_an_id_that_is_managed_since_is_compared_again(inputs):
    worlds = Worlds().synced("widget/third", id_="agent_literal_9", note="x").world()
    assert unchanged(joined(inputs, worlds)) == {SHADE}


def joined(inputs: PlanInputs, more: PlanInputs) -> PlanInputs:
    desired, applied = {**inputs.desired, **more.desired}, {**inputs.applied, **more.applied}
    return replace(inputs, desired=desired, applied=applied, live=(*inputs.live, *more.live))


def test_id_that_an_index_may_lack_switches_skipping_off(inputs):
    worlds = Worlds().synced("widget/third", id_="plain", note="x").world()
    assert unchanged(joined(inputs, worlds)) == frozenset()


def test_index_has_references_and_texts_that_can_be_ids():
    fields = {
        "uses": [ref("widget/shade-2"), ref("file/kb/a_1.md")],
        "tools": {"x": "vs_68fa", "y": {"file-AbCdEfGhIjKlMnOp": "order_number"}},
        "instructions": "Use vs_68fa, and file-1.",
    }
    index = index_in(fields)
    assert index.refers_to == ("widget/shade-2", "file/kb/a_1.md")
    assert index.ids == ("vs_68fa", "file-AbCdEfGhIjKlMnOp")
