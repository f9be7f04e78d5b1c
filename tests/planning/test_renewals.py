"""Updates of objects at OpenAI that hold the id of an object which is replaced."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.drift import drift_report
from reconciler.planning.model import Plan
from reconciler.planning.uploads import leftover_address
from reconciler.resources.address import Address
from reconciler.resources.values import references_in
from tests.support.asking import why
from tests.support.plan_inputs import Worlds, done, fields_of, live_id, ref, type_of

EVERY = pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
LAMP = ref("file/kb/lamp.csv")
LAMP_ID = live_id("file/kb/lamp.csv", "file")
OTHER = ref("file/kb/other.csv")
STORE = ref("vectorstore/kb")


def holding(worlds: Worlds, **fields: Any) -> Worlds:
    """Add the live object `widget/desk` with these fields, as it was applied."""
    held = sorted({text: live_id(text, type_of(text)) for text in references_in(fields)}.values())
    worlds.applied("widget/desk", **fields)
    return worlds.live("widget/desk", refers_to=tuple(held), **fields)


def changed(*before: Any, wanted: Any = None, ignore: tuple[str, ...] = (), **more: Any) -> Worlds:
    """An object that refers to files, one of which has changed."""
    worlds = Worlds().want_file("kb/lamp.csv", "new").stays_file("kb/lamp.csv", "old")
    worlds.synced_file("kb/other.csv", "other")
    uses = list(before or (LAMP,))
    return holding(worlds, uses=uses).want("widget/desk", uses=wanted or uses, ignore=ignore, **more)


def of_desk(plan: Plan) -> list[tuple[str, Any, Any, str]]:
    """Return the field changes of the object that apply writes."""
    return fields_of(replace(plan, changes=tuple(one for one in plan.work if one.address == "widget/desk"), drift=()))


def test_the_new_id_of_a_changed_file_is_written_by_the_same_plan():
    plan = changed().plan()
    assert done(*plan.changes) == [("replace", "file/kb/lamp.csv"), ("update", "widget/desk")]
    assert of_desk(plan) == [("uses", [LAMP_ID], [LAMP], "manifest")]
    assert why(plan.changes[1]) == [("ids-renewed", {"addresses": ["file/kb/lamp.csv"], "fields": ["uses"]})]
    assert (plan.drift, plan.risks) == ((), ())


def test_ids_that_stay_are_not_shown_as_changed():
    assert of_desk(changed(OTHER, LAMP).plan()) == [("uses", [OTHER, LAMP_ID], [OTHER, LAMP], "manifest")]


def test_an_edit_of_the_same_field_is_shown_as_the_edit():
    assert of_desk(changed(wanted=[LAMP, OTHER]).plan()) == [("uses", [LAMP], [LAMP, OTHER], "manifest")]


def test_an_edit_of_another_field_is_one_update_with_it():
    assert [path for path, *_ in of_desk(changed(note="on").plan())] == ["note", "uses"]


def test_what_the_manifest_ignores_keeps_the_upload():
    assert of_desk(changed(ignore=("uses",)).plan()) == []


def test_a_value_that_was_changed_by_hand_is_drift():
    worlds = changed()
    worlds.objects = [live for live in worlds.objects if live.type != "widget"]
    plan = worlds.live("widget/desk", uses=[OTHER]).plan(on_drift="keep")
    assert [change.decision for change in plan.drift] == ["keep"]


@EVERY
def test_the_update_that_an_interrupted_run_left_is_an_edit(on_drift):
    worlds = Worlds().synced_file("kb/lamp.csv", "new").live_file("lamp.csv", "old", id_="file-old")
    outdated = leftover_address(worlds.world(), worlds.objects[-1])
    worlds.applied_file(outdated.name, "old", id_="file-old")
    worlds.want("widget/desk", uses=[LAMP]).applied("widget/desk", uses=[LAMP])
    desk = Address.parse("widget/desk")
    worlds.state[desk] = replace(worlds.state[desk], holds={"file/kb/lamp.csv": "file-old"})
    worlds.live("widget/desk", uses=[ref(str(outdated))], refers_to=("file-old",))
    plan = worlds.plan(on_drift=on_drift)
    assert [change.action for change in plan.changes if change.address == "widget/desk"] == ["update"]
    assert (plan.drift, plan.refusals) == ((), ())


def lost(**live: Any) -> Worlds:
    """An object that refers to a store, which has expired or was deleted."""
    worlds = Worlds().want("vectorstore/kb", name="kb").applied("vectorstore/kb", name="kb")
    if live:
        worlds.live("vectorstore/kb", name="kb", **live)
    return worlds.want("widget/desk", uses=[STORE])


def expired() -> Worlds:
    return holding(lost(detail={"status": "expired"}), uses=[STORE])


@EVERY
def test_the_id_of_an_expired_store_is_repaired(on_drift):
    plan = expired().plan(on_drift=on_drift)
    assert (done(*plan.work), plan.refusals) == ([("replace", "vectorstore/kb"), ("update", "widget/desk")], ())
    assert of_desk(plan) == [("uses", ["store_kb"], [STORE], "drift")]


@pytest.fixture
def deleted() -> Worlds:
    worlds = holding(lost(), uses=[STORE])
    types = worlds.world().resource_types
    widgets = replace(types["widget"], own_localise=types["page"].own_localise)
    worlds.options["resource_types"] = {**types, "widget": widgets}
    [desk] = worlds.objects
    worlds.objects = [replace(desk, fields={"uses": ["store_kb"]})]  # as the API returns it
    return worlds


def test_the_id_of_a_deleted_store_is_written_if_the_store_is_created_again(deleted):
    plan = deleted.plan()
    assert done(*plan.work) == [("create", "vectorstore/kb"), ("update", "widget/desk")]
    assert of_desk(plan) == [("uses", ["store_kb"], [STORE], "drift")]
    assert plan.risks == ()


def test_the_id_of_a_deleted_store_stays_if_the_store_is_not_created_again(deleted):
    plan = deleted.plan(on_drift="keep")
    assert (done(*plan.work), done(*plan.drift)) == ([], [("create", "vectorstore/kb")])
    assert plan.refusals == ()


@pytest.mark.parametrize("case", ["expired", "deleted"])
def test_a_drift_report_names_the_lost_store_and_not_what_refers_to_it(deleted, case):
    report = drift_report((expired() if case == "expired" else deleted).planned())
    assert [item.change.address for item in report.drifted] == ["vectorstore/kb"]


def test_other_drift_of_what_refers_to_an_expired_store_is_decided_on_by_itself():
    worlds = lost(detail={"status": "expired"}).applied("widget/desk", uses=[STORE], note=None)
    worlds.want("widget/desk", uses=[STORE], note=None)
    plan = worlds.live("widget/desk", uses=[STORE], note="by hand", refers_to=("store_kb",)).plan(on_drift="keep")
    kept = [change for change in plan.drift if change.decision == "keep"]
    assert [[item.path for item in change.fields] for change in kept] == [["note"]]
    assert [path for path, *_ in of_desk(plan)] == ["uses"]


def test_a_literal_id_of_a_deleted_object_stays_as_the_manifest_has_it():
    """The new object has another id: written in its place, it would be changed back by the next plan."""
    worlds = Worlds().want("vectorstore/kb").applied("vectorstore/kb")
    worlds.applied("page/home", uses=None).live("page/home", uses=None)
    literal = live_id("vectorstore/kb", type_of("vectorstore/kb"))
    assert fields_of(worlds.want("page/home", uses=literal).plan())[-1][1:3] == (None, literal)
