"""`-v` and `--json-events`: what a command reports while it runs."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli, edit
from tests.support.documents import complaints

KEY = "sk-canary-0123456789"
REQUEST = re.compile(r"(GET|POST|DELETE) /[a-z_/0-9-]+ 200 in \d+ ms req_[0-9a-f]{32}")


def events(file: Path) -> list[Any]:
    """Return the events in a file, each checked against the schema."""
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert [complaint for event in found for complaint in complaints(event)] == []
    assert [event["sequence"] for event in found] == list(range(1, len(found) + 1))
    return found


class TestVerbose:
    def test_each_request_is_a_line_and_the_last_one_is_the_sum(self, project: Path, cli: Cli):
        *lines, total = cli("plan", "-v").err.splitlines()
        assert len(lines) == 3
        assert all(REQUEST.fullmatch(line) for line in lines)
        assert total.startswith("Requests: 3 GET; ")

    def test_twice_also_shows_what_is_sent_and_its_query(self, project: Path, cli: Cli):
        said = cli("plan", "-vv").err
        assert "> GET /vector_stores limit=100\n" in said
        assert re.search(r"^< GET /vector_stores 200 in ", said, re.MULTILINE)

    def test_retries_have_a_line(self, project: Path, cli: Cli, monkeypatch):
        monkeypatch.setenv("RECONCILER_FAULTS", "error-before:GET:/v1/models:1")
        said = cli("plan", "-v").err
        assert re.search(r"^GET /models 503 server-error in \d+ ms", said, re.MULTILINE)
        assert re.search(r"^retry GET /models in .* \(attempt 2\)", said, re.MULTILINE)
        assert ", 1 repeated; " in said

    def test_stdout_stays_the_document(self, project: Path, cli: Cli):
        assert cli("plan", "-vv", "-o", "json").document["format"] == "reconciler/plan/v2"

    def test_nothing_is_printed_without_it(self, project: Path, cli: Cli):
        assert cli("plan").err == ""


class TestEvents:
    def test_an_apply_has_an_event_for_each_moment(self, project: Path, cli: Cli, tmp_path: Path):
        assert cli("apply", "--yes", "--json-events", tmp_path / "events").code == 0
        found = events(tmp_path / "events")
        assert [event["event"] for event in found] == [
            "planned",
            "started",
            *["change-started", "change-done"] * 4,
            "finished",
        ]
        upload = next(event for event in found if event["event"] == "change-done")
        assert (upload["address"], upload["action"], upload["status"]) == ("file/kb/welcome.md", "create", "done")
        assert upload["id"].startswith("file-")
        (request,) = upload["requests"]
        assert (request["method"], request["path"], request["status"]) == ("POST", "/files", 200)
        assert request["request_id"].startswith("req_")
        assert 0 <= request["seconds"] <= upload["seconds"]
        assert (found[-1]["outcome"], found[-1]["exit_code"]) == ("applied", 0)
        assert found[-1]["summary"] == {"done": 4, "failed": 0, "skipped": 0, "not-started": 0}

    def test_failed_and_skipped_changes_have_an_event(self, project: Path, cli: Cli, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("RECONCILER_FAULTS", "error-before=400:POST:/v1/files")
        assert cli("apply", "--yes", "--json-events", tmp_path / "events").code == 1
        found = {(event["event"], event.get("address")): event for event in events(tmp_path / "events")}
        failed = found["change-failed", "file/kb/welcome.md"]
        assert failed["problem"]["code"] == "rejected"
        assert failed["requests"][0]["status"] == 400
        assert found["change-skipped", "vectorstore/handbook"]["because_of"] == "file/kb/welcome.md"
        assert found["finished", None]["outcome"] == "failed"

    def test_a_refused_plan_and_an_error_have_an_end(self, applied: Path, cli: Cli, tmp_path: Path):
        (applied / "stores" / "handbook.yaml").unlink()
        assert cli("apply", "--yes", "--json-events", tmp_path / "events").code == 3
        (end,) = events(tmp_path / "events")
        assert (end["outcome"], end["exit_code"]) == ("refused", 3)

        edit(applied / "project.yaml", "kind: Project", "kind: Projct")
        assert cli("apply", "--yes", "--json-events", tmp_path / "events").code == 1
        (end,) = events(tmp_path / "events")
        assert (end["outcome"], end["exit_code"]) == ("error", 1)
        assert end["problems"]

    def test_destroy_has_the_same_events(self, applied: Path, cli: Cli, tmp_path: Path):
        edit(applied / "project.yaml", "spec:\n", "spec:\n  safety: {max_deletes: 9}\n")
        done = cli("destroy", "--confirm", "acme", "--json-events", tmp_path / "events")
        found = events(tmp_path / "events")
        assert found[0]["event"] == "planned"
        deleted = [event["deleted"]["id"] for event in found if event["event"] == "change-done" and "deleted" in event]
        assert any(id_.startswith("vs_") for id_ in deleted)
        assert (found[-1]["event"], found[-1]["exit_code"]) == ("finished", done.code) == ("finished", 0)

    def test_text_and_json_are_the_same_beside_it(self, project: Path, cli: Cli, tmp_path: Path):
        done = cli("apply", "--yes", "-o", "json", "--json-events", tmp_path / "events")
        assert done.document["verdict"] == "applied"

    @pytest.mark.parametrize(
        ("file", "code", "said"),
        [
            ("-", 64, "stdout has the result of the command"),
            ("nowhere/events", 1, "error[unwritable]: cannot write nowhere/events: No such file or directory"),
            (".", 1, "error[unwritable]: cannot write .: Is a directory"),
        ],
    )
    def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_sent(
        self, project: Path, cli: Cli, file: str, code: int, said: str
    ):
        done = cli("apply", "--yes", "-v", "--json-events", file)
        assert done.code == code
        assert said in done.err
        assert "GET" not in done.err

    def test_a_full_disk_does_not_stop_the_apply(self, project: Path, cli: Cli):
        done = cli("apply", "--yes", "--json-events", "/dev/full")
        assert done.code == 0
        assert "warning: /dev/full is incomplete" in done.err

    def test_an_earlier_file_is_overwritten(self, applied: Path, cli: Cli, tmp_path: Path):
        (tmp_path / "events").write_text('{"format": "reconciler/event/v1", "event": "message"}\n' * 1000)
        assert cli("apply", "--yes", "--json-events", tmp_path / "events").code == 0
        assert [event["event"] for event in events(tmp_path / "events")] == ["started", "finished"]

    def test_a_pipe_is_possible(self, project: Path, cli: Cli):
        reading, writing = os.pipe()
        assert cli("apply", "--yes", "--json-events", f"/dev/fd/{writing}").code == 0
        os.close(writing)
        with os.fdopen(reading) as file:
            assert len(file.readlines()) == 11


def test_no_key_is_in_the_requests_and_the_events(project: Path, cli: Cli, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    done = cli("apply", "--yes", "-vv", "--json-events", tmp_path / "events")
    assert done.code == 0
    written = done.out + done.err + (tmp_path / "events").read_text()
    assert KEY not in written
    assert "Bearer" not in written
    assert "authorization" not in written.lower()
