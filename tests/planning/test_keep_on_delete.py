from tests.support.asking import warned, why
from tests.support.plan_inputs import Worlds, done, entry, ref


def test_what_is_to_stay_is_forgotten_and_not_deleted():
    plan = Worlds().stays("widget/lamp", keep=True).plan()
    (change,) = plan.changes
    assert (change.action, change.id, why(change)) == ("forget", "widget_lamp", [("keep-on-delete", {})])
    assert plan.requests == {"POST": 1}


def test_neither_referrers_nor_protection_nor_the_threshold_stand_in_the_way():
    worlds = Worlds().stays("widget/lamp", keep=True, protect=True).stays("page/home", uses=ref("widget/lamp"))
    worlds.want("page/home", uses=ref("widget/lamp"))
    plan = worlds.plan(max_deletes=0)
    assert done(*plan.changes) == [("forget", "widget/lamp")]
    assert not plan.refusals


def test_the_files_of_a_store_stay_with_it():
    worlds = Worlds().stays_file("a.md", "A").stays("vectorstore/kb", keep=True, files={"a.md": entry("a.md", "A")})
    plan = worlds.plan()
    assert sorted(done(*plan.changes)) == [("forget", "file/a.md"), ("forget", "vectorstore/kb")]
    assert plan.requests == {"POST": 2}


def test_a_file_that_state_has_forgotten_already_stays_too():
    """A run was killed between the file and the store."""
    worlds = Worlds().live_file("a.md", "A")
    worlds.applied("vectorstore/kb", keep=True, files={"a.md": entry("a.md", "A")})
    worlds.live(
        "vectorstore/kb", files={"file_a-md": {"sha256": entry("a.md", "A")["sha256"]}}, refers_to=("file_a-md",)
    )
    assert {change.action for change in worlds.plan().changes} == {"forget"}


def test_a_file_that_another_store_holds_is_still_wanted():
    files = {"a.md": entry("a.md", "A")}
    worlds = Worlds().synced_file("a.md", "A").stays("vectorstore/kb", keep=True, files=files)
    assert done(*worlds.synced("vectorstore/faq", files=files).plan().changes) == [("forget", "vectorstore/kb")]


def test_a_document_stays_published_and_what_it_uses_cannot_go():
    worlds = Worlds().stays("page/home", keep=True, uses=ref("widget/lamp")).stays("widget/lamp")
    plan = worlds.plan()
    assert done(*plan.changes) == [("delete", "widget/lamp")]
    assert [(item.rule, item.address) for item in plan.refusals] == [("referenced", "widget/lamp")]
    assert warned(plan) == [("stays-published", "page/home", {})]


def test_the_manifest_decides_as_long_as_it_is_there():
    worlds = Worlds().synced("widget/lamp").want("widget/lamp", keep=True)
    plan = worlds.plan()
    assert [item.path for change in plan.changes for item in change.fields] == ["lifecycle.keep_on_delete"]
    worlds = Worlds().stays("widget/lamp", keep=True).want("widget/lamp", keep=True)
    assert not worlds.plan().work
