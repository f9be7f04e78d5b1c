"""Tests of the differences between the release that answers now and the one that a plan publishes."""

import json
from typing import Any

from reconciler.planning.codec import from_json, to_json
from reconciler.planning.model import PartChange, Plan, VersionChange
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import ref


def publish(before: int | None, after: int | None, estate: Estate) -> Plan:
    """Return the plan that publishes one release after another one."""
    estate.assistant("triage").bot("support", assistant="triage", published=before)
    published: dict[str, Any] = {} if after is None else {"published": ref(f"release/support@{after}")}
    return estate.want("chatbot/support", assistant=ref("assistant/triage"), **published).plan()


def triage(*models: str) -> Estate:
    """Return releases of one assistant, each with a model."""
    estate = Estate()
    for number, model in enumerate(models, 1):
        estate.release("support", number, assistant="triage", model=model, note="x")
    return estate


def test_a_changed_assistant_is_listed_with_its_fields_and_models():
    (found,) = publish(1, 2, triage("m1", "m2")).versions
    parts = (PartChange("assistant/triage", "changed", ("model",), (("m1",), ("m2",))),)
    assert found == VersionChange("chatbot/support", "release/support@1", "release/support@2", parts)


def test_another_assistant_is_removed_and_added():
    estate = triage("m1").assistant("clerk").release("support", 2, assistant="clerk", model="m1", note="x")
    (found,) = publish(1, 2, estate).versions
    words = {(one.address, one.change) for one in found.parts}
    assert words == {("assistant/clerk", "added"), ("assistant/triage", "removed"), ("chatbot/support", "changed")}


def test_equal_releases_have_no_differences():
    (found,) = publish(1, 2, triage("m1", "m1")).versions
    assert (found.parts, found.files) == ((), ())


def test_a_first_release_and_no_release_are_not_compared():
    assert publish(None, 1, triage("m1")).versions == ()
    assert publish(1, None, triage("m1")).versions == ()
    assert publish(1, 1, triage("m1", "m2")).versions == ()


def test_a_renamed_assistant_is_compared_with_itself():
    estate = triage("m1").release("support", 2, assistant="sorter", model="m2", note="x")
    estate.synced("assistant/sorter", moved_from=("triage",))
    estate.want("assistant/sorter", moved_from=("triage",))
    estate.synced("chatbot/support", assistant=ref("assistant/sorter"), published=ref("release/support@1"))
    plan = estate.want("chatbot/support", assistant=ref("assistant/sorter"), published=ref("release/support@2")).plan()
    (found,) = plan.versions
    assert [(one.address, one.change) for one in found.parts] == [("assistant/sorter", "changed")]


def test_a_release_that_the_plan_archives_is_compared():
    estate = triage("m1", "m2").assistant("triage").bot("support", assistant="triage", published=1)
    estate.gone("release/support@1")
    estate.want("chatbot/support", assistant=ref("assistant/triage"), published=ref("release/support@2"))
    plan = estate.plan()
    assert ("archive", "release/support@1") in {(change.action, change.address) for change in plan.changes}
    assert [one.models for one in plan.versions[0].parts] == [(("m1",), ("m2",))]


def test_the_differences_survive_json_and_are_not_part_of_the_digest():
    plan = publish(1, 2, triage("m1", "m2"))
    assert from_json(json.loads(json.dumps(to_json(plan)))) == plan
    document = json.loads(json.dumps(to_json(plan)))
    del document["versions"]
    assert from_json(document).versions == ()
