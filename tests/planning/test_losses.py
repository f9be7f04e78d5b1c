"""Objects that are lost without an edit, and are repaired under every `--on-drift`."""

from typing import Any

import pytest

from reconciler.planning.model import drift_class
from reconciler.resources.values import reference
from tests.support.asking import rules, why
from tests.support.plan_inputs import Worlds, done, entry, live_id, ref

EVERY = pytest.mark.parametrize("on_drift", ["revert", "keep", "refuse"])
ONE = live_id("file/kb/one.md", "file")
WEEK = {"anchor": "last_active_at", "days": 7}


def expired() -> Worlds:
    worlds = Worlds().want("vectorstore/kb", name="kb").applied("vectorstore/kb", name="kb")
    worlds.live("vectorstore/kb", name="kb", detail={"status": "expired"})
    return (
        worlds.synced("page/home", uses=ref("vectorstore/kb"))
        .bundle("page/home", "v1", "vectorstore/kb")
        .pointer("page/home", "v1", {"vectorstore/kb": "store_kb"})
    )


def listed(*, still: bool = True, **more: Any) -> Worlds:
    """A store with two files, one of which was deleted; `still`: the store still lists it."""
    files = {path: entry(path, path) for path in ("kb/one.md", "kb/two.md")}
    worlds = Worlds().synced_file("kb/two.md", "kb/two.md").want_file("kb/one.md", "kb/one.md")
    worlds.applied_file("kb/one.md", "kb/one.md").want("vectorstore/kb", files=files, **more)
    worlds.applied("vectorstore/kb", files=files, **more)
    held = {
        live_id(f"file/{path}", "file"): {"attributes": {}, "sha256": item["sha256"]}
        for path, item in files.items()
        if still or path != "kb/one.md"
    }
    return worlds.live("vectorstore/kb", files=held, refers_to=tuple(sorted(held)), **more)


@EVERY
def test_an_expired_store_is_replaced_and_what_holds_it_is_written(on_drift):
    plan = expired().plan(on_drift=on_drift)
    assert (done(*plan.work), plan.refusals) == ([("replace", "vectorstore/kb"), ("publish", "page/home")], ())
    assert drift_class(plan.drift[0]) == "expired"


@EVERY
def test_an_entry_of_a_deleted_upload_is_attached_again(on_drift):
    plan = listed().plan(on_drift=on_drift)
    assert done(*plan.work) == [("create", "file/kb/one.md"), ("update", "vectorstore/kb")]
    assert plan.refusals == ()
    assert [drift_class(change) for change in plan.drift] == ["missing", "dangling"]
    assert why(plan.drift[0]) == [("listed-deleted", {"id": ONE, "stores": ["vectorstore/kb"]})]
    assert why(plan.drift[1]) == [("file-deleted", {"files": ["kb/one.md"]})]


def test_other_drift_of_the_store_is_decided_on_by_itself():
    worlds = listed(name="kb")
    worlds.objects = [live for live in worlds.objects if live.type != "store"]
    held: dict[str, Any] = {
        live_id(f"file/kb/{one}.md", "file"): {"attributes": {}, "sha256": one} for one in ("one", "two")
    }
    held[live_id("file/kb/two.md", "file")]["sha256"] = listed().world().applied[_two()].fields["sha256"]
    worlds.live("vectorstore/kb", files=held, refers_to=tuple(sorted(held)), name="by hand")
    plan = worlds.plan(on_drift="keep")
    assert done(*plan.work) == [("create", "file/kb/one.md"), ("update", "vectorstore/kb")]
    kept = [change for change in plan.drift if change.decision == "keep"]
    assert [[item.path for item in change.fields] for change in kept] == [["name"]]


def _two() -> Any:
    return next(address for address in listed().state if str(address) == "file/kb/two.md")


def test_a_file_that_was_detached_and_deleted_follows_on_drift():
    worlds = listed(still=False)
    assert done(*worlds.plan().work) == [("create", "file/kb/one.md"), ("update", "vectorstore/kb")]
    assert not worlds.plan(on_drift="keep").work
    assert [drift_class(change) for change in worlds.plan().drift] == ["missing", "modified"]


@EVERY
def test_a_store_with_an_expiry_that_does_not_exist_is_made_again(on_drift):
    worlds = Worlds().want("vectorstore/kb", expires_after=WEEK).applied("vectorstore/kb", expires_after=WEEK)
    plan = worlds.plan(on_drift=on_drift)
    assert (done(*plan.work), plan.refusals) == ([("create", "vectorstore/kb")], ())
    assert [drift_class(change) for change in plan.drift] == ["expired"]
    assert why(plan.drift[0]) == [("expired-or-deleted", {"id": "store_kb", "days": 7})]


def test_a_store_without_an_expiry_that_does_not_exist_was_deleted():
    worlds = Worlds().want("vectorstore/kb", name="kb").applied("vectorstore/kb", name="kb")
    assert not worlds.plan(on_drift="keep").work
    assert [drift_class(change) for change in worlds.plan().drift] == ["missing"]
    assert rules(worlds, on_drift="refuse") == [("drift", "vectorstore/kb")]


def test_a_new_object_that_needs_an_expired_store_is_not_refused_under_keep():
    worlds = expired().want("page/new", uses=reference("vectorstore/kb")).want("widget/w", uses=ref("vectorstore/kb"))
    assert rules(worlds, on_drift="keep") == []


def test_a_literal_id_of_a_deleted_upload_is_a_warning():
    files = {"file-gone": {"file": "file-gone"}, "file-there": {"file": "file-there"}}
    worlds = Worlds().want("vectorstore/kb", files=files).applied("vectorstore/kb", files=files)
    worlds.live("vectorstore/kb", files={name: {"attributes": {}} for name in files}).synced_file("a.md", "a")
    worlds.stranger("file-there", type_="file")
    (notice,) = [one for one in worlds.plan().warnings if one.code == "files-deleted"]
    assert (notice.address, notice.args) == ("vectorstore/kb", {"files": ["file-gone"]})
