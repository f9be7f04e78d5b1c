"""Tests of the sync status of assistants, their stores and their files."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.drift import drift_report
from reconciler.planning.sync_status import SyncStatus, foreign_files
from reconciler.planning.tool_files import ForeignFile, ToolFile, ToolStore, UnmanagedObjects
from reconciler.resources.base import Lifecycle, Live
from tests.support.plan_inputs import Worlds, entry, ref

STORE = "vectorstore/kb"
SEARCH = {"file_search": {"type": "file_search", "vector_store_ids": [ref(STORE)]}}
CODE = {"code_interpreter": {"type": "code_interpreter", "container": {"file_ids": [ref("file/data/t.csv")]}}}


@pytest.fixture
def worlds() -> Worlds:
    """An assistant that searches a store of two files and calculates with a third, and one that uses nothing."""
    made = Worlds()
    for path in ("kb/a.md", "kb/b.md", "data/t.csv"):
        made.synced_file(path, path)
    files = {path: entry(path, path) for path in ("kb/a.md", "kb/b.md")}
    made.want(STORE, files=files).applied(STORE, files=files)
    made.synced("assistant/triage", tools={**SEARCH, **CODE})
    return made.synced("assistant/clerk", note="File it.")


def holding(worlds: Worlds, *paths: str, detail: dict[str, Any] | None = None) -> Worlds:
    """Add the live store with these files."""
    ids = {f"file_{path.replace('/', '-').replace('.', '-')}": path for path in paths}
    files = {id_: {"attributes": {}, "sha256": entry(path, path)["sha256"]} for id_, path in ids.items()}
    unmanaged: dict[str, Any] = (detail or {}).get("unmanaged_files", {})
    return worlds.live(STORE, files={**files, **unmanaged}, detail=detail)


def upload(id_: str, name: str, purpose: str = "assistants") -> Live:
    return Live("file", id_, {}, name=name, detail={"purpose": purpose})


def triage(worlds: Worlds, unmanaged: UnmanagedObjects | None = None) -> SyncStatus:
    clerk, found = drift_report(worlds.planned(), unmanaged).assistants
    assert (clerk.address, clerk.in_sync) == ("assistant/clerk", True)
    return found


def test_nothing_differs(worlds: Worlds):
    assert triage(holding(worlds, "kb/a.md", "kb/b.md")) == SyncStatus("assistant/triage", id="agent_triage")


def test_a_file_that_a_store_lost_is_missing_for_the_tool_that_searches_it(worlds: Worlds):
    found = triage(holding(worlds, "kb/a.md"))
    assert (found.in_sync, found.missing, found.foreign) == (False, (ToolFile("file_search", STORE, "kb/b.md"),), ())


def test_a_foreign_file_has_its_file_name(worlds: Worlds):
    worlds.stranger("file-9", type_="file", name="theirs.md")
    found = triage(holding(worlds, "kb/a.md", "kb/b.md", detail={"unmanaged_files": {"file-9": {"attributes": {}}}}))
    assert (found.in_sync, found.differs) == (False, ())
    assert found.foreign == (ToolFile("file_search", STORE, "file-9", "theirs.md", True),)


def test_the_name_of_an_upload_that_was_not_listed_is_given(worlds: Worlds):
    found = triage(
        holding(worlds, "kb/a.md", "kb/b.md", detail={"unmanaged_files": {"file-9": {"attributes": {}}}}),
        UnmanagedObjects({"file-9": upload("file-9", "theirs.md")}),
    )
    assert [file.name for file in found.foreign] == ["theirs.md"]


def test_a_deleted_upload_is_missing_for_the_tool_that_names_it(worlds: Worlds):
    worlds.objects = [live for live in worlds.objects if live.name != "t.csv"]
    found = triage(holding(worlds, "kb/a.md", "kb/b.md"))
    assert found.missing == (ToolFile("code_interpreter", None, "data/t.csv"),)


def test_a_file_added_to_the_tools_of_the_live_assistant_is_foreign(worlds: Worlds):
    worlds.stranger("file-9", type_="file", name="theirs.csv")
    worlds.objects = [live for live in worlds.objects if live.name != "triage"]
    container = {"file_ids": [ref("file/data/t.csv"), "file-9"]}
    tools = {**SEARCH, "code_interpreter": {"type": "code_interpreter", "container": container}}
    worlds.live("assistant/triage", tools=tools)
    found = triage(holding(worlds, "kb/a.md", "kb/b.md"))
    assert found.foreign == (ToolFile("code_interpreter", None, "file-9", "theirs.csv", True),)
    assert found.missing == ()


def test_a_file_that_a_pruning_store_detaches_is_foreign_once(worlds: Worlds):
    worlds.wanted = {
        address: replace(one, options={"prune": True}) if str(address) == STORE else one
        for address, one in worlds.wanted.items()
    }
    worlds.stranger("file-9", type_="file", name="theirs.md")
    found = triage(holding(worlds, "kb/a.md", "kb/b.md", detail={"unmanaged_files": {"file-9": {"attributes": {}}}}))
    assert found.foreign == (ToolFile("file_search", STORE, "file-9", "theirs.md", True),)
    assert [change.address for change in found.differs] == [STORE]


def test_a_store_that_ignores_its_files_has_no_foreign_ones(worlds: Worlds):
    holding(worlds, "kb/a.md", "kb/b.md", detail={"unmanaged_files": {"file-9": {"attributes": {}}}})
    assert list(foreign_files(worlds.planned())) == [ForeignFile(STORE, "file-9")]
    worlds.wanted = {
        address: replace(one, lifecycle=Lifecycle(ignore=("files",))) if str(address) == STORE else one
        for address, one in worlds.wanted.items()
    }
    assert list(foreign_files(worlds.planned())) == []


def test_assistants_with_one_store_share_the_list_of_its_files(worlds: Worlds):
    """So that thousands of files and assistants take no product of both."""
    worlds.synced("assistant/zoe", tools=SEARCH)
    holding(worlds, "kb/a.md", "kb/b.md", detail={"unmanaged_files": {"file-9": {"attributes": {}}}})
    first, second = [one for one in drift_report(worlds.planned()).assistants if one.foreign]
    assert first.foreign is second.foreign


def test_files_of_a_release_are_those_of_its_assistant(worlds: Worlds):
    files = {"kb/a.md": entry("kb/a.md", "kb/a.md")}
    worlds.synced("vectorstore/kb@0123456789ab", files={})
    worlds.want("vectorstore/kb@0123456789ab", files=files).applied("vectorstore/kb@0123456789ab", files=files)
    search = {"type": "file_search", "vector_store_ids": [ref("vectorstore/kb@0123456789ab")]}
    worlds.synced("assistant/triage@support.1", tools={"file_search": search})
    found = triage(holding(worlds, "kb/a.md", "kb/b.md"))
    assert found.missing == (ToolFile("file_search", "vectorstore/kb@0123456789ab", "kb/a.md"),)


def attached(worlds: Worlds, *stores: object, **more: object) -> Worlds:
    """Replace the live assistant by one that searches these stores."""
    worlds.objects = [live for live in worlds.objects if live.name != "triage"]
    search = {"file_search": {"type": "file_search", "vector_store_ids": [*stores]}}
    return worlds.live("assistant/triage", tools={**search, **CODE, **more})


def second_store(*files: str) -> UnmanagedObjects:
    """A store of others with these uploads, and the uploads."""
    held: dict[str, Any] = {id_: {"attributes": {}} for id_ in files}
    uploads = {id_: upload(id_, f"{id_}.pdf", "user_data") for id_ in files}
    return UnmanagedObjects(uploads, {"vs_9": Live("store", "vs_9", {"files": held}, name="Theirs")})


def test_the_files_of_a_store_that_was_attached_at_openai_are_foreign(worlds: Worlds):
    attached(holding(worlds, "kb/a.md", "kb/b.md"), ref(STORE), "vs_9")
    found = triage(worlds, second_store("file-7", "file-8"))
    assert found.stores == (ToolStore("file_search", "vs_9", "Theirs", "foreign", 2),)
    assert found.foreign == tuple(
        ToolFile("file_search", "vs_9", id_, f"{id_}.pdf", True) for id_ in ("file-7", "file-8")
    )
    assert found.missing == ()


def test_a_file_of_ours_in_a_store_of_others_has_its_path_and_is_not_asked_for(worlds: Worlds):
    attached(holding(worlds, "kb/a.md", "kb/b.md"), ref(STORE), "vs_9")
    found = triage(worlds, second_store("file_data-t-csv"))
    assert found.foreign == (ToolFile("file_search", "vs_9", "data/t.csv"),)


def test_the_files_of_a_store_that_was_detached_at_openai_are_missing(worlds: Worlds):
    attached(holding(worlds, "kb/a.md", "kb/b.md"))
    found = triage(worlds)
    assert found.stores == (ToolStore("file_search", STORE, "kb", "missing", 2),)
    assert [file.file for file in found.missing] == ["kb/a.md", "kb/b.md"]


@pytest.mark.parametrize("read", [{}, {"vs_9": None}], ids=["not read", "cannot be read"])
def test_a_store_that_cannot_be_read_is_a_difference(worlds: Worlds, read: dict[str, Live | None]):
    attached(holding(worlds, "kb/a.md", "kb/b.md"), ref(STORE), "vs_9")
    found = triage(worlds, UnmanagedObjects(stores=read))
    assert (found.in_sync, found.foreign) == (False, ())
    assert found.stores == tuple(ToolStore("file_search", id_, "", "foreign", None) for id_ in read)


def test_an_upload_whose_content_can_be_downloaded_is_not_asked_for(worlds: Worlds):
    attached(
        holding(worlds, "kb/a.md", "kb/b.md"),
        ref(STORE),
        code_interpreter={"type": "code_interpreter", "container": {"file_ids": [ref("file/data/t.csv"), "file-9"]}},
    )
    found = triage(worlds, UnmanagedObjects({"file-9": upload("file-9", "chart.png", "assistants_output")}))
    assert found.foreign == (ToolFile("code_interpreter", None, "file-9", "chart.png"),)


def test_a_file_that_was_never_uploaded_is_added_and_no_difference(worlds: Worlds):
    files = {path: entry(path, path) for path in ("kb/a.md", "kb/b.md", "kb/c.md")}
    worlds.want_file("kb/c.md", "kb/c.md").want(STORE, files=files)
    found = triage(holding(worlds, "kb/a.md", "kb/b.md"))
    assert (found.in_sync, found.is_pending, found.missing) == (True, True, ())
    assert found.added == (ToolFile("file_search", STORE, "kb/c.md"),)
    assert [edit.address for edit in found.edits] == ["file/kb/c.md", STORE]


def test_a_file_that_an_edit_removes_is_removed_and_no_difference(worlds: Worlds):
    worlds.want(STORE, files={"kb/a.md": entry("kb/a.md", "kb/a.md")})
    found = triage(holding(worlds, "kb/a.md", "kb/b.md"))
    assert (found.in_sync, found.foreign) == (True, ())
    assert found.removed == (ToolFile("file_search", STORE, "kb/b.md"),)


def test_a_new_content_that_was_not_uploaded_is_added(worlds: Worlds):
    files = {"kb/a.md": entry("kb/a.md", "new"), "kb/b.md": entry("kb/b.md", "kb/b.md")}
    worlds.want_file("kb/a.md", "new").want(STORE, files=files)
    found = triage(holding(worlds, "kb/a.md", "kb/b.md"))
    assert (found.in_sync, found.added) == (True, (ToolFile("file_search", STORE, "kb/a.md"),))


def test_files_that_both_sides_changed_are_told_apart_by_what_was_applied(worlds: Worlds):
    """The manifest adds u.csv and removes t.csv; at OpenAI, file-9 was added."""
    worlds.want_file("data/u.csv", "data/u.csv")
    code = {"code_interpreter": {"type": "code_interpreter", "container": {"file_ids": [ref("file/data/u.csv")]}}}
    worlds.want("assistant/triage", tools={**SEARCH, **code})
    attached(
        holding(worlds, "kb/a.md", "kb/b.md"),
        ref(STORE),
        code_interpreter={"type": "code_interpreter", "container": {"file_ids": [ref("file/data/t.csv"), "file-9"]}},
    )
    found = triage(worlds, UnmanagedObjects({"file-9": upload("file-9", "x.csv")}))
    assert [file.file for file in found.added] == ["data/u.csv"]
    assert [file.file for file in found.removed] == ["data/t.csv"]
    assert [file.file for file in found.foreign] == ["file-9"]
    assert found.missing == ()
