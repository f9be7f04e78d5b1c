import pytest

from reconciler.planning.match import match
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from tests.support.asking import why
from tests.support.plan_inputs import Worlds, done, fields_of, ref

LAMP = Address("widget", "lamp")


def renamed(**wanted):
    """`widget/old` is live; the manifest is called `lamp` now."""
    return Worlds().stays("widget/old", note="x").want("widget/lamp", moved_from=("old",), **wanted)


def test_a_rename_keeps_the_live_object():
    plan = renamed(note="x").plan()
    (change,) = plan.changes
    assert (change.action, change.address, change.id) == ("update", "widget/lamp", "widget_old")
    assert fields_of(plan) == [("address", "widget/old", "widget/lamp", "manifest")]
    assert why(change) == [("moved", {"former": "widget/old"})]
    assert not plan.refusals


def test_an_edit_with_the_rename_is_judged_by_what_was_applied_under_the_old_name():
    assert fields_of(renamed(note="y").plan())[0] == ("note", "x", "y", "manifest")


def test_so_is_what_was_changed_by_hand():
    worlds = Worlds().applied("widget/old", note="x").live("widget/old", note="by hand")
    plan = worlds.want("widget/lamp", note="x", moved_from=("old",)).plan(on_drift="keep")
    assert done(*plan.changes) == [("update", "widget/lamp")]
    assert [item.path for change in plan.drift for item in change.fields] == ["note"]


def test_a_label_alone_is_enough():
    worlds = Worlds().live("widget/old", note="x").want("widget/lamp", note="x", moved_from=("old",))
    assert done(*worlds.plan().changes) == [("update", "widget/lamp")]


def test_once_moved_there_is_nothing_to_say():
    worlds = Worlds().synced("widget/lamp", note="x").want("widget/lamp", note="x", moved_from=("old",))
    assert not worlds.plan().work


def test_a_move_that_was_killed_before_state_knew_goes_on():
    worlds = Worlds().applied("widget/old", id_="w1", note="x").live("widget/lamp", id_="w1", note="x")
    plan = worlds.want("widget/lamp", note="x", moved_from=("old",)).plan()
    assert [(change.action, change.address, change.id) for change in plan.work] == [("update", "widget/lamp", "w1")]


def test_the_first_known_name_of_several_counts():
    worlds = Worlds().stays("widget/b").want("widget/lamp", moved_from=("a", "b"))
    assert match(worlds.world()).moved == {LAMP: Address("widget", "b")}


def test_what_is_live_under_the_new_name_stays_and_the_old_one_goes():
    worlds = Worlds().synced("widget/lamp").stays("widget/old").want("widget/lamp", moved_from=("old",))
    assert done(*worlds.plan().changes) == [("delete", "widget/old")]


def test_an_old_name_that_is_wanted_stays_what_it_is():
    worlds = Worlds().synced("widget/old").want("widget/lamp", moved_from=("old",))
    assert done(*worlds.plan().changes) == [("create", "widget/lamp")]


def test_an_old_name_can_be_taken_only_once():
    worlds = Worlds().stays("widget/old").want("widget/a", moved_from=("old",)).want("widget/b", moved_from=("old",))
    assert done(*worlds.plan().changes) == [("update", "widget/a"), ("create", "widget/b")]


def test_what_was_deleted_by_hand_does_not_move():
    worlds = Worlds().applied("widget/old").want("widget/lamp", moved_from=("old",))
    assert done(*worlds.plan().changes) == [("create", "widget/lamp"), ("forget", "widget/old")]


def test_protection_does_not_stand_in_the_way():
    worlds = Worlds().stays("widget/old", protect=True).want("widget/lamp", protect=True, moved_from=("old",))
    assert not worlds.plan().refusals


def test_a_document_is_published_anew_and_no_delete():
    worlds = Worlds().stays("page/old", note="x").want("page/home", note="x", moved_from=("old",))
    plan = worlds.bundle("page/home", "v2").pointer("page/old", "v1").plan(max_deletes=0)
    assert [(change.action, change.address, change.id) for change in plan.work] == [("update", "page/home", "page/old")]
    assert not plan.refusals


def test_a_document_that_a_killed_move_has_published_is_the_same_move():
    worlds = Worlds().stays("page/old", note="x").want("page/home", note="x", moved_from=("old",))
    worlds.objects.append(Live("page", "page/home", {"note": "x"}))
    assert done(*worlds.plan().changes) == [("update", "page/home")]


def test_what_refers_to_it_follows_in_the_same_plan():
    worlds = Worlds().stays("widget/old").want("widget/lamp", moved_from=("old",))
    worlds.stays("page/home", uses=ref("widget/old")).want("page/home", uses=ref("widget/lamp"))
    plan = worlds.plan()
    assert done(*plan.changes) == [("update", "widget/lamp"), ("update", "page/home")]
    assert ("uses", ref("widget/old"), ref("widget/lamp"), "manifest") in fields_of(plan)


def test_an_agent_that_moves_publishes_its_own_pointer():
    worlds = Worlds().stays("assistant/old").want("assistant/new", moved_from=("old",))
    worlds.bundle("assistant/new", "v2", "assistant/new").pointer("assistant/old", "v1")
    (change,) = worlds.plan().changes
    assert (change.action, change.address) == ("update", "assistant/new")
    (risk,) = change.risks
    moved = {"before": "assistant/old", "after": "assistant/new"}
    assert (risk.level, risk.rule, risk.args) == ("high", "name-lost", moved)


def test_a_move_to_another_type_replaces():
    worlds = Worlds().stays("widget/old").want("widget/lamp", type_="page", moved_from=("old",))
    (change,) = worlds.plan().changes
    assert (change.action, change.id) == ("replace", "widget_old")


@pytest.mark.parametrize(("scope", "expected"), [("widget/lamp", [("update", "widget/lamp")]), ("widget/other", [])])
def test_a_target_moves_alone(scope, expected):
    assert done(*renamed(note="x").plan(scope=frozenset({Address.parse(scope)})).changes) == expected


def moved_in_state(**wanted):
    """State knows as `lamp` what the label calls `old`."""
    return (
        Worlds()
        .live("widget/old", id_="w1", note="x")
        .applied("widget/lamp", id_="w1", note="x")
        .want("widget/lamp", **wanted)
    )


def test_what_was_moved_in_state_gets_its_new_address_on_the_label():
    plan = moved_in_state(note="x").plan()
    (change,) = plan.changes
    assert (change.action, change.address, change.id) == ("update", "widget/lamp", "w1")
    assert fields_of(plan) == [("address", "widget/old", "widget/lamp", "manifest")]
    assert why(change) == [("moved", {"former": "widget/old"})]


def test_also_where_the_old_name_means_something_new():
    plan = moved_in_state(note="x").want("widget/old", note="y").plan()
    assert done(*plan.changes) == [("update", "widget/lamp"), ("create", "widget/old")]
    assert match(moved_in_state().want("widget/old").world()).moved == {}


def test_without_a_manifest_it_goes():
    worlds = Worlds().live("widget/old", id_="w1").applied("widget/lamp", id_="w1")
    assert done(*worlds.plan().changes) == [("delete", "widget/lamp")]
