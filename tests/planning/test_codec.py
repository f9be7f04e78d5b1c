import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.planning.codec import digest_form, from_json, seal_plan, to_json
from reconciler.planning.model import Plan
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.values import ABSENT, digest
from tests.support.plan_inputs import IDENTITY, Worlds, ref

WRITTEN = sorted((Path(__file__).parent / "written_by_v1").glob("*.json"))


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
    assert fields["note"]["desired"] is None
    assert not {"live", "applied"} & fields["note"].keys()


def edit_action(document):
    document["changes"][0]["action"] = "delete"


def edit_value(document):
    document["drift"][0]["fields"][0]["desired"] = "evil"


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
    [
        None,
        [],
        {},
        {"format": "reconciler/plan/v2"},
        {"format": "reconciler/plan/v1"},
        {"format": "reconciler/drift/v2"},
        {"format": 3},
        "text",
        3,
    ],
)
def test_what_is_no_plan_is_said_to_be_none(document):
    with pytest.raises(ReconcilerError, match="plan"):
        from_json(document)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60])
def test_a_number_that_json_cannot_hold_makes_no_plan(value):
    document = to_json(busy().plan())
    document["changes"][0]["fields"][0]["desired"] = value
    with pytest.raises(ReconcilerError):
        from_json(document)


def test_the_value_last_applied_is_kept():
    worlds = Worlds().want("widget/lamp", note="x").applied("widget/lamp", note="y").live("widget/lamp", note="z")
    (field,) = read_back(worlds.plan()).drift[0].fields
    assert (field.live, field.desired, field.applied, field.origin) == ("z", "x", "y", "both")


def test_a_plan_of_a_newer_format_asks_for_an_upgrade():
    document = {**to_json(busy().plan()), "format": "reconciler/plan/v3"}
    with pytest.raises(ReconcilerError) as error:
        from_json(document)
    (problem,) = error.value.problems
    assert "reconciler/plan/v3" in problem.message
    assert "reconciler/plan/v1 and reconciler/plan/v2" in problem.message
    assert problem.hint.startswith("Upgrade Reconciler")


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.stem)
class TestVersion1:
    """Plans that version 0.1 wrote as `reconciler/plan/v1`: what is in them, and their digests, stay as they are."""

    def test_it_is_read(self, file: Path):
        document = json.loads(file.read_text(encoding="utf-8"))
        assert document["format"] == "reconciler/plan/v1"
        plan = from_json(document)
        for part in ("changes", "drift"):
            fields = [item for change in getattr(plan, part) for item in change.fields]
            written = [item for change in document[part] for item in change["fields"]]
            assert [sides(item.live, item.desired) for item in fields] == [
                {side: item[side] for side in ("before", "after") if side in item} for item in written
            ]

    def test_its_digests_are_those_that_are_computed_now(self, file: Path):
        """`from_json` compares them; here they are seen to be in the file, and to be computed over what is in it."""
        document = json.loads(file.read_text(encoding="utf-8"))
        plan = from_json(document)
        assert seal_plan(plan).digest == document["digest"]
        assert [digest(digest_form(plan.identity, change)) for change in (*plan.changes, *plan.drift)] == [
            change["digest"] for change in (*document["changes"], *document["drift"])
        ]

    def test_it_is_the_same_plan_as_version_2(self, file: Path):
        plan = from_json(json.loads(file.read_text(encoding="utf-8")))
        document = to_json(plan)
        assert document["format"] == "reconciler/plan/v2"
        assert from_json(document) == plan

    def test_it_is_found_out_when_edited(self, file: Path):
        document = json.loads(file.read_text(encoding="utf-8"))
        (document["changes"] or document["drift"])[0]["fields"] = [
            {"path": "name", "keys": ["name"], "after": "evil", "origin": "manifest"}
        ]
        with pytest.raises(ReconcilerError, match="edited"):
            from_json(document)


def sides(live: Any, desired: Any) -> dict[str, Any]:
    return {name: side for name, side in (("before", live), ("after", desired)) if side is not ABSENT}


def test_the_digests_of_the_examples_are_those_that_were_made_then():
    """Written out, so that no rewritten example moves them."""
    plans = {file.stem: from_json(json.loads(file.read_text(encoding="utf-8"))).digest for file in WRITTEN}
    assert plans == {
        "busy-keep": "sha256:4727e94c12bd09385a7d3b7ea5b40ceab819fd4ea369558c021f50ab3dcd0eca",
        "busy-refuse": "sha256:2a999f7a526ba0c0d9727abbf58704180ddfec1c19cd02f702c1a5808e0ca310",
        "revert": "sha256:f6336bb8fb74ab048c8223de9bacf66fe310b3bbff068acd3da2bb0c1be2baa3",
    }
    assert {on_drift: busy().plan(on_drift=on_drift).digest for on_drift in ("keep", "refuse")} == {
        on_drift: plans[f"busy-{on_drift}"] for on_drift in ("keep", "refuse")
    }


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
