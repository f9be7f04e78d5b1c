"""An upload stays as long as something holds it, and is known until nothing does."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.applying.steps import lower
from reconciler.planning.model import Plan
from reconciler.planning.published import Copy
from reconciler.resources.address import Address
from reconciler.resources.base import Unlisted
from tests.support.asking import why
from tests.support.plan_inputs import Worlds, done, entry, ref, sha

OLD = "file_kb-a-md"
"""The upload that `file/kb/a.md` has."""
KEPT = f"file/a.md@{OLD}"
"""The address under which the state keeps it."""
HIDDEN = Unlisted("store", frozenset({"file", "upload"}), "GET /v1/vector_stores")


def edited() -> Worlds:
    """A document with other content, in a store that gets it."""
    worlds = Worlds().stays_file("kb/a.md", "old").want_file("kb/a.md", "new")
    worlds.stays("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "old")})
    return worlds.want("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "new")})


def second(worlds: Worlds, *, ignore: tuple[str, ...] = ("files",)) -> Worlds:
    """Another store with the document, which ignores its files."""
    worlds.stays("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "old")})
    return worlds.want("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "new")}, ignore=ignore)


def kept(plan: Plan) -> Mapping[str, list[str]]:
    """Return the holders of each upload that the plan keeps."""
    reasons = [reason for change in plan.changes for code, reason in why(change) if code == "still-held"]
    return {reason["id"]: reason["holders"] for reason in reasons}


def test_an_upload_that_nothing_holds_is_deleted():
    plan = edited().plan()
    assert done(*plan.changes) == [("replace", "file/kb/a.md"), ("update", "vectorstore/kb")]
    assert kept(plan) == {}
    assert plan.requests == {"DELETE": 2, "POST": 2}


def test_an_upload_in_an_ignored_field_stays():
    plan = second(edited()).plan()
    assert done(*plan.changes) == [("replace", "file/kb/a.md"), ("update", "vectorstore/kb")]
    assert kept(plan) == {OLD: ["vectorstore/faq"]}
    assert plan.requests == {"DELETE": 1, "POST": 2}


def test_a_store_that_gets_the_new_content_does_not_hold_the_old_one():
    assert kept(second(edited(), ignore=()).plan()) == {}


def test_a_replaced_upload_stays_if_what_may_hold_it_cannot_be_listed():
    plan = edited().plan(unlisted=(HIDDEN,))
    assert not plan.refusals
    assert [reason["requests"] for change in plan.changes for _, reason in why(change) if "requests" in reason] == [
        ["GET /v1/vector_stores"]
    ]
    assert plan.requests == {"DELETE": 1, "POST": 2}


def test_a_removed_upload_is_refused_if_what_may_hold_it_cannot_be_listed():
    plan = Worlds().stays_file("kb/a.md", "old").plan(unlisted=(HIDDEN,))
    assert [(one.rule, one.action) for one in plan.refusals] == [("unlisted", "delete")]


@pytest.mark.parametrize(
    ("hold", "holder"),
    [
        (lambda worlds: worlds.stranger("vs_9", type_="store", refers_to=(OLD,)), "store vs_9"),
        (lambda worlds: worlds.peer("globex", "assistant/a", OLD, type_="request"), "globex: assistant/a"),
        (lambda worlds: worlds.synced("widget/desk", note=OLD), "widget/desk"),
        (lambda worlds: worlds.stays("widget/desk", keep=True, note=OLD), "widget/desk"),
        (
            lambda worlds: worlds.synced("page/home", uses=None).pointer("page/home", "v1", {"file/kb/a.md": OLD}),
            "page/home",
        ),
        (
            lambda worlds: worlds.stays("vectorstore/old", keep=True, files={"kb/a.md": entry("kb/a.md", "old")}),
            "vectorstore/old",
        ),
    ],
    ids=["unmanaged", "peer", "literal id", "kept object", "outlet", "kept store"],
)
def test_an_upload_stays_whoever_holds_it(hold, holder):
    replaced = hold(edited()).plan()
    assert kept(replaced) == {OLD: [holder]}
    assert not replaced.refusals
    removed = hold(Worlds().stays_file("kb/a.md", "old")).plan()
    assert ("delete", "file/kb/a.md") not in done(*removed.changes)
    assert not removed.refusals


@pytest.mark.parametrize(("on_drift", "held"), [("keep", {OLD: ["page/home"]}), ("revert", {})])
def test_a_copy_in_another_outlet_that_is_kept_as_it_was_altered_holds_its_ids(on_drift, held):
    worlds = edited().synced("page/home", uses=None).bundle("page/home", "v1")
    worlds.pointer("page/home", "v1")
    altered = Copy("build", "tampered", ids=frozenset({OLD}))
    pointers = {address: replace(one, copies=(altered,)) for address, one in worlds.pointers.items()}
    assert kept(worlds.plan(pointers=pointers, on_drift=on_drift)) == held


def test_an_outdated_copy_in_another_outlet_is_written_first():
    worlds = edited().synced("page/home", uses=None).bundle("page/home", "v1")
    outdated = Copy("build", "outdated", ids=frozenset({OLD}))
    worlds.pointer("page/home", "v1")
    pointers = {address: replace(one, copies=(outdated,)) for address, one in worlds.pointers.items()}
    planned = worlds.planned(pointers=pointers)
    assert kept(planned.plan) == {}
    needs = {(step.verb, str(step.address)): others for step, others in lower(planned).items()}
    removal = needs["remove", "file/kb/a.md"]
    assert ("publish", "page/home") in {(step.verb, str(step.address)) for step in removal}


def test_an_object_out_of_scope_holds_the_upload_that_it_has():
    worlds = second(edited(), ignore=())
    scope = frozenset({Address("vectorstore", "kb"), Address("file", "kb/a.md")})
    assert kept(worlds.plan(scope=scope)) == {OLD: ["vectorstore/faq"]}


class TestAFileThatNothingGets:
    """Only ignored fields and objects out of scope refer to it."""

    def ignoring(self) -> Worlds:
        worlds = Worlds().stays_file("kb/a.md", "old").want_file("kb/a.md", "new")
        return second(worlds)

    def test_an_edited_file_is_not_uploaded(self):
        assert not self.ignoring().plan().work

    def test_a_new_file_is_not_uploaded(self):
        files = {path: entry(path, "old") for path in ("kb/a.md", "kb/b.md")}
        worlds = Worlds().synced_file("kb/a.md", "old").want_file("kb/b.md", "old")
        worlds.stays("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "old")})
        assert not worlds.want("vectorstore/faq", files=files, ignore=("files",)).plan().work

    def test_a_new_store_gets_it_whatever_it_ignores(self):
        worlds = Worlds().want_file("kb/a.md", "new")
        worlds.want("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "new")}, ignore=("files",))
        assert done(*worlds.plan().changes) == [("create", "file/kb/a.md"), ("create", "vectorstore/faq")]

    @pytest.mark.parametrize("on_drift", ["revert", "keep"])
    def test_an_expired_store_gets_it_when_it_is_made_again(self, on_drift):
        worlds = Worlds().stays_file("kb/a.md", "old").want_file("kb/a.md", "new")
        worlds.applied("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "old")})
        worlds.live("vectorstore/faq", files={}, detail={"status": "expired"})
        worlds.want("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "new")}, ignore=("files",))
        assert ("replace", "file/kb/a.md") in done(*worlds.plan(on_drift=on_drift).work)

    def test_a_file_that_is_the_only_target_is_not_uploaded(self):
        assert not edited().plan(scope=frozenset({Address("file", "kb/a.md")})).work

    def test_a_deleted_file_of_a_published_document_is_uploaded_again(self):
        """Its bundle needs an id for it."""
        worlds = Worlds().want_file("a.csv", "x").applied_file("a.csv", "x").stays("page/home", uses=ref("file/a.csv"))
        plan = worlds.want("page/home", uses=ref("file/a.csv"), ignore=("uses",)).plan()
        assert ("create", "file/a.csv") in done(*plan.work)


class TestItIsKnownUntilNothingHoldsIt:
    def removed(self) -> Worlds:
        """The document was removed from a folder whose store ignores its files."""
        worlds = Worlds().stays_file("kb/a.md", "old")
        worlds.stays("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "old")})
        return worlds.want("vectorstore/faq", files={}, ignore=("files",))

    def test_a_removed_document_stays_and_the_plan_says_so(self):
        plan = self.removed().plan()
        assert done(*plan.changes) == [("forget", "file/kb/a.md")]
        assert kept(plan) == {OLD: ["vectorstore/faq"]}
        assert not plan.refusals
        assert not plan.requests

    def known(self) -> Worlds:
        """What the state has after that."""
        worlds = self.removed()
        del worlds.state[Address("file", "kb/a.md")]
        return worlds.applied(KEPT, id_=OLD, sha256=sha("old"), purpose="assistants")

    def test_later_plans_are_empty(self):
        plan = self.known().plan()
        assert not plan.work
        assert not plan.refusals

    def test_it_is_deleted_when_the_store_no_longer_has_it(self):
        worlds = self.known().want("vectorstore/faq", files={})
        plan = worlds.plan()
        assert done(*plan.changes) == [("update", "vectorstore/faq"), ("delete", KEPT)]
        assert why(plan.changes[1]) == [("upload-superseded", {})]

    def test_it_is_the_upload_of_the_document_when_that_comes_back(self):
        worlds = self.known().want_file("kb/a.md", "old")
        plan = worlds.want("vectorstore/faq", files={"kb/a.md": entry("kb/a.md", "old")}).plan()
        assert done(*plan.changes) == [("update", "file/kb/a.md"), ("update", "vectorstore/faq")]
        assert not plan.requests


class TestTwoPathsWithOneUpload:
    def twins(self, **now: str) -> Worlds:
        """Two paths share an upload; `now` is the content of each, by the name of its folder."""
        worlds = Worlds()
        for folder in ("x", "y"):
            worlds.applied_file(f"{folder}/a.md", "A", id_="f1")
            if folder in now:
                worlds.want_file(f"{folder}/a.md", now[folder])
        return worlds.live_file("a.md", "A", id_="f1")

    def test_both_change_and_it_is_deleted_once(self):
        plan = self.twins(x="B", y="C").plan()
        assert done(*plan.changes) == [("replace", "file/x/a.md"), ("replace", "file/y/a.md")]
        assert plan.requests == {"DELETE": 1, "POST": 2}

    def test_one_changes_and_it_is_not_deleted(self):
        plan = self.twins(x="B", y="A").plan()
        assert (done(*plan.changes), plan.requests) == ([("replace", "file/x/a.md")], {"POST": 1})

    def test_one_changes_and_one_is_removed_and_it_is_deleted_once(self):
        assert self.twins(x="B").plan().requests == {"DELETE": 1, "POST": 1}

    def test_both_change_and_something_holds_it(self):
        plan = self.twins(x="B", y="C").stranger("vs_9", type_="store", refers_to=("f1",)).plan()
        assert kept(plan) == {"f1": ["store vs_9"]}
        assert plan.requests == {"POST": 2}
