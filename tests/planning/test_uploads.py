"""Which upload is which file: by state, by our mark in a store, by what a killed run announced."""

from dataclasses import replace

import pytest

from reconciler.planning.match import match
from reconciler.resources.address import Address
from tests.support.plan_inputs import Worlds, done, entry, sha


def ids(worlds: Worlds):
    return {str(address): live.id for address, live in match(worlds.world()).live.items() if address.kind == "file"}


def holding(worlds: Worlds, **files: str) -> Worlds:
    """A store of ours that holds uploads, by id, with the sha256 of their content."""
    entries = {id_: {"attributes": {}, "sha256": sha(content)} for id_, content in files.items()}
    return worlds.live("vectorstore/kb", id_="vs_1", refers_to=tuple(files), files=entries)


def test_state_knows_the_upload():
    assert ids(Worlds().synced_file("a.md", "A")) == {"file/a.md": "file_a-md"}


def test_without_state_our_mark_in_a_store_tells():
    worlds = Worlds().want_file("kb/a.md", "A").live_file("kb/a.md", "A", id_="f1")
    assert ids(holding(worlds, f1="A")) == {"file/kb/a.md": "f1"}


def test_a_file_nobody_marked_is_a_stranger():
    worlds = Worlds().want_file("a.md", "A").live_file("a.md", "A")
    assert ids(worlds) == {}
    assert [item.id for item in worlds.plan().unmanaged] == ["file_a-md"]


def test_equal_bytes_under_one_name_are_one_upload():
    worlds = Worlds().want_file("x/a.md", "A").want_file("y/a.md", "A").live_file("a.md", "A", id_="f1")
    assert ids(holding(worlds, f1="A")) == {"file/x/a.md": "f1", "file/y/a.md": "f1"}


def test_an_announced_upload_that_was_made_is_taken_over():
    worlds = Worlds().want_file("a.md", "A").announce("a.md", "A", since=500).live_file("a.md", "A", created=500)
    plan = worlds.plan()
    assert done(*plan.changes) == [("adopt", "file/a.md")]
    assert plan.changes[0].id == "file_a-md"
    assert not plan.requests


@pytest.mark.parametrize(
    "made",
    [
        {"path": "b.md", "content": "A", "created": 500},
        {"path": "a.md", "content": "longer", "created": 500},
        {"path": "a.md", "content": "A", "created": 490},
    ],
    ids=["another name", "another size", "made before"],
)
def test_an_upload_that_does_not_fit_the_announcement_is_left_alone(made):
    worlds = Worlds().want_file("a.md", "A").announce("a.md", "A", since=500).live_file(**made)
    assert done(*worlds.plan().changes) == [("create", "file/a.md")]


def test_an_upload_that_somebody_uses_is_not_taken_over():
    worlds = Worlds().want_file("a.md", "A").announce("a.md", "A").live_file("a.md", "A", id_="f1")
    worlds.stranger("vs_theirs", type_="store", refers_to=("f1",))
    assert done(*worlds.plan().changes) == [("create", "file/a.md")]


def test_of_two_that_fit_the_older_is_taken_and_the_other_reported():
    worlds = Worlds().want_file("a.md", "A").announce("a.md", "A")
    worlds.live_file("a.md", "A", id_="f2", created=1002).live_file("a.md", "A", id_="f1", created=1001)
    assert ids(worlds) == {"file/a.md": "f1"}
    assert [item.id for item in worlds.plan().unmanaged] == ["f2"]


def test_one_announced_upload_serves_one_address():
    worlds = Worlds().want_file("x/a.md", "A").want_file("y/a.md", "A")
    worlds.announce("x/a.md", "A").announce("y/a.md", "A").live_file("a.md", "A", id_="f1")
    assert done(*worlds.plan().changes) == [("adopt", "file/x/a.md"), ("create", "file/y/a.md")]


def test_killed_while_replacing_an_upload_the_new_one_is_used_and_the_old_one_removed():
    worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new").announce("a.md", "new")
    worlds.live_file("a.md", "new", id_="f2")
    worlds.applied("vectorstore/kb", id_="vs_1", files={"a.md": entry("a.md", "old")})
    worlds.want("vectorstore/kb", files={"a.md": entry("a.md", "new")})
    holding(worlds, **{"file_a-md": "old"})
    plan = worlds.plan()
    old = "file/a.md@file_a-md"
    assert done(*plan.changes) == [("adopt", "file/a.md"), ("update", "vectorstore/kb"), ("delete", old)]
    assert [change.id for change in plan.changes] == ["f2", "vs_1", "file_a-md"]
    assert not plan.refusals


def test_killed_after_attaching_the_new_upload_the_old_one_is_removed():
    worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new").live_file("a.md", "new", id_="f2")
    worlds.want("vectorstore/kb", files={"a.md": entry("a.md", "new")})
    holding(worlds, f2="new")
    plan = worlds.plan()
    assert ("delete", "file/a.md@file_a-md") in done(*plan.changes)
    assert {change.id for change in plan.changes if change.action == "delete"} == {"file_a-md"}


def test_a_marked_file_that_no_manifest_asks_for_is_removed():
    worlds = holding(Worlds().live_file("gone.md", "G", id_="f1"), f1="G").want("vectorstore/kb", files={})
    assert done(*worlds.plan().changes) == [("update", "vectorstore/kb"), ("delete", "file/gone.md@f1")]


def test_a_marked_file_with_other_bytes_gives_way_to_the_new_ones():
    worlds = (
        holding(Worlds().live_file("a.md", "old", id_="f1"), f1="old")
        .want("vectorstore/kb")
        .want_file("kb/a.md", "new")
    )
    assert done(*worlds.plan().changes) == [("replace", "file/kb/a.md")]


def test_of_several_marked_uploads_each_is_accounted_for():
    worlds = Worlds().want_file("kb/a.md", "new").want("vectorstore/kb")
    for number, content in enumerate(("one", "two", "two")):
        worlds.live_file("a.md", content, id_=f"f{number}")
    holding(worlds, f0="one", f1="two", f2="two")
    assert ids(worlds) == {"file/kb/a.md": "f0", "file/a.md@f1": "f1", "file/a.md@f2": "f2"}
    assert not worlds.plan().unmanaged


class TestMoves:
    """Which path had an upload before; `kb` holds what state has, `docs` what is wanted now."""

    def moved(self, was: dict[str, str], now: dict[str, str]) -> dict[str, str]:
        worlds = Worlds()
        for path, content in was.items():
            worlds.stays_file(path, content)
        for path, content in now.items():
            worlds.want_file(path, content)
        worlds.stays("vectorstore/kb", files={path: entry(path, content) for path, content in was.items()})
        worlds.want("vectorstore/kb", files={path: entry(path, content) for path, content in now.items()})
        found = match(worlds.world()).moved
        return {address.name: former.name for address, former in found.items()}

    def test_the_same_content_under_the_same_name(self):
        assert self.moved({"kb/a.md": "A", "kb/b.md": "B"}, {"docs/a.md": "A", "kb/b.md": "B"}) == {
            "docs/a.md": "kb/a.md"
        }

    def test_not_while_the_old_path_is_wanted(self):
        assert self.moved({"kb/a.md": "A"}, {"kb/a.md": "A", "docs/a.md": "A"}) == {}

    def test_not_under_another_name(self):
        assert self.moved({"kb/a.md": "A"}, {"kb/b.md": "A"}) == {}

    def test_equal_files_keep_their_places(self):
        was = {"kb/a.md": "A", "kb/x/a.md": "A", "kb/y/a.md": "A"}
        now = {"docs/a.md": "A", "docs/x/a.md": "A", "docs/y/a.md": "A"}
        assert self.moved(was, now) == {path: path.replace("docs", "kb") for path in now}

    def test_other_content_under_the_only_name_that_leaves(self):
        assert self.moved({"kb/a.md": "A"}, {"docs/a.md": "new"}) == {"docs/a.md": "kb/a.md"}

    def test_other_content_in_a_folder_of_the_same_name(self):
        was = {"kb/a.md": "1", "kb/x/a.md": "2", "kb/y/a.md": "3"}
        now = {"docs/a.md": "4", "docs/x/a.md": "5", "docs/y/a.md": "6"}
        assert self.moved(was, now) == {path: path.replace("docs", "kb") for path in now}

    def test_not_where_it_could_be_several(self):
        assert self.moved({"kb/x/a.md": "1", "kb/y/a.md": "2"}, {"docs/a.md": "3", "docs/z/a.md": "4"}) == {}

    def test_other_content_in_another_store_is_another_file(self):
        worlds = Worlds().stays_file("kb/a.md", "A").stays("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "A")})
        worlds.want("vectorstore/kb", files={}).want_file("docs/a.md", "new")
        worlds.want("vectorstore/faq", files={"docs/a.md": entry("docs/a.md", "new")})
        assert match(worlds.world()).moved == {}

    def test_what_a_release_keeps_does_not_move(self):
        kept = "kb/a.md@0123456789ab"
        worlds = Worlds().stays_file("kb/a.md", "A").want_file(kept, "A")
        worlds.wanted[Address("file", kept)] = replace(worlds.wanted[Address("file", kept)], upload_name="a.md")
        assert done(*worlds.plan().changes) == [("adopt", f"file/{kept}"), ("forget", "file/kb/a.md")]

    def test_a_killed_run_may_have_uploaded_the_new_content_already(self):
        worlds = Worlds().stays_file("kb/a.md", "A").stays("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "A")})
        worlds.want_file("docs/a.md", "new").want("vectorstore/kb", files={"docs/a.md": entry("docs/a.md", "new")})
        worlds.announce("docs/a.md", "new", since=500).live_file("docs/a.md", "new", id_="f2", created=500)
        plan = worlds.plan()
        assert [(change.action, change.address, change.id) for change in plan.changes] == [
            ("update", "file/docs/a.md", "f2"),
            ("update", "vectorstore/kb", "store_kb"),
            ("delete", "file/a.md@file_kb-a-md", "file_kb-a-md"),
        ]
