from tests.applying.fakes import Cloud, applied, refused
from tests.planning.worlds import Worlds, done, entry


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


def test_a_second_object_goes_and_the_first_stays_in_state():
    cloud = applied(Worlds().synced("widget/lamp", id_="w1").live("widget/lamp", id_="w2")).cloud
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
    ((address, entry),) = cloud.journal
    assert entry is not None
    assert (address, entry.type, entry.id) == ("widget/lamp", "page", "widget/lamp")


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
    worlds = Worlds().stays_file("a.md", "A").stays("store/kb", keep=True, files={"a.md": entry("a.md", "A")})
    cloud = applied(worlds).cloud
    assert cloud.calls == ["disown store_kb"]
    assert [address for address, _ in cloud.journal] == ["file/a.md", "store/kb"]
    assert cloud.objects.keys() == {"file_a-md", "store_kb"}
