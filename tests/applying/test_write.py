"""Creates in doubt, shared uploads, and updates that write over nothing they have not seen."""

from dataclasses import replace

from reconciler.applying.model import Note
from reconciler.resources.address import Address
from reconciler.resources.base import Labels, Lifecycle, Live
from reconciler.resources.labels import spec_hashes
from tests.applying.fakes import Cloud, MadeButLost, applied, doubt
from tests.support.plan_inputs import Worlds, digests, entry


class TestDoubt:
    def test_what_was_made_is_found_and_not_made_again(self):
        cloud = Cloud(trouble={"create widget/lamp": [MadeButLost()]})
        result = applied(Worlds().want("widget/lamp"), cloud)
        assert cloud.calls == ["create widget/lamp", "find widget/lamp"]
        assert result.of("widget/lamp").id == "new_1"
        assert list(cloud.objects) == ["new_1"]

    def test_what_was_not_made_is_made_after_a_look(self):
        cloud = Cloud(trouble={"create widget/lamp": [doubt()]})
        applied(Worlds().want("widget/lamp"), cloud)
        assert cloud.calls == ["create widget/lamp", *["find widget/lamp"] * 4, "create widget/lamp"]

    def test_what_is_not_listed_yet_is_waited_for(self):
        cloud = Cloud(trouble={"create widget/lamp": [MadeButLost()]}, blind=3)
        applied(Worlds().want("widget/lamp"), cloud)
        assert list(cloud.objects) == ["new_1"]
        assert cloud.slept == 7

    def test_a_clone_with_another_value_is_not_taken_for_what_was_made(self):
        clone = Live("widget", "w9", {"note": "mine"}, Labels("acme/production", "widget/lamp"))
        cloud = Cloud(objects={"w9": clone}, trouble={"create widget/lamp": [doubt()]})
        assert applied(Worlds().want("widget/lamp", note="on"), cloud).of("widget/lamp").id == "new_1"

    def test_intents_stay_where_another_object_may_appear_later(self):
        assert applied(Worlds().want("widget/lamp")).cloud.doubtful == []
        found = Cloud(trouble={"create widget/lamp": [MadeButLost()]})
        assert applied(Worlds().want("widget/lamp"), found).cloud.doubtful == []
        twice = Cloud(trouble={"create widget/lamp": [doubt()]})
        assert applied(Worlds().want("widget/lamp"), twice).cloud.doubtful == ["widget/lamp"]
        assert applied(Worlds().want("widget/lamp").unfinished("widget/lamp")).cloud.doubtful == ["widget/lamp"]

    def test_doubt_that_never_ends_is_a_failure(self):
        cloud = Cloud(trouble={"create widget/lamp": [doubt()] * 3})
        result = applied(Worlds().want("widget/lamp"), cloud)
        assert result.of("widget/lamp").status == "failed"
        assert cloud.calls == ["create widget/lamp", *["find widget/lamp"] * 4] * 3

    def test_what_is_found_is_completed(self):
        """A store that was made may lack its files, which are attached afterwards."""
        cloud = Cloud(trouble={"create vectorstore/kb": [MadeButLost()]})
        applied(Worlds().want_file("a.md", "A").want("vectorstore/kb", files={"a.md": entry("a.md", "A")}), cloud)
        assert cloud.calls == [
            "create file/a.md",
            "create vectorstore/kb",
            "find vectorstore/kb",
            "update vectorstore/kb",
        ]
        assert cloud.orders["update vectorstore/kb"].fields == {"files": {"a.md": entry("a.md", "A")}}


class TestUploads:
    def test_equal_bytes_under_one_name_are_sent_once(self):
        result = applied(Worlds().want_file("x/a.md", "A").want_file("y/a.md", "A"))
        assert len(result.cloud.calls) == 1
        assert [outcome.id for outcome in result.outcomes] == ["new_1", "new_1"]
        assert sorted(map(len, notes := [outcome.notes for outcome in result.outcomes])) == [0, 1]
        assert (Note("upload-shared"),) in notes

    def test_an_upload_that_is_there_is_shared(self):
        result = applied(Worlds().synced_file("x/a.md", "A").want_file("y/a.md", "A"))
        assert not result.cloud.calls
        assert result.of("file/y/a.md").id == "file_x-a-md"

    def test_a_file_that_moves_keeps_its_upload(self):
        result = applied(Worlds().stays_file("old/a.md", "A").want_file("new/a.md", "A"))
        ids = {address: entry.id for address, entry in result.cloud.journal if entry}
        assert ids["file/new/a.md"] in result.cloud.objects
        assert len(result.cloud.objects) == 1

    def test_a_shared_upload_outlives_one_of_its_paths(self):
        worlds = Worlds().applied_file("x/a.md", "A", id_="f1").applied_file("y/a.md", "A", id_="f1")
        worlds.live_file("a.md", "A", id_="f1").want_file("x/a.md", "A").want_file("y/a.md", "B")
        result = applied(worlds)
        assert result.cloud.calls == ["create file/y/a.md"]
        assert result.of("file/y/a.md").notes == (Note("upload-kept"),)

    def test_a_replaced_upload_that_a_stranger_holds_stays(self):
        worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new")
        result = applied(worlds.stranger("vs_9", type_="store", refers_to=("file_a-md",)))
        assert result.cloud.calls == ["create file/a.md"]
        assert result.of("file/a.md").notes == (Note("upload-still-held", {"holders": ["store vs_9"]}),)
        assert [outcome.action for outcome in result.cloud.finished] == ["replace"]  # no progress of a delete

    def test_a_replaced_upload_that_a_peer_uses_stays(self):
        worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new")
        result = applied(worlds.peer("globex", "assistant/a", "file_a-md", type_="request"))
        assert result.cloud.calls == ["create file/a.md"]
        assert result.of("file/a.md").notes == (Note("upload-still-held", {"holders": ["globex: assistant/a"]}),)

    def test_an_upload_of_a_killed_run_is_written_into_state(self):
        worlds = Worlds().want_file("a.md", "A").announce("a.md", "A").live_file("a.md", "A", id_="f1")
        result = applied(worlds)
        assert not result.cloud.calls
        assert [(address, entry.id if entry else None) for address, entry in result.cloud.journal] == [
            ("file/a.md", "f1")
        ]

    def test_protection_of_a_file_is_only_noted(self):
        worlds = Worlds().synced_file("a.md", "A")
        (address,) = worlds.wanted
        worlds.wanted[address] = replace(worlds.wanted[address], lifecycle=Lifecycle(protect=True))
        result = applied(worlds)
        assert not result.cloud.calls
        assert result.cloud.journal[0][1] is not None
        assert result.cloud.journal[0][1].protected


class TestUpdate:
    def test_only_what_differs_is_written(self):
        worlds = Worlds().stays("widget/lamp", note="old", colour="red").want("widget/lamp", note="new", colour="red")
        order = applied(worlds).cloud.orders["update widget/lamp"]
        assert order.fields == {"note": "new"}
        assert order.labels.spec == spec_hashes({"note": "new", "colour": "red"})

    def test_a_dropped_field_is_written_as_its_default(self):
        worlds = Worlds().stays("widget/lamp", colour="red").want("widget/lamp")
        assert applied(worlds).cloud.orders["update widget/lamp"].fields == {"colour": "grey"}

    def test_a_key_that_left_the_manifest_is_null_and_others_are_not_named(self):
        worlds = Worlds().want("widget/lamp", metadata={"a": "1"}).applied("widget/lamp", metadata={"a": "1", "b": "2"})
        worlds.live("widget/lamp", metadata={"a": "1", "b": "2", "theirs": "x"})
        assert applied(worlds).cloud.orders["update widget/lamp"].fields == {"metadata": {"a": "1", "b": None}}

    def test_something_removed_inside_a_key_does_not_remove_the_key(self):
        worlds = Worlds().stays("widget/lamp", metadata={"a": {"x": 1, "y": 2}})
        worlds.want("widget/lamp", metadata={"a": {"x": 1}})
        assert applied(worlds).cloud.orders["update widget/lamp"].fields == {"metadata": {"a": {"x": 1}}}

    def test_labels_alone_are_repaired_without_fields(self):
        worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", owner=None)
        order = applied(worlds).cloud.orders["update widget/lamp"]
        assert not order.fields
        assert order.labels.address == "widget/lamp"

    def test_what_can_only_be_written_is_written(self):
        worlds = Worlds().want("widget/lamp", secret={"key": "new"}).applied("widget/lamp", secret={"key": "old"})
        assert applied(worlds.live("widget/lamp")).cloud.orders["update widget/lamp"].fields == {"key": "new"}

    def test_what_only_a_create_can_set_is_remembered_as_it_was_made(self):
        worlds = Worlds().want("vectorstore/kb", secret={"description": "new"}, name="b")
        worlds.applied("vectorstore/kb", secret={"description": "old"}, name="a").live("vectorstore/kb", name="a")
        cloud = applied(worlds).cloud
        assert cloud.orders["update vectorstore/kb"].fields == {"name": "b"}
        ((_, recorded),) = cloud.journal
        assert recorded is not None
        assert recorded.write_only == digests({"description": "old"})

    def edited(self) -> Worlds:
        return Worlds().stays("widget/lamp", note="old", colour="red").want("widget/lamp", note="new", colour="red")

    def now(self, worlds: Worlds, **fields: str) -> Cloud:
        """The cloud after a hand was quicker than we."""
        (live,) = worlds.objects
        return Cloud({live.id: replace(live, fields={**live.fields, **fields})})

    def test_a_value_that_moved_since_the_plan_is_not_written_over(self):
        worlds = self.edited()
        result = applied(worlds, self.now(worlds, note="hand"))
        problem = result.of("widget/lamp").problem
        assert problem is not None
        assert problem.code == "stale"
        assert not result.cloud.calls
        assert not result.cloud.journal

    def test_a_value_that_is_not_changed_may_move(self):
        worlds = self.edited()
        assert applied(worlds, self.now(worlds, colour="blue")).statuses == {"update widget/lamp": "done"}

    def test_an_object_that_is_gone_meanwhile_is_stale(self):
        worlds = self.edited()
        cloud = self.now(worlds)
        cloud.objects = {"widget_lamp": None}  # type: ignore[dict-item]
        assert applied(worlds, cloud).of("widget/lamp").status == "failed"


class TestKept:
    def test_a_hand_change_in_another_field_is_not_touched(self):
        worlds = Worlds().want("widget/a", note="new", colour="red").applied("widget/a", note="old", colour="red")
        cloud = applied(worlds.live("widget/a", note="old", colour="blue"), on_drift="keep").cloud
        assert cloud.orders["update widget/a"].fields == {"note": "new"}

    def test_a_hand_change_beside_an_edit_in_the_same_field_goes_along(self):
        worlds = Worlds().want("widget/a", note={"x": 2, "y": 1}).applied("widget/a", note={"x": 1, "y": 1})
        cloud = applied(worlds.live("widget/a", note={"x": 1, "y": "hand"}), on_drift="keep").cloud
        assert cloud.orders["update widget/a"].fields == {"note": {"x": 2, "y": "hand"}}

    def test_what_was_removed_by_hand_stays_removed(self):
        worlds = (
            Worlds().want("widget/a", metadata={"x": "2", "y": "1"}).applied("widget/a", metadata={"x": "1", "y": "1"})
        )
        cloud = applied(worlds.live("widget/a", metadata={"x": "1"}), on_drift="keep").cloud
        assert cloud.orders["update widget/a"].fields == {"metadata": {"x": "2"}}

    def test_it_is_drift_in_the_next_plan_too(self):
        worlds = Worlds().want("widget/a", note="new", colour="red").applied("widget/a", note="old", colour="red")
        cloud = applied(worlds.live("widget/a", note="old", colour="blue"), on_drift="keep").cloud
        ((_, recorded),) = cloud.journal
        assert recorded is not None
        assert recorded.fields == {"note": "new", "colour": "red"}


class TestAdoption:
    def adopted(self, worlds, cloud=None, **options):
        ids = {Address("assistant", "triage"): "agent_9"}
        return applied(worlds, cloud, adopt=ids, scope=frozenset(ids), **options)

    def test_labels_are_all_that_is_written_and_what_is_live_is_what_was_applied(self):
        worlds = Worlds().want("assistant/triage", note="x", colour="red", metadata={"tier": "gold"})
        worlds.stranger("agent_9", note="y", colour="red", metadata={"tier": "gold", "theirs": "1"})
        cloud = self.adopted(worlds).cloud
        assert cloud.calls == ["update assistant/triage"]
        order = cloud.orders["update assistant/triage"]
        assert not order.fields
        assert order.labels.spec == spec_hashes({"note": "y", "colour": "red", "metadata": {"tier": "gold"}})
        ((address, recorded),) = cloud.journal
        assert recorded is not None
        assert (address, recorded.id) == ("assistant/triage", "agent_9")
        assert recorded.fields == {"note": "y", "colour": "red", "metadata": {"tier": "gold"}}

    def test_what_applications_load_is_published(self):
        worlds = Worlds().want("assistant/triage").stranger("agent_9").bundle("assistant/triage", 1, "assistant/triage")
        cloud = self.adopted(worlds).cloud
        assert cloud.published == {"assistant/triage": {"assistant/triage": "agent_9"}}

    def test_without_room_nothing_is_written(self):
        metadata = {str(number): "x" for number in range(13)}
        cloud = self.adopted(Worlds().want("assistant/triage").stranger("agent_9", metadata=metadata)).cloud
        assert not cloud.calls
        assert [address for address, _ in cloud.journal] == ["assistant/triage"]

    def test_somebody_else_was_faster(self):
        labelled = Live("agent", "agent_9", {}, Labels("globex", "assistant/bot"))
        result = self.adopted(
            Worlds().want("assistant/triage").stranger("agent_9"), Cloud(objects={"agent_9": labelled})
        )
        assert not result.cloud.calls
        problem = result.of("assistant/triage").problem
        assert problem is not None
        assert "is now assistant/bot of globex" in problem.message


class TestMove:
    def test_it_is_labelled_anew_and_what_was_published_moves_with_it(self):
        worlds = Worlds().stays("assistant/old", note="x").want("assistant/new", note="x", moved_from=("old",))
        worlds.bundle("assistant/new", 2, "assistant/new").pointer("assistant/old", 1, {"assistant/old": "agent_old"})
        cloud = applied(worlds).cloud
        assert cloud.calls == ["update assistant/new", "publish assistant/new", "withdraw assistant/old"]
        assert cloud.orders["update assistant/new"].labels.address == "assistant/new"
        assert cloud.published == {"assistant/new": {"assistant/new": "agent_old"}}
        assert [(address, entry.id) for address, entry in cloud.journal if entry] == [("assistant/new", "agent_old")]
        assert cloud.left == ["assistant/old"]

    def test_a_document_is_published_before_the_old_one_goes(self):
        worlds = Worlds().stays("page/old", note="x").want("page/home", note="x", moved_from=("old",))
        cloud = applied(worlds.bundle("page/home", 2).pointer("page/old", 1)).cloud
        assert cloud.calls == ["publish page/home", "withdraw page/old"]
        assert cloud.left == ["page/old"]
