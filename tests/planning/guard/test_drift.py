"""Changes by hand that no machine can decide about."""

from tests.support.asking import rules
from tests.support.plan_inputs import Worlds, done, ref


def drifted() -> Worlds:
    return Worlds().want("widget/lamp", note="x").applied("widget/lamp", note="x").live("widget/lamp", note="hand")


def both() -> Worlds:
    return Worlds().want("widget/lamp", note="y").applied("widget/lamp", note="x").live("widget/lamp", note="hand")


def test_revert_undoes_it():
    plan = drifted().plan()
    assert plan.drift[0].decision == "revert"
    assert done(*plan.work) == [("update", "widget/lamp")]


def test_keep_leaves_it():
    plan = drifted().plan(on_drift="keep")
    assert plan.drift[0].decision == "keep"
    assert not plan.work
    assert not plan.refusals


def test_refuse_asks_for_a_person():
    assert rules(drifted(), on_drift="refuse") == [("drift", "widget/lamp")]


def test_where_both_sides_changed_a_value_keep_cannot_decide():
    assert rules(both(), on_drift="keep") == [("conflict", "widget/lamp")]
    assert rules(both(), on_drift="revert") == []


def test_a_document_is_published_whole_so_that_a_hand_change_cannot_be_kept_beside_an_edit():
    worlds = Worlds().want("page/home", note="new", colour="red").applied("page/home", note="old", colour="red")
    worlds.live("page/home", note="old", colour="blue")
    assert rules(worlds, on_drift="keep") == [("conflict", "page/home")]


def test_what_stays_deleted_cannot_be_needed():
    worlds = Worlds().want("widget/old").applied("widget/old").want("widget/new", uses=ref("widget/old"))
    assert rules(worlds, on_drift="keep") == [("conflict", "widget/new")]
    assert rules(worlds, on_drift="revert") == []


def test_what_stays_deleted_cannot_be_in_a_bundle_that_is_published():
    worlds = Worlds().want("vectorstore/kb").applied("vectorstore/kb").synced("page/home")
    worlds.bundle("page/home", "v2", "vectorstore/kb").pointer("page/home", "v1", {})
    assert rules(worlds, on_drift="keep") == [("conflict", "page/home")]


def test_what_needed_it_before_is_left_in_peace():
    worlds = Worlds().want("widget/old").applied("widget/old").synced("widget/user", uses=ref("widget/old"))
    assert rules(worlds, on_drift="keep") == []
