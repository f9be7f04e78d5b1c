import pytest

from reconciler.planning.model import Source
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT
from tests.support.asking import warned, why
from tests.support.plan_inputs import Worlds, done, entry, fields_of, live_id, ref


def test_in_sync_is_nothing_to_do():
    plan = Worlds().synced("widget/lamp", note="x").plan()
    assert not plan.work
    assert plan.unchanged == 1


def test_new_is_created():
    plan = Worlds().want("widget/lamp", note="x", line=7).plan()
    assert done(*plan.changes) == [("create", "widget/lamp")]
    assert fields_of(plan) == [("note", ABSENT, "x", "manifest")]
    assert plan.changes[0].source == Source("manifests/lamp.yaml", 7)


def test_deleted_by_hand_is_drift_and_made_again():
    plan = Worlds().want("widget/lamp", note="x").applied("widget/lamp", note="x").plan()
    assert done(*plan.drift) == [("create", "widget/lamp")]
    assert not plan.changes
    assert [code for code, _ in why(plan.drift[0])] == ["deleted-live"]


def test_a_manifest_that_is_gone_deletes():
    plan = Worlds().synced("widget/a").synced("widget/b").synced("widget/c").stays("widget/lamp").plan()
    assert done(*plan.changes) == [("delete", "widget/lamp")]
    assert plan.changes[0].id == "widget_lamp"


def test_what_is_gone_on_both_sides_is_forgotten():
    assert done(*Worlds().applied("widget/lamp").plan().changes) == [("forget", "widget/lamp")]


def test_an_entry_of_a_type_that_there_is_no_more_is_forgotten():
    plan = Worlds().applied("gadget/old", type_="gadget").synced("widget/lamp").plan()
    assert done(*plan.changes) == [("forget", "gadget/old")]


def test_another_type_is_a_replacement():
    worlds = Worlds().stays("widget/lamp", note="x").want("widget/lamp", type_="agent", note="x")
    plan = worlds.plan()
    assert done(*plan.changes) == [("replace", "widget/lamp")]
    assert why(plan.changes[0]) == [("type-changes", {"live": "widget", "desired": "agent"})]


def test_what_only_a_create_can_set_waits_for_one():
    worlds = (
        Worlds()
        .want("vectorstore/kb", secret={"description": "new"})
        .applied("vectorstore/kb", secret={"description": "old"})
    )
    plan = worlds.live("vectorstore/kb").plan()
    assert not plan.work
    assert warned(plan) == [("set-at-creation", "vectorstore/kb", {"field": "description"})]


def test_what_can_only_be_written_differs_by_its_digest():
    worlds = Worlds().want("widget/lamp", secret={"key": "new"}).applied("widget/lamp", secret={"key": "old"})
    plan = worlds.live("widget/lamp").plan()
    assert [(item.path, item.origin) for change in plan.changes for item in change.fields] == [("key", "manifest")]
    assert "new" not in str(plan)


def test_a_file_that_moves_takes_its_upload_along():
    """State has to learn both names: once no store holds the upload, nothing else says that it is ours."""
    worlds = Worlds().stays_file("old/a.md", "A").stays("vectorstore/kb", files={"old/a.md": entry("old/a.md", "A")})
    worlds.want_file("new/a.md", "A").want("vectorstore/kb", files={"new/a.md": entry("new/a.md", "A")})
    plan = worlds.plan()
    assert done(*plan.changes) == [("update", "file/new/a.md"), ("update", "vectorstore/kb")]
    assert fields_of(plan) == [
        ("address", "file/old/a.md", "file/new/a.md", "manifest"),
        ('files["new/a.md"].file', ref("file/old/a.md"), ref("file/new/a.md"), "manifest"),
    ]
    assert not plan.requests


def test_an_immutable_field_is_a_replacement():
    plan = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2).plan()
    assert done(*plan.changes) == [("replace", "widget/lamp")]
    assert why(plan.changes[0]) == [("immutable", {"fields": ["size"]})]


def test_what_has_expired_is_made_anew_and_that_is_nobodys_edit():
    worlds = Worlds().want("vectorstore/kb", files={}).applied("vectorstore/kb", files={})
    plan = worlds.live("vectorstore/kb", files={}, detail={"status": "expired"}).plan()
    assert done(*plan.drift) == [("replace", "vectorstore/kb")]
    assert not plan.changes


def test_edits_and_hand_changes_of_one_object_are_told_apart():
    worlds = Worlds().want("widget/lamp", note="new", colour="red").applied("widget/lamp", note="old", colour="red")
    plan = worlds.live("widget/lamp", note="old", colour="blue").plan()
    assert [(item.path, item.origin) for item in plan.changes[0].fields] == [("note", "manifest")]
    assert [(item.path, item.origin) for item in plan.drift[0].fields] == [("colour", "drift")]


def test_removed_labels_are_drift():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", owner=None)
    assert fields_of(worlds.plan()) == [("labels", ABSENT, "acme/production", "drift")]


def test_without_labels_new_protection_is_still_the_manifests():
    worlds = Worlds().want("widget/lamp", protect=True).applied("widget/lamp").live("widget/lamp", owner=None)
    plan = worlds.plan(on_drift="keep")
    assert fields_of(plan) == [
        ("lifecycle.protect", False, True, "manifest"),
        ("labels", ABSENT, "acme/production", "drift"),
    ]
    assert done(*plan.work) == [("update", "widget/lamp")]


@pytest.mark.parametrize("kind", ["page/home", "file/a.md"])
def test_what_cannot_carry_labels_misses_none(kind):
    worlds = Worlds().synced_file("a.md", "A") if kind == "file/a.md" else Worlds().synced(kind)
    assert not worlds.plan().work


@pytest.mark.parametrize(("state", "label"), [(True, False), (False, True), (True, True)])
def test_protection_is_lifted_where_state_or_label_has_it(state, label):
    worlds = Worlds().want("widget/lamp").applied("widget/lamp", protect=state).live("widget/lamp", protect=label)
    assert fields_of(worlds.plan()) == [("lifecycle.protect", True, False, "manifest")]


def test_a_second_object_of_an_interrupted_create_is_removed():
    worlds = Worlds().synced("widget/lamp", id_="w1").unfinished("widget/lamp")
    worlds.live("widget/lamp", id_="w2", note=None, detail={"created_at": 1001.0})
    plan = worlds.plan()
    assert [(change.action, change.id) for change in plan.changes] == [("delete", "w2")]
    assert not plan.refusals


def test_an_upload_that_another_path_shares_is_only_forgotten():
    worlds = Worlds().synced_file("new/a.md", "A").stays_file("old/a.md", "A")
    shared = live_id("file/new/a.md", "file")
    worlds.applied_file("old/a.md", "A", id_=shared)
    worlds.objects = [live for live in worlds.objects if live.id == shared]
    plan = worlds.plan()
    assert done(*plan.changes) == [("forget", "file/old/a.md")]
    assert why(plan.changes[0]) == [("upload-shared", {"address": "file/new/a.md"})]


def test_an_upload_that_all_its_paths_leave_is_deleted_once():
    worlds = Worlds().applied_file("x/a.md", "A", id_="f1").applied_file("y/a.md", "A", id_="f1")
    plan = worlds.live_file("a.md", "A", id_="f1").plan()
    assert done(*plan.changes) == [("forget", "file/x/a.md"), ("delete", "file/y/a.md")]


def test_an_upload_that_an_address_out_of_scope_shares_stays():
    worlds = Worlds().applied_file("x/a.md", "A", id_="f1").applied_file("y/a.md", "A", id_="f1")
    plan = worlds.live_file("a.md", "A", id_="f1").plan(scope=frozenset({Address("file", "y/a.md")}))
    assert done(*plan.changes) == [("forget", "file/y/a.md")]


def test_new_bytes_replace_the_upload_and_update_the_store():
    worlds = Worlds().synced_file("a.md", "old").synced("vectorstore/kb", files={"a.md": entry("a.md", "old")})
    worlds.want_file("a.md", "new").want("vectorstore/kb", files={"a.md": entry("a.md", "new")})
    plan = worlds.plan()
    assert done(*plan.changes) == [("replace", "file/a.md"), ("update", "vectorstore/kb")]
    assert [item.path for item in plan.changes[1].fields] == ['files["a.md"].sha256']


def test_what_is_needed_comes_first_and_removals_come_last_in_reverse():
    worlds = Worlds()
    worlds.want("widget/a", uses=ref("widget/b")).want("widget/b", uses=ref("widget/c")).want("widget/c")
    worlds.stays("widget/x", uses=ref("widget/y")).stays("widget/y", uses=ref("widget/z")).stays("widget/z")
    assert done(*worlds.plan().changes) == [
        ("create", "widget/c"), ("create", "widget/b"), ("create", "widget/a"),
        ("delete", "widget/x"), ("delete", "widget/y"), ("delete", "widget/z"),
    ]  # fmt: skip


def test_out_of_scope_nothing_changes():
    worlds = Worlds().want("widget/a", note="x").want("widget/b").stays("widget/c")
    plan = worlds.plan(scope=frozenset({Address("widget", "a")}))
    assert done(*plan.changes) == [("create", "widget/a")]


@pytest.mark.parametrize("on_drift", ["revert", "keep"])
def test_what_nobody_knows_who_changed_is_decided_about_like_drift(on_drift):
    plan = Worlds().want("page/home", uses=None).live("page/home", uses="other").plan(on_drift=on_drift)
    assert not plan.changes
    assert [(change.decision, change.fields[0].origin) for change in plan.drift] == [(on_drift, "unknown")]


def test_an_upload_is_as_it_was_applied_whoever_knows_of_it():
    """Its bytes cannot be changed by hand, so that other bytes are an edit."""
    worlds = Worlds().live_file("a.md", "old", id_="f1").want_file("kb/a.md", "new").want("vectorstore/kb")
    plan = worlds.live("vectorstore/kb", files={"f1": entry("a.md", "old")}).plan(on_drift="keep")
    assert "replace" in {change.action for change in plan.changes}
