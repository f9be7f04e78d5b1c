"""Tests of the sync status of assistants, their stores and their files."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.drift import drift_report
from reconciler.planning.sync_status import SyncStatus, foreign_files
from reconciler.planning.tool_files import ForeignFile, ToolFile, UnmanagedObjects
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
