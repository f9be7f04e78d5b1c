from dataclasses import replace

import pytest

from reconciler.applying.model import Note
from reconciler.resources.base import Labels, Live
from tests.applying.fakes import Cloud, applied, refused
from tests.support.plan_inputs import IDENTITY, Worlds, done, entry
from tests.support.world import problem_of

LEFTOVER = "widget/replaced@widget_lamp"
NIGHTLY = Live("automation", "auto_1", {}, name="nightly digest", refers_to=("widget_lamp",))


def twins() -> Worlds:
    """Return a managed lamp, and a second one that an interrupted create made."""
    worlds = Worlds().synced("widget/lamp", id_="w1", note="on").unfinished("widget/lamp", note="on")
    return worlds.live("widget/lamp", id_="w2", note="on", detail={"created_at": 1001.0})


def test_what_leaves_is_deleted_and_forgotten():
    cloud = applied(Worlds().stays("widget/lamp")).cloud
    assert cloud.calls == ["delete widget_lamp"]
    assert cloud.journal == [("widget/lamp", None)]


def test_applications_lose_it_before_it_is_deleted():
    worlds = Worlds().stays("assistant/triage").pointer("assistant/triage", "v1", {"assistant/triage": "agent_triage"})
    assert applied(worlds).cloud.calls == ["withdraw assistant/triage", "delete agent_triage"]


def test_a_document_is_only_withdrawn():
    assert applied(Worlds().stays("page/home").pointer("page/home", "v1")).cloud.calls == ["withdraw page/home"]


def test_forgetting_sends_nothing():
    cloud = applied(Worlds().applied("widget/lamp")).cloud
    assert not cloud.calls
    assert cloud.journal == [("widget/lamp", None)]


def test_what_a_killed_run_had_deleted_is_not_published_any_longer():
    worlds = Worlds().applied("widget/lamp").pointer("widget/lamp", "v1", {"widget/lamp": "widget_lamp"})
    cloud = applied(worlds).cloud
    assert cloud.calls == ["withdraw widget/lamp"]
    assert cloud.journal == [("widget/lamp", None)]


def test_a_second_object_goes_and_the_first_stays_in_state():
    cloud = applied(twins()).cloud
    assert cloud.calls == ["delete w2"]
    assert not cloud.journal


def test_a_failed_delete_is_not_forgotten():
    result = applied(Worlds().stays("widget/lamp"), Cloud(trouble={"delete widget_lamp": [refused()]}))
    assert result.of("widget/lamp").status == "failed"
    assert not result.cloud.journal


def test_moving_into_the_outlets_removes_the_object_when_the_document_is_published():
    worlds = Worlds().stays("widget/lamp", note="x").want("widget/lamp", type_="page", note="x")
    cloud = applied(worlds.bundle("widget/lamp", "v1")).cloud
    assert cloud.calls == ["publish widget/lamp", "delete widget_lamp"]
    kept, written, removed = cloud.journal
    assert written[1] is not None
    assert (written[0], written[1].type, written[1].id) == ("widget/lamp", "page", "widget/lamp")
    assert (kept[0], kept[1] and kept[1].id, removed) == (LEFTOVER, "widget_lamp", (LEFTOVER, None))


def test_a_replaced_object_is_in_the_state_until_it_is_deleted():
    """Nothing else proves that a run after an interruption may delete it."""
    cloud = applied(Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)).cloud
    assert cloud.calls == ["create widget/lamp", "delete widget_lamp"]
    assert [(address, found and found.id) for address, found in cloud.journal] == [
        (LEFTOVER, "widget_lamp"),
        ("widget/lamp", "new_1"),
        (LEFTOVER, None),
    ]


def test_a_replaced_object_that_an_interrupted_run_left_is_deleted():
    worlds = Worlds().synced("widget/lamp", id_="w2", size=2)
    worlds.applied("widget/replaced@w1", id_="w1", size=1).live("widget/lamp", id_="w1", size=1)
    cloud = applied(worlds).cloud
    assert cloud.calls == ["delete w1"]
    assert cloud.journal == [("widget/replaced@w1", None)]


def test_the_outcome_of_a_delete_names_the_live_object():
    gone = applied(Worlds().stays("widget/lamp")).of("widget/lamp")
    assert (gone.deleted, gone.name, gone.id) == ("widget_lamp", "lamp", None)
    replaced = applied(Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)).of("widget/lamp")
    assert (replaced.deleted, replaced.name, replaced.id) == ("widget_lamp", "lamp", "new_1")
    assert applied(Worlds().stays("page/home")).of("page/home").deleted is None


def test_moving_out_of_the_outlets_makes_the_object_and_repoints():
    worlds = Worlds().applied("widget/lamp", type_="page", note="x").live("widget/lamp", type_="page", note="x")
    worlds.want("widget/lamp", note="x").bundle("widget/lamp", "v2", "widget/lamp")
    cloud = applied(worlds.pointer("widget/lamp", "v1")).cloud
    assert cloud.calls == ["create widget/lamp", "publish widget/lamp"]
    assert cloud.published == {"widget/lamp": {"widget/lamp": "new_1"}}


def test_two_immutable_fields_one_edited_and_one_changed_by_hand_remove_the_old_object_once():
    worlds = Worlds().want("widget/lamp", size={"w": 2, "h": 1}).applied("widget/lamp", size={"w": 1, "h": 1})
    worlds.live("widget/lamp", size={"w": 1, "h": 9})
    assert done(*worlds.plan().work) == [("replace", "widget/lamp")] * 2
    assert applied(worlds).cloud.calls == ["create widget/lamp", "delete widget_lamp"]


def test_what_stays_as_nobodys_loses_its_labels_and_nothing_else():
    cloud = applied(Worlds().stays("widget/lamp", keep=True, note="x").pointer("widget/lamp", "v1")).cloud
    assert cloud.calls == ["disown widget_lamp"]
    assert cloud.objects["widget_lamp"].labels is None
    assert cloud.journal == [("widget/lamp", None)]


def test_files_are_forgotten_before_the_store_that_keeps_them():
    worlds = Worlds().stays_file("a.md", "A").stays("vectorstore/kb", keep=True, files={"a.md": entry("a.md", "A")})
    cloud = applied(worlds).cloud
    assert cloud.calls == ["disown store_kb"]
    assert [address for address, _ in cloud.journal] == ["file/a.md", "vectorstore/kb"]
    assert cloud.objects.keys() == {"file_a-md", "store_kb"}


class TestItIsLookedAtAgain:
    """A plan says what was so when it was made."""

    def of(self, worlds, **changed):
        """The cloud after the deletion of a lamp that was changed meanwhile, and its outcome."""
        (live,) = worlds.world().live
        result = applied(worlds, Cloud(objects={live.id: replace(live, **changed)}))
        return result.cloud, result.of("widget/lamp")

    def test_what_is_gone_is_done(self):
        result = applied(Worlds().stays("widget/lamp"), Cloud(gone={"widget_lamp"}))
        assert not result.cloud.calls
        assert result.of("widget/lamp").notes == (Note("already-deleted"),)
        assert result.cloud.journal == [("widget/lamp", None)]

    @pytest.mark.parametrize(
        ("labels", "why"),
        [
            (Labels("globex", "widget/lamp"), "is now widget/lamp of globex"),
            (Labels(str(IDENTITY), "widget/other"), "is now widget/other of acme/production"),
            (Labels(str(IDENTITY), "widget/lamp", protected=True), "is protected now"),
        ],
    )
    def test_what_is_not_ours_to_delete_any_more_stays(self, labels, why):
        cloud, outcome = self.of(Worlds().stays("widget/lamp").pointer("widget/lamp", "v1"), labels=labels)
        assert not cloud.calls
        assert not cloud.journal
        assert (outcome.status, problem_of(outcome).code) == ("failed", "stale")
        assert problem_of(outcome).message == f"widget/lamp: widget_lamp {why}"

    def test_what_state_knows_is_ours_without_a_label_too(self):
        cloud, _ = self.of(Worlds().stays("widget/lamp"), labels=None)
        assert cloud.calls == ["delete widget_lamp"]

    def test_what_only_its_label_made_ours_is_not_without_it(self):
        worlds = twins()
        twin = replace(worlds.objects[1], labels=None)
        result = applied(worlds, Cloud(objects={"w2": twin}))
        assert not result.cloud.calls
        assert problem_of(result.of("widget/lamp")).message == "widget/lamp: w2 no longer has the label of this project"

    def test_a_duplicate_that_somebody_has_edited_since_stays(self):
        worlds = twins()
        edited = replace(worlds.objects[1], fields={"note": "mine"})
        result = applied(worlds, Cloud(objects={"w2": edited}))
        assert not result.cloud.calls
        said = "widget/lamp: w2 is no longer as the interrupted create made it"
        assert problem_of(result.of("widget/lamp")).message == said

    def test_a_duplicate_with_a_file_that_somebody_has_attached_since_stays(self):
        worlds = Worlds().synced("vectorstore/kb", id_="w1", files={}).unfinished("vectorstore/kb", files={})
        worlds.live("vectorstore/kb", id_="w2", files={}, detail={"created_at": 1001.0})
        twin = worlds.objects[1]
        hers = {"file-hers": {"attributes": {}, "file": "file-hers"}}
        result = applied(worlds, Cloud(objects={"w2": replace(twin, fields={**twin.fields, "files": hers})}))
        assert not result.cloud.calls
        said = "vectorstore/kb: w2 is no longer as the interrupted create made it"
        assert problem_of(result.of("vectorstore/kb")).message == said

    def test_a_duplicate_that_somebody_has_started_to_use_stays(self):
        user = replace(NIGHTLY, refers_to=("w2",))
        result = applied(twins(), Cloud(users=[user]))
        assert not result.cloud.calls
        assert problem_of(result.of("widget/lamp")).code == "stale"


class TestItIsLookedForWhoNeedsIt:
    def test_who_came_to_need_it_since_keeps_it(self):
        worlds = Worlds().stays("widget/lamp").pointer("widget/lamp", "v1")
        result = applied(worlds, Cloud(users=[NIGHTLY]))
        assert not result.cloud.calls
        assert not result.cloud.journal
        problem = problem_of(result.of("widget/lamp"))
        assert problem.code == "stale"
        assert "automation nightly digest (auto_1) started referencing widget_lamp" in problem.message
        assert problem.hint.startswith("Nothing was deleted.")

    def test_who_needed_it_when_it_was_planned_is_the_business_of_the_plan(self):
        worlds = Worlds().stays_file("a.md", "A").stays("vectorstore/kb", files={"a.md": entry("a.md", "A")})
        holder = Live("store", "store_kb", {}, refers_to=("file_a-md",))
        cloud = applied(worlds, Cloud(users=[holder])).cloud
        assert cloud.calls == ["delete store_kb", "delete file_a-md"]

    def test_it_does_not_matter_to_others(self):
        result = applied(Worlds().stays("widget/lamp").stays("widget/vase"), Cloud(users=[NIGHTLY]))
        assert result.statuses == {"delete widget/lamp": "failed", "delete widget/vase": "done"}

    def test_a_file_that_somebody_came_to_hold_stays(self):
        theirs = Live("store", "vs_theirs", {}, refers_to=("file_a-md",))
        result = applied(Worlds().stays_file("a.md", "A"), Cloud(users=[theirs]))
        assert not result.cloud.calls
        assert "store vs_theirs started referencing file_a-md" in problem_of(result.of("file/a.md")).message

    def test_an_upload_that_was_replaced_simply_stays(self):
        theirs = Live("store", "vs_theirs", {}, refers_to=("file_a-md",))
        worlds = Worlds().want_file("a.md", "B").stays_file("a.md", "A")
        result = applied(worlds, Cloud(users=[theirs]))
        assert result.cloud.calls == ["create file/a.md"]
        assert result.of("file/a.md").notes == (Note("upload-held", {"type": "store", "id": "vs_theirs"}),)

    def test_a_store_that_was_to_lose_it_and_has_it_again_keeps_it(self):
        """The plan knows the reference, and has changed it by now."""
        worlds = Worlds().want_file("a.md", "B").stays_file("a.md", "A")
        worlds.stays("vectorstore/kb", files={"a.md": entry("a.md", "A")}).want(
            "vectorstore/kb", files={"a.md": entry("a.md", "B")}
        )
        again = Live("store", "store_kb", {}, refers_to=("file_a-md",))
        result = applied(worlds, Cloud(users=[again]))
        assert "delete file_a-md" not in result.cloud.calls
        assert result.of("file/a.md").notes == (Note("upload-held", {"type": "store", "id": "store_kb"}),)
        known = dict(result.cloud.journal)
        assert known["file/a.md@file_a-md"] is not None

    def test_deletes_that_start_at_the_same_time_share_a_look(self):
        worlds = Worlds()
        for number in range(40):
            worlds.stays(f"widget/w{number}")
        result = applied(worlds, max_deletes=40)
        assert len(result.cloud.calls) == 40
        assert result.cloud.looks == 1


class TestAnUploadThatIsInUse:
    def test_it_is_known_under_an_address_of_its_own_when_its_path_is_removed(self):
        worlds = Worlds().stays_file("a.md", "A").stranger("vs_9", type_="store", refers_to=("file_a-md",))
        result = applied(worlds)
        assert not result.cloud.calls
        assert result.of("file/a.md").notes == (Note("upload-still-held", {"holders": ["store vs_9"]}),)
        assert [(address, entry.id if entry else None) for address, entry in result.cloud.journal] == [
            ("file/a.md", None),
            ("file/a.md@file_a-md", "file_a-md"),
        ]

    def test_it_stays_known_when_its_path_gets_another_one(self):
        worlds = Worlds().want_file("a.md", "B").stays_file("a.md", "A")
        result = applied(worlds.stranger("vs_9", type_="store", refers_to=("file_a-md",)))
        known = dict(result.cloud.journal)
        assert known["file/a.md@file_a-md"] is not None

    def test_two_paths_that_both_get_another_one_delete_it_once_and_after_both(self):
        worlds = Worlds().want_file("x/a.md", "B").want_file("y/a.md", "C").live_file("a.md", "A", id_="f1")
        for folder in ("x", "y"):
            worlds.applied_file(f"{folder}/a.md", "A", id_="f1")
        cloud = applied(worlds).cloud
        assert sorted(cloud.calls[:2]) == ["create file/x/a.md", "create file/y/a.md"]
        assert cloud.calls[2:] == ["delete f1"]

    def test_the_former_upload_of_a_path_that_gets_one_of_the_same_content_is_known_until_it_is_deleted(self):
        """A run that is interrupted before the delete does not lose it."""
        worlds = Worlds().want_file("x/a.md", "B").stays_file("x/a.md", "A").synced_file("y/a.md", "B")
        cloud = Cloud(trouble={"delete file_x-a-md": [refused()]})
        result = applied(worlds, cloud)
        assert [address for address, entry in result.cloud.journal if entry and entry.id == "file_x-a-md"] == [
            "file/a.md@file_x-a-md"
        ]
