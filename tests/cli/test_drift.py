"""Tests of `drift`, and of `status`, which summarises drift per object."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from reconciler.emulator import Settings, create_app
from reconciler.emulator.resources import models
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Identity
from reconciler.state.local import LocalStore
from reconciler.state.lock import Holder, acquire
from tests.support.cli import Cli, by_hand, delete_store, edit, rename_store


def test_in_sync(applied, cli: Cli):
    done = cli("drift")
    assert (done.code, done.out) == (0, "In sync: acme, no drift.\n\n1 assistant in sync.\n")


def test_the_key_of_another_project_is_an_error(applied, cli: Cli, monkeypatch):
    """An API without objects reports every managed object as deleted."""
    elsewhere = create_app(Settings(project="proj_other"))
    monkeypatch.setattr("reconciler.emulator.create_app", lambda _settings: elsewhere)
    done = cli("drift", "-o", "json")
    assert done.code == 3
    assert [problem["code"] for problem in done.document["problems"]] == ["wrong-project"]


def test_drift_is_reported_by_field(applied, cli: Cli):
    rename_store(applied, "by hand")
    done = cli("drift")
    assert done.code == 2
    assert '"by hand"' in done.out
    document = cli("drift", "-o", "json").document
    assert [(entry["address"], entry["class"]) for entry in document["entries"]] == [
        ("vectorstore/handbook", "modified")
    ]


def test_drift_of_a_store_is_shown_with_its_assistants(applied, cli: Cli):
    rename_store(applied, "by hand")
    (helper,) = cli("drift", "-o", "json").document["assistants"]
    assert (helper["address"], helper["in_sync"]) == ("assistant/helper", False)
    assert helper["differs"] == [
        {
            "address": "vectorstore/handbook",
            "class": "modified",
            "fields": [
                {
                    "path": "name",
                    "keys": ["name"],
                    "live": "by hand",
                    "desired": "handbook",
                    "applied": "handbook",
                    "origin": "drift",
                }
            ],
        }
    ]


def test_a_retiring_model_is_reported_and_is_not_drift(applied, cli: Cli, monkeypatch):
    day = datetime.now(UTC).date() + timedelta(days=30)
    ending = [model._replace(shutdown_date=str(day)) for model in models.MODELS]
    monkeypatch.setattr(models, "MODELS", ending)
    done = cli("drift")
    assert done.code == 0
    assert f"OpenAI shuts it down on {day}\n      assistant/helper\n" in done.out
    assert cli("drift", "-o", "json").document["clean"] is False


def test_the_command_that_undoes_it_is_for_the_same_project(applied, cli: Cli, monkeypatch):
    rename_store(applied, "by hand")
    monkeypatch.chdir(applied.parent)
    assert "Revert it with: reconciler apply -C acme --on-drift revert\n" in cli("drift", "-C", "acme").out


def test_consequences_of_drift_are_not_reported(applied, cli: Cli):
    delete_store(applied)
    assert [item["address"] for item in cli("plan", "-o", "json").document["drift"]] == [
        "vectorstore/handbook",
        "assistant/helper",
        "chatbot/helper",
    ]
    document = cli("drift", "-o", "json").document
    assert [entry["address"] for entry in document["entries"]] == ["vectorstore/handbook"]


def test_an_edit_of_the_manifests_is_not_drift(applied, cli: Cli):
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    assert cli("drift").code == 0


def test_only_the_target_is_checked(applied, cli: Cli):
    rename_store(applied, "by hand")
    assert cli("drift", "--target", "file/kb/welcome.md").code == 0
    assert cli("drift", "--target", "vectorstore/handbook").code == 2


def test_status_lists_every_object(applied, cli: Cli):
    rename_store(applied, "by hand")
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    done = cli("status")
    assert done.code == 0
    assert done.out.startswith("acme at embedded; last apply 20")
    rows = dict(line.split(maxsplit=1) for line in done.out.splitlines()[3:])
    assert rows["vectorstore/handbook"].startswith("drift: name")
    assert rows["assistant/helper"].startswith("to update")
    assert rows["file/kb/welcome.md"].startswith("in sync")


def test_a_pipe_has_no_width(applied, cli: Cli, monkeypatch):
    whole = cli("status").out
    monkeypatch.setenv("COLUMNS", "40")
    assert cli("status").out == whole
    edit(applied / "assistants" / "helper.yaml", "model:", "modle:")
    assert [line for line in cli("validate").err.splitlines() if line.startswith("  ") and "hint:" not in line] == []


def test_status_before_anything_was_applied(project, cli: Cli):
    document = cli("status", "-o", "json").document
    assert document["last_apply"] is None
    assert document["lock"] is None
    assert {(one["in_sync"], one["id"]) for one in document["objects"]} == {(False, None)}
    assert {change["action"] for one in document["objects"] for change in one["changes"]} == {"create"}


def test_status_json_names_the_last_apply_the_drift_and_the_pending_edits(applied, cli: Cli):
    rename_store(applied, "by hand")
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    document = cli("status", "-o", "json").document
    assert document["last_apply"]["outcome"] == "complete"
    assert document["last_apply"]["changes"] == {"created": 4, "updated": 0, "removed": 0}
    assert datetime.fromisoformat(document["last_apply"]["finished_at"]).tzinfo is not None
    objects = {one["address"]: one for one in document["objects"]}
    assert objects["vectorstore/handbook"]["drift"] == [{"class": "modified", "action": "update", "fields": ["name"]}]
    assert objects["assistant/helper"]["changes"] == [{"action": "update", "fields": ["instructions"]}]
    assert [one["address"] for one in document["objects"] if one["in_sync"]] == ["file/kb/welcome.md"]


def attach_theirs(project: Path) -> str:
    """Attach an unmanaged upload to the only vector store, without Reconciler, and return its id."""

    async def change(sdk: AsyncOpenAI) -> str:
        (store,) = [found async for found in sdk.vector_stores.list()]
        file = await sdk.files.create(file=("theirs.md", b"Say yes."), purpose="assistants")
        await sdk.vector_stores.files.create(store.id, file_id=file.id)
        return file.id

    return by_hand(project, change)


def test_a_foreign_file_is_named_with_both_ways_out(applied, cli: Cli):
    file = attach_theirs(applied)
    done = cli("drift")
    assert done.code == 2
    assert done.out.startswith("Drift: acme, 1 foreign file, ")
    assert f"theirs.md ({file})" in done.out
    assert ("prune: true" in done.out, "Keep it with: reconciler pull --all" in done.out) == (True, True)
    assert "Revert it with" not in done.out
    assert cli("drift", "-o", "markdown").code == 2
    assert f"theirs.md ({file})" in cli("drift", "-o", "html").out
    (found,) = cli("drift", "-o", "json").document["foreign"]
    assert (found["class"], found["names"]) == ("foreign-file", {file: "theirs.md"})
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("pull", "vectorstore/handbook").code == 0
    assert file in (applied / "stores" / "handbook.yaml").read_text()
    assert cli("drift").code == 0


@pytest.mark.parametrize("change", [attach_theirs, lambda project: rename_store(project, "by hand"), delete_store])
def test_status_and_drift_agree_on_every_assistant(applied, cli: Cli, change):
    assert cli("status", "-o", "json").document["assistants"] == cli("drift", "-o", "json").document["assistants"]
    change(applied)
    status, drift = cli("status", "-o", "json").document, cli("drift", "-o", "json").document
    assert status["assistants"] == drift["assistants"]
    rows = {one["address"]: one["in_sync"] for one in status["objects"]}
    assert [rows[one["address"]] for one in drift["assistants"]] == [False]
    row = next(line for line in cli("status").out.splitlines() if line.startswith("assistant/helper"))
    assert "drift in vectorstore/handbook" in row


def test_status_of_an_assistant_is_by_tool(applied, cli: Cli):
    file = attach_theirs(applied)
    done = cli("status", "assistant/helper")
    assert done.code == 0
    title = "  file_search: at OpenAI, not in the manifests\n"
    assert f"assistant/helper\n  differs\n{title}    vectorstore/handbook theirs.md ({file})\n" in done.out
    assert "Keep it with: reconciler pull vectorstore/handbook\n" in done.out
    page = cli("status", "assistant/helper", "-o", "html").out
    assert (page.startswith("<!doctype html>"), f"theirs.md ({file})" in page) == (True, True)
    (found,) = cli("status", "assistant/helper", "-o", "json").document["assistants"]
    assert found["foreign"] == [
        {
            "tool": "file_search",
            "store": "vectorstore/handbook",
            "file": file,
            "name": "theirs.md",
            "is_unreadable": True,
        }
    ]


def test_status_of_an_object_is_of_what_it_uses(applied, cli: Cli):
    document = cli("status", "vectorstore/handbook", "-o", "json").document
    assert [one["address"] for one in document["objects"]] == ["file/kb/welcome.md", "vectorstore/handbook"]
    assert document["assistants"] == []
    assert [one["address"] for one in cli("status", "chatbot/helper", "-o", "json").document["assistants"]] == [
        "assistant/helper"
    ]
    rows = cli("status", "vectorstore/handbook").out.splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["ADDRESS", "vectorstore/handbook"]


def test_status_of_an_unknown_address_is_an_error(applied, cli: Cli):
    done = cli("status", "assistant/helpr")
    assert done.code == 1
    assert "error[unknown-address]: assistant/helpr was not found\n" in done.err
    assert "did you mean `assistant/helper` or" in done.err


def test_status_names_the_holder_of_the_lock(applied, cli: Cli):
    with open_workspace(applied, {}).backend.lock(Holder("kim", "laptop", "another machine", 4242)):
        lock = cli("status", "-o", "json").document["lock"]
        assert "locked by kim@laptop\n" in cli("status").out
    assert (lock["holder"], lock["host"], lock["process"]) == ("kim", "laptop", 4242)
    assert lock["acquired_at"] <= lock["renewed_at"]


def test_status_says_that_the_lock_of_a_run_that_died_is_taken_over(applied, cli: Cli):
    holder, then = Holder("kim", "laptop", "another machine", 4242), time.time() - 3_600
    acquire(LocalStore(applied / ".reconciler"), Identity("acme"), holder, lambda: then)
    shown = " ".join(cli("status").out.split())
    assert "locked by kim@laptop, whose run has ended or not renewed the lock: the next run takes it over" in shown


@pytest.mark.parametrize("format_", ["text", "json", "html"])
@pytest.mark.parametrize("address", [(), ("assistant/helper",)], ids=["all", "one"])
def test_status_is_written_to_a_file_in_every_format(applied, cli: Cli, format_: str, address):
    printed = cli("status", *address, "-o", format_).out
    done = cli("status", *address, "-o", format_, "--out", "status.out")
    assert (done.code, done.out, done.err) == (0, "", "wrote status.out\n")
    written = Path("status.out").read_text(encoding="utf-8")
    without_time = re.compile(r"20\d\d-\d\d-\d\dT[\d:]+\+00:00")
    lines, shown = (without_time.sub("", text).split() for text in (written, printed))
    assert lines == shown


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ((), 0),
        (("assistant/helper",), 0),
        (("assistant/helper", "-o", "json"), 0),
        (("assistant/helper", "-o", "html"), 0),
        (("-o", "json"), 1),
        (("-o", "html"), 1),
    ],
    ids=str,
)
def test_status_reads_the_ends_of_models_only_for_the_estate_that_shows_them(applied, cli: Cli, words, asked):
    assert cli("status", *words, "-v").err.count("GET /models ") == asked


def test_status_out_in_a_missing_folder_is_refused_before_any_request(applied, cli: Cli):
    done = cli("status", "-o", "html", "--out", "missing/estate.html")
    assert (done.code, "folder missing does not exist" in done.err) == (64, True)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("status --out x.html", "text"),
        ("status -o html --out x.html", ""),
        ("plan --out x.html", "json"),
        ("graph --out x.md", ""),
        ("drift --out x.json", ""),
        ("graph --out x.svg", "mermaid"),
    ],
)
def test_extension_of_another_format_is_noted(applied, cli: Cli, line, named):
    err = cli(*line.split()).err
    assert (f"has the format {named}, which" in err) == bool(named)
    assert ("as its extension says" in err) == bool(named)


def test_estate_page_is_the_status_of_all_objects(applied, cli: Cli):
    rename_store(applied, "by hand")
    page = cli("status", "-o", "html").out
    assert page.startswith("<!doctype html>")
    for text in ("Changed outside Reconciler", "chatbot/helper", 'id="find"', "assistant/helper", "Not looked at"):
        assert text in page
    assert 'id="find"' not in cli("status", "assistant/helper", "-o", "html").out


def test_status_json_has_the_estate_of_all_objects(applied, cli: Cli):
    estate = cli("status", "-o", "json").document["estate"]
    assert [one["address"] for one in estate["chatbots"]] == ["chatbot/helper"]
    (answer,) = estate["chatbots"][0]["answers"]
    assert (answer["environment"], answer["known"], answer["applied"]) == (None, True, True)
    (helper,) = estate["assistants"]
    assert helper["stores"] == [one["address"] for one in estate["stores"]] == ["vectorstore/handbook"]
    assert [one["rule"] for one in helper["blockers"]] == ["referenced"]
    assert cli("status", "assistant/helper", "-o", "json").document["estate"] is None
