"""Tests of `state`: inspection and edits."""

import io
import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from reconciler.project.workspace import open_workspace
from reconciler.resources.labels import PROTECTED
from reconciler.state.lock import Holder, this_process
from tests.support.cli import Cli, Done, by_hand, edit, rename_store, stores
from tests.support.documents import complaints


def test_forgetting_everything_asks_in_a_terminal(applied, cli: Cli, monkeypatch):
    def typed(text: str) -> None:
        terminal = io.StringIO(text)
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", terminal)

    typed("n\n")
    refused = cli("state", "rm", "--all")
    assert (refused.code, "Stop managing all objects of acme, 4 in the state?" in refused.err) == (1, True)
    assert "Nothing was changed." in refused.err
    assert "assistant/helper" in cli("state", "list").out
    typed("y\n")
    done = cli("state", "rm", "--all")
    assert (done.code, "`reconciler adopt` to manage the objects again" in " ".join(done.out.split())) == (0, True)
    typed("")
    assert cli("state", "rm", "--all").code == 0  # nothing is left to ask about


def test_an_empty_state(project, cli: Cli):
    assert cli("state", "list").out == "The state is empty: nothing was applied yet.\n"
    assert cli("state", "list", "-o", "json").document["objects"] == []


def test_list_shows_entries_by_address(applied, cli: Cli):
    lines = cli("state", "list").out.splitlines()
    addresses = ["assistant/helper", "chatbot/helper", "file/kb/welcome.md", "vectorstore/handbook"]
    assert [line.split()[0] for line in lines] == ["ADDRESS", *addresses]
    assert [entry["address"] for entry in cli("state", "list", "-o", "json").document["objects"]] == addresses


def test_show_prints_one_entry(applied, cli: Cli):
    entry = cli("state", "show", "vectorstore/handbook").document
    assert entry["id"].startswith("vs_")
    assert entry["fields"]["name"] == "handbook"


def test_show_of_an_unknown_address_is_an_error(applied, cli: Cli):
    done = cli("state", "show", "assistant/helpr")
    assert done.code == 1
    assert "did you mean `assistant/helper`" in done.err


def test_history_lists_applies(applied, cli: Cli):
    (only,) = cli("state", "history", "-o", "json").document["applies"]
    assert only["changes"] == {"created": 4, "updated": 0, "removed": 0}
    assert only["outcome"] == "complete"
    assert datetime.fromisoformat(only["started_at"]) <= datetime.fromisoformat(only["finished_at"])
    assert cli("state", "history").out.splitlines()[1].split("complete")[1].split()[1:] == ["4", "created"]


def test_list_does_not_need_the_api(applied, cli: Cli, monkeypatch):
    monkeypatch.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
    assert cli("state", "list").code == 0


def test_unlock_after_confirmation_frees_the_lock(applied, cli: Cli, monkeypatch):
    assert cli("state", "unlock", "--yes").out == "No lock held on acme.\n"
    with open_workspace(applied, {}).backend.lock(Holder("kim", "laptop", "another machine", 4242)):
        assert cli("apply", "--yes").code == 6
        refused = cli("state", "unlock")
        assert refused.code == 64
        assert "pass --yes" in refused.err
        assert cli("apply", "--yes").code == 6
        freed = cli("state", "unlock", "--yes")
        assert freed.code == 0
        assert re.fullmatch(
            r"Unlocked acme, which was locked by kim@laptop \(process 4242, renewed \d+ s ago\)\.\n", freed.out
        )
        assert cli("apply", "--yes").code == 0


def test_unlock_of_a_running_process_needs_a_second_consent(applied, cli: Cli, monkeypatch):
    with open_workspace(applied, {}).backend.lock(this_process({})):
        refused = cli("state", "unlock", "--yes")
        assert refused.code == 6
        assert f"process {os.getpid()}" in refused.err
        assert f"kill {os.getpid()}" in refused.err
        assert cli("apply", "--yes").code == 6

        monkeypatch.setattr("sys.stdin", FakeTerminal("y\n"))
        assert cli("state", "unlock", "--yes").out.startswith("Unlocked acme")


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pulled_state_can_be_pushed(applied, cli: Cli, tmp_path):
    backup = tmp_path / "state.json"
    assert cli("state", "pull", "--out", backup).out == ""
    assert cli("state", "pull").document == json.loads(backup.read_text())
    assert complaints(json.loads(backup.read_text())) == []
    pushed = cli("state", "push", backup)
    assert (pushed.code, pushed.out) == (0, "Pushed: acme, no entries changed.\n")


def test_an_edit_of_the_document_is_pushed(applied, cli: Cli, tmp_path):
    document = cli("state", "pull").document
    del document["objects"]["file/kb/welcome.md"]
    done = pushed(cli, tmp_path, document, "-o", "json")
    assert done.document["removed"] == ["file/kb/welcome.md"]
    assert "file/kb/welcome.md" not in cli("state", "list").out
    assert [change["action"] for change in cli("plan", "-o", "json").document["changes"]] == ["adopt"]


def test_a_document_that_lacks_what_was_recorded_since_is_refused(applied, cli: Cli, tmp_path):
    document = cli("state", "pull").document
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    assert cli("apply", "--yes").code == 0
    before = cli("state", "pull").out
    refused = pushed(cli, tmp_path, document)
    assert refused.code == 1
    assert "error[state-older]" in refused.err
    assert cli("state", "pull").out == before


def test_a_document_of_a_replaced_state_is_refused(applied, cli: Cli, tmp_path, monkeypatch):
    """Reject a document with a higher position that belongs to an older history."""
    document = {**cli("state", "pull").document, "position": 99, "run": "20200101T000000Z-000000000000"}
    assert "state-older" in pushed(cli, tmp_path, document).err
    lose_state(applied)
    assert pushed(cli, tmp_path, document).code == 0
    assert len(cli("state", "list", "-o", "json").document["objects"]) == 4


def test_a_document_of_another_repository_is_refused(applied, cli: Cli, tmp_path):
    document = cli("state", "pull").document
    refused = pushed(cli, tmp_path, {**document, "position": 99, "lineage": "00000000deadbeef"})
    assert (refused.code, "error[other-lineage]" in refused.err) == (1, True)
    assert cli("state", "pull").document == document


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"identity": "other"}, "state-foreign"),
        ({"format": "reconciler/state/v9"}, "state-newer"),
        ({"objects": 1}, "state-damaged"),
    ],
)
def test_an_invalid_document_is_not_pushed(applied, cli: Cli, tmp_path, change, code):
    refused = pushed(cli, tmp_path, {**cli("state", "pull").document, **change})
    assert (refused.code, f"error[{code}]" in refused.err) == (1, True)
    assert len(cli("state", "list", "-o", "json").document["objects"]) == 4


def test_nothing_is_pushed_while_a_run_has_the_lock(applied, cli: Cli, tmp_path):
    document = cli("state", "pull").document
    with open_workspace(applied, {}).backend.lock(Holder("kim", "laptop", "another machine", 4242)):
        assert pushed(cli, tmp_path, document).code == 6


def test_mv_moves_an_entry_to_another_address(applied, cli: Cli):
    """The object stays what it is, and the next apply writes the new address on it."""
    rename(applied, "stores/handbook.yaml", "handbook", "manual")
    moved = cli("state", "mv", "vectorstore/handbook", "vectorstore/manual")
    assert moved.out.splitlines() == [
        "Moved: acme.",
        "  + vectorstore/manual",
        "  - vectorstore/handbook",
        "  note: the label of the object is still vectorstore/handbook: the next apply updates it",
    ]
    store = next(change for change in cli("plan", "-o", "json").document["changes"] if "manual" in change["address"])
    assert (store["action"], [field["path"] for field in store["fields"]]) == ("update", ["name", "address"])
    assert cli("apply", "--yes").code == 0
    assert len(stores(applied)) == 1
    rebuild(applied, cli)
    plan = cli("plan", "-o", "json").document
    assert not [change for change in plan["changes"] if change["action"] in ("create", "delete")]


def test_mv_requires_a_known_source_and_a_free_target(applied, cli: Cli):
    assert "unknown-address" in cli("state", "mv", "vectorstore/manual", "vectorstore/other").err
    assert "address-taken" in cli("state", "mv", "vectorstore/handbook", "file/kb/welcome.md").err
    assert "other-kind" in cli("state", "mv", "vectorstore/handbook", "assistant/handbook").err
    assert "moved_from" in cli("state", "mv", "chatbot/helper", "chatbot/other").err


def test_rm_leaves_the_object_unmanaged(applied, cli: Cli):
    done = cli("state", "rm", "vectorstore/handbook", "-o", "json")
    assert done.document["removed"] == ["file/kb/welcome.md", "vectorstore/handbook"]
    assert "creates another object" in done.document["notes"][0]
    assert stores(applied) == ["handbook"]
    unmanaged = {one["type"] for one in cli("plan", "-o", "json").document["unmanaged"]}
    assert unmanaged == {"file", "vector_store"}
    lose_state(applied)
    assert cli("state", "rebuild").code == 0
    assert [one["address"] for one in cli("state", "list", "-o", "json").document["objects"]] == [
        "assistant/helper",
        "chatbot/helper",
    ]


def test_rm_refuses_objects_that_would_be_found_again(applied, cli: Cli):
    assert "vectorstore/handbook references file/kb/welcome.md" in cli("state", "rm", "file/kb/welcome.md").err
    assert "keep_on_delete" in cli("state", "rm", "chatbot/helper").err
    assert "unknown-address" in cli("state", "rm", "assistant/nobody").err
    assert len(cli("state", "list", "-o", "json").document["objects"]) == 4


def test_rebuild_restores_a_lost_state(applied, cli: Cli):
    before = cli("state", "pull").document
    done = rebuild(applied, cli)
    store = before["objects"]["vectorstore/handbook"]["id"]
    lineage = f"Lineage {before['lineage']}, from the labels of 1 live object\n  {store} (handbook)"
    assert done.out == f"Rebuilt: acme, 4 objects.\n\n{lineage}\n\nNext: reconciler plan\n"
    after = cli("state", "pull").document
    assert after["objects"].keys() == before["objects"].keys()
    assert after["lineage"] == before["lineage"]
    assert cli("plan", "--detailed-exitcode").code == 0


def test_rebuild_without_a_terminal_requires_the_lineage(applied, cli: Cli):
    lineage = cli("state", "pull").document["lineage"]
    lose_state(applied)
    for words in ((), ("--yes",), ("-o", "json", "--yes")):
        refused = cli("state", "rebuild", *words)
        assert (refused.code, refused.out) == (64, "")
        assert "(handbook)" in refused.err
        assert f"reconciler state rebuild --lineage {lineage}" in refused.err
    assert cli("state", "list", "-o", "json").document["objects"] == []
    document = cli("state", "rebuild", "--lineage", lineage, "-o", "json").document
    assert (document["lineage"], list(document["taken"].values())) == (lineage, ["handbook"])
    assert cli("state", "rebuild").code == 0, "the state has this lineage"


def test_rebuild_of_objects_without_a_lineage_that_only_a_label_proves_requires_a_confirmation(applied, cli: Cli):
    """Another repository with the same name may have created them with an earlier version."""
    shutil.rmtree(applied / ".reconciler" / "state")
    by_hand(applied, unlineaged)
    assert cli("state", "rebuild").code == 0, "the bundles beside the state were written by this project"
    shutil.rmtree(applied / ".reconciler" / "state")
    shutil.rmtree(applied / ".reconciler" / "bundles")
    refused = cli("state", "rebuild")
    assert (refused.code, refused.out) == (64, "")
    assert "another repository with this name may have created them\n  vs_" in refused.err
    assert "pass --yes" in refused.err
    assert cli("state", "list", "-o", "json").document["objects"] == []
    document = cli("state", "rebuild", "--yes", "-o", "json").document
    assert (list(document["unproven"].values()), document["taken"]) == (["handbook"], {})
    assert cli("state", "rebuild", "-o", "json").document["unproven"] == {}, "the state has it"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_rebuild_in_a_terminal_shows_the_ids_and_asks(applied, cli: Cli, monkeypatch, answer, code):
    lose_state(applied)
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    done = cli("state", "rebuild")
    assert done.code == code
    assert "(handbook)" in done.err
    assert "Take over these objects?" in done.err
    assert cli("plan").code == (0 if code == 0 else 3)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pushed_document_without_a_lineage_keeps_that_of_the_state(applied, cli: Cli, tmp_path):
    """A version without lineages may have written it."""
    document = cli("state", "pull").document
    lineage = document.pop("lineage")
    assert pushed(cli, tmp_path, document).code == 0
    assert cli("state", "pull").document["lineage"] == lineage


def test_drift_before_a_rebuild_stays_drift(applied, cli: Cli):
    rename_store(applied, "by hand")
    rebuild(applied, cli)
    assert cli("drift").code == 2
    plan = cli("plan", "-o", "json", "--on-drift", "keep").document
    assert (plan["changes"], [item["address"] for item in plan["drift"]]) == ([], ["vectorstore/handbook"])


def test_rebuild_replaces_an_existing_state_only_after_confirmation(applied, cli: Cli, tmp_path):
    assert cli("state", "rebuild").code == 0  # it is the same
    document = cli("state", "pull").document
    document["objects"]["assistant/ghost"] = document["objects"]["assistant/helper"]
    pushed(cli, tmp_path, document)
    refused = cli("state", "rebuild")
    assert refused.code == 64
    assert "- assistant/ghost" in refused.err
    assert cli("state", "rebuild", "--yes").out.splitlines()[1] == "  - assistant/ghost"
    assert "ghost" not in cli("state", "list").out


def test_migrate_backend_moves_the_state(applied, cli: Cli, bucket, monkeypatch):
    before = cli("state", "pull").out
    history = cli("state", "history").out
    done = cli("state", "migrate-backend", bucket.url)
    assert done.code == 0, done.err
    assert done.out.startswith(f"Copied to {bucket}")
    for command in (("plan",), ("apply", "--yes"), ("state", "list"), ("state", "migrate-backend", bucket.url)):
        refused = cli(*command)
        assert (refused.code, "was moved to s3://" in refused.err) == (1, True), command
    monkeypatch.setenv("RECONCILER_STATE", bucket.url)
    assert cli("state", "pull").out == before
    assert cli("state", "history").out == history
    assert cli("plan", "--detailed-exitcode").code == 0
    assert "state-exists" in cli("state", "migrate-backend", bucket.url).err
    assert cli("state", "migrate-backend", "local").code == 0  # and back
    monkeypatch.delenv("RECONCILER_STATE")
    assert cli("state", "pull").out == before


def test_migrate_backend_refuses_a_target_with_a_state(applied, cli: Cli, bucket, monkeypatch):
    lineage = cli("state", "pull").document["lineage"]
    monkeypatch.setenv("RECONCILER_STATE", bucket.url)
    assert cli("state", "rebuild", "--lineage", lineage).code == 0
    there = cli("state", "pull").out
    monkeypatch.delenv("RECONCILER_STATE")
    assert "state-exists" in cli("state", "migrate-backend", bucket.url).err
    assert cli("plan").code == 0
    monkeypatch.setenv("RECONCILER_STATE", bucket.url)
    assert cli("state", "pull").out == there


def pushed(cli: Cli, folder: Path, document: Any, *words: str) -> Done:
    file = folder / "edited.json"
    file.write_text(json.dumps(document))
    return cli("state", "push", file, *words)


def rebuild(project: Path, cli: Cli) -> Done:
    """Lose the state, and rebuild it with the lineage that it had."""
    lineage = cli("state", "pull").document["lineage"]
    lose_state(project)
    done = cli("state", "rebuild", "--lineage", lineage)
    assert done.code == 0, done.err
    return done


async def unlineaged(sdk: AsyncOpenAI) -> None:
    """Give the only vector store the label of an earlier version."""
    (store,) = [found async for found in sdk.vector_stores.list()]
    await sdk.vector_stores.update(store.id, metadata={**(store.metadata or {}), PROTECTED: "false"})


def lose_state(project: Path) -> None:
    shutil.rmtree(project / ".reconciler" / "state")


def rename(project: Path, file: str, old: str, new: str) -> None:
    """The name of a manifest, and every reference to it."""
    for path in (project / file, project / "assistants" / "helper.yaml"):
        path.write_text(re.sub(rf"\b{old}\b", new, path.read_text()))
