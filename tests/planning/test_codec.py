import json
from dataclasses import replace

import pytest

from reconciler.planning.codec import from_json, to_json
from reconciler.planning.model import Plan
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.values import ABSENT
from tests.support.plan_inputs import IDENTITY, Worlds, ref


def busy() -> Worlds:
    """A bit of everything."""
    worlds = Worlds().want("widget/new", note=None, metadata={"kb/a.md": "1"}).stays("assistant/gone")
    worlds.synced("pipeline/flow", uses=ref("assistant/gone")).stranger("agent_9", name="theirs")
    return worlds.want("widget/lamp", note="x").applied("widget/lamp", note="x").live("widget/lamp", note=None)


def read_back(plan: Plan) -> Plan:
    return from_json(json.loads(json.dumps(to_json(plan))))


@pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
def test_a_plan_survives_json(on_drift):
    plan = busy().plan(on_drift=on_drift)
    assert read_back(plan) == plan


def test_null_is_a_value_and_no_value_is_left_out():
    (created,) = [change for change in to_json(busy().plan())["changes"] if change["action"] == "create"]
    fields = {item["path"]: item for item in created["fields"]}
    assert fields["note"]["after"] is None
    assert "before" not in fields["note"]


def edit_action(document):
    document["changes"][0]["action"] = "delete"


def edit_value(document):
    document["drift"][0]["fields"][0]["after"] = "evil"


def lift_refusal(document):
    document["refusals"].clear()


def add_change(document):
    document["changes"].append(document["changes"][0])


def drop_change(document):
    document["changes"].pop()


@pytest.mark.parametrize("edit", [edit_action, edit_value, lift_refusal, add_change, drop_change])
def test_an_edited_plan_is_found_out(edit):
    document = to_json(busy().plan())
    edit(document)
    with pytest.raises(ReconcilerError, match="edited"):
        from_json(document)


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"format": "reconciler/plan/v2"}, {"format": "reconciler/plan/v1"}, "text", 3],
)
def test_what_is_no_plan_is_said_to_be_none(document):
    with pytest.raises(ReconcilerError, match="plan"):
        from_json(document)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60])
def test_a_number_that_json_cannot_hold_makes_no_plan(value):
    document = to_json(busy().plan())
    document["changes"][0]["fields"][0]["after"] = value
    with pytest.raises(ReconcilerError):
        from_json(document)


class TestDigest:
    """Says whether two plans do the same, whoever made them and when."""

    def test_the_same_world_has_the_same_digest(self):
        assert busy().plan().digest == busy().plan().digest

    def test_order_of_reading_does_not_matter(self):
        worlds = busy()
        worlds.objects.reverse()
        assert worlds.plan() == busy().plan()

    @pytest.mark.parametrize(
        "unrelated",
        [
            lambda: busy().stranger("agent_10"),
            lambda: busy().want("widget/new", note=None, metadata={"kb/a.md": "1"}, line=99),
            lambda: busy().synced("widget/other"),
        ],
        ids=["a stranger", "a source line", "an object in sync"],
    )
    def test_what_does_not_matter(self, unrelated):
        assert unrelated().plan().digest == busy().plan().digest

    def test_neither_commit_nor_date_matter(self):
        from reconciler.planning import build

        dated = build.plan(busy().world(), commit="abc", created_at="2026-11-21T09:00:00Z").plan
        assert dated.digest == busy().plan().digest
        assert (dated.commit, dated.created_at) == ("abc", "2026-11-21T09:00:00Z")

    @pytest.mark.parametrize(
        "related",
        [
            lambda: busy().want("widget/new", note="y"),
            lambda: busy().synced("chatbot/bot", uses=ref("assistant/gone")),
            lambda: busy().synced("widget/lamp", note="x"),
        ],
        ids=["a field", "a referrer", "drift that is gone"],
    )
    def test_what_does_matter(self, related):
        assert related().plan().digest != busy().plan().digest

    def test_a_live_id_matters(self):
        def removing(id_: str) -> str:
            return Worlds().stays("widget/lamp", id_=id_).plan().changes[0].digest

        assert removing("w1") != removing("w2")

    def test_who_refers_to_what_is_deleted_matters_to_its_change(self):
        def removing(worlds: Worlds) -> str:
            return next(change.digest for change in worlds.plan().changes if change.address == "widget/lamp")

        alone = Worlds().stays("widget/lamp")
        used = Worlds().stays("widget/lamp").stays("widget/desk", uses=ref("widget/lamp"))
        assert removing(alone) != removing(used)

    def test_an_identity_matters(self):
        world = busy().world()
        from reconciler.planning import build

        other = build.plan(replace(world, identity=replace(IDENTITY, environment="staging"))).plan
        assert other.digest != busy().plan().digest

    def test_kept_and_reverted_drift_differ(self):
        assert busy().plan(on_drift="keep").digest != busy().plan(on_drift="revert").digest


def test_absent_is_not_null():
    assert ABSENT is not None
    assert not ABSENT
