"""Documents in outlets beside the built-in one, compared with what was written there."""

import pytest

from reconciler.planning.model import drift_class
from reconciler.planning.outlets import NOTHING, OutletDocument, copy_of, removed
from reconciler.planning.published import Copy, Pointer
from reconciler.resources.address import Address
from reconciler.resources.values import digest
from tests.support.asking import rules, why
from tests.support.plan_inputs import Worlds, done, ref

BOT = Address("chatbot", "support")
NEW = {"b": dict[str, str]()}
KNOWN = {"b": {"chatbot/support": "h1"}}


@pytest.mark.parametrize(
    ("found", "written", "state"),
    [
        (OutletDocument("h2"), KNOWN, None),
        (OutletDocument("h2"), None, None),
        (NOTHING, NEW, "unwritten"),
        (NOTHING, {}, "unwritten"),
        (NOTHING, None, "unwritten"),
        (NOTHING, KNOWN, "missing"),
        (OutletDocument("h1"), KNOWN, "outdated"),
        (OutletDocument("h1"), NEW, "unwritten"),
        (OutletDocument("h1"), {}, "unwritten"),
        (OutletDocument("h1"), None, "tampered"),
        (OutletDocument("h3"), KNOWN, "tampered"),
        (OutletDocument("h1", has_blob=False), KNOWN, "missing"),
        (OutletDocument("h2", has_blob=False), {"b": {"chatbot/support": "h2"}}, "missing"),
        (OutletDocument("h1", is_intact=False), KNOWN, "tampered"),
        (OutletDocument(None, is_intact=False), KNOWN, "tampered"),
        (OutletDocument(None, is_intact=False), NEW, "unwritten"),
    ],
)
def test_copy_of_compares_a_document_with_what_was_written(found, written, state):
    copy = copy_of(BOT, "b", found, "h2", written)
    assert (copy.state if copy else None) == state


def test_removed_outlets_are_those_of_the_last_run_only():
    assert removed({"b": {"chatbot/support": "h1"}, "c": {}}, ["", "c", "new"]) == {"b": frozenset({BOT})}
    assert removed(None, [""]) == {}


def copied(*copies: Copy, note: str = "x") -> Worlds:
    worlds = Worlds().want("page/home", note=note).applied("page/home", note="x").live("page/home", note="x")
    worlds.bundle("page/home", note)
    worlds.pointers[Address("page", "home")] = Pointer(digest("x"), {}, None, copies)
    return worlds


@pytest.mark.parametrize("state", ["unwritten", "outdated"])
@pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
def test_an_outlet_that_is_behind_is_written_under_every_on_drift(state, on_drift):
    plan = copied(Copy("b", state)).plan(on_drift=on_drift)
    assert (done(*plan.changes), plan.drift, plan.refusals) == ([("publish", "page/home")], (), ())
    assert [item.path for item in plan.changes[0].fields] == ["outlets.b"]


@pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
def test_a_deleted_copy_is_drift_that_is_repaired_under_every_on_drift(on_drift):
    plan = copied(Copy("b", "missing")).plan(on_drift=on_drift)
    assert (done(*plan.work), plan.changes, plan.refusals) == ([("publish", "page/home")], (), ())
    assert [drift_class(change) for change in plan.drift] == ["missing"]
    assert why(plan.drift[0]) == [("copy-missing", {"outlets": ["b"]})]


def test_a_changed_copy_follows_on_drift():
    worlds = copied(Copy("b", "tampered"))
    assert [drift_class(change) for change in worlds.plan().drift] == ["tampered"]
    assert done(*worlds.plan().work) == [("publish", "page/home")]
    assert not worlds.plan(on_drift="keep").work
    assert rules(worlds, on_drift="refuse") == [("drift", "page/home")]


def test_copies_of_one_document_are_decided_on_one_by_one():
    plan = copied(Copy("b", "tampered"), Copy("c", "missing"), Copy("d", "unwritten")).plan(on_drift="keep")
    assert [[item.path for item in change.fields] for change in plan.work] == [["outlets.d"], ["outlets.c"]]
    assert [change.decision for change in plan.drift if change.fields[0].path == "outlets.b"] == ["keep"]
    assert plan.refusals == ()


def test_an_edit_of_a_document_with_a_changed_copy_is_a_conflict_under_keep():
    worlds = copied(Copy("b", "tampered"), note="y")
    assert rules(worlds, on_drift="keep") == [("conflict", "page/home")]
    assert rules(worlds) == []


def test_an_edit_writes_a_new_outlet_with_it():
    plan = copied(Copy("b", "unwritten"), note="y").plan()
    assert done(*plan.work) == [("update", "page/home")]


def test_a_kept_document_is_not_written_to_a_new_outlet():
    worlds = copied(Copy("b", "unwritten"))
    worlds.objects.clear()
    worlds.live("page/home", note="by hand")
    plan = worlds.plan(on_drift="keep")
    assert (plan.work, plan.refusals) == ((), ())


def test_a_removed_outlet_is_one_change():
    worlds = copied()
    gone = {"b": frozenset({Address("page", "home")})}
    plan = worlds.plan(removed_outlets=gone)
    assert done(*plan.changes) == [("forget", "outlet/b")]
    assert [(risk.rule, risk.level, risk.args) for risk in plan.risks] == [
        ("publication-withdrawn", "high", {"outlet": "b", "names": ["page/home"]})
    ]
    assert not worlds.plan(removed_outlets=gone, scope=frozenset({Address("page", "home")})).work


def test_a_document_that_is_missing_from_the_built_in_outlet_is_published_again_under_keep():
    worlds = Worlds().want("page/home", uses=ref("widget/lamp")).applied("page/home", uses=ref("widget/lamp"))
    plan = worlds.synced("widget/lamp").bundle("page/home", "x").plan(on_drift="keep")
    assert done(*plan.work) == [("create", "page/home")]
    assert [drift_class(change) for change in plan.drift] == ["missing"]
