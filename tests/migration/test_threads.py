"""`migrate threads`: exports in all their shapes, and threads of a server."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import codes
from reconciler.cli.main import run
from reconciler.migration.threads import Conversations, convert_exports
from tests.support.old_server import old_server


def message(number: int, thread: str | None = "thread_1", **fields: Any) -> dict[str, Any]:
    made = {"id": f"msg_{number}", "object": "thread.message", "created_at": number, "role": "user"}
    return {**made, "content": [{"type": "text", "text": {"value": f"text {number}"}}], "thread_id": thread, **fields}


def plain(number: int) -> dict[str, Any]:
    return {"role": "user", "content": f"text {number}"}


MESSAGES = [message(1), message(2)]
BODY = {"id": "thread_1", "object": "thread", "metadata": {"user": "7"}}
WITH_ID = {
    "messages": MESSAGES,
    "list": {"object": "list", "data": MESSAGES[::-1], "has_more": False},
    "thread with messages": {**BODY, "messages": MESSAGES},
    "thread with a page": {**BODY, "messages": {"object": "list", "data": MESSAGES[::-1]}},
    "thread beside messages": {"thread": BODY, "messages": MESSAGES},
    "by id": {"thread_1": [plain(1), plain(2)]},
    "by id, with the thread": {"threads": {"thread_1": {**BODY, "messages": [plain(1), plain(2)]}}},
    "without objects": {"id": "thread_1", "messages": [plain(1), plain(2)]},
}
WITHOUT_ID = {
    "body of threads.create": {"messages": [plain(1), plain(2)]},
    "list": [plain(1), plain(2)],
}


def saved(folder: Path, *values: Any, name: str = "threads.json") -> Path:
    file = folder / name
    file.write_text("\n".join(map(json.dumps, values)), encoding="utf-8")
    return file


def texts(done: Conversations) -> list[list[str]]:
    return [[item["content"] for item in one.items] for one in done.conversations]


@pytest.mark.parametrize("value", WITH_ID.values(), ids=WITH_ID)
def test_every_shape_of_an_export_is_one_conversation(value, tmp_path):
    done = convert_exports([saved(tmp_path, value)])
    assert texts(done) == [["text 1", "text 2"]]
    assert done.conversations[0].metadata["thread_id"] == "thread_1"
    assert done.problems == ()


@pytest.mark.parametrize("value", WITHOUT_ID.values(), ids=WITHOUT_ID)
def test_a_thread_without_an_id_is_a_conversation_without_its_id(value, tmp_path):
    done = convert_exports([saved(tmp_path, value)])
    assert texts(done) == [["text 1", "text 2"]]
    assert done.conversations[0].metadata == {}


def test_json_lines_of_bodies_are_one_conversation_each(tmp_path):
    done = convert_exports([saved(tmp_path, {"messages": [plain(1)]}, {"messages": [plain(2)]})])
    assert texts(done) == [["text 1"], ["text 2"]]


def test_pages_and_threads_of_several_files_are_put_together(tmp_path):
    pages = saved(tmp_path, {"data": [message(4), message(3)]}, {"data": [message(2), message(1)]}, name="pages.json")
    done = convert_exports([pages, saved(tmp_path, BODY, message(9, "thread_2"))])
    assert texts(done) == [["text 1", "text 2", "text 3", "text 4"], ["text 9"]]
    assert done.conversations[0].metadata == {"thread_id": "thread_1", "user": "7"}
    assert done.problems == ()


def test_other_objects_and_damaged_files_are_reported(tmp_path):
    damaged = tmp_path / "damaged.json"
    damaged.write_text(json.dumps(message(1)) + '\n{"id": "msg_2", "role": "us', encoding="utf-8")
    files = [damaged, saved(tmp_path, {"id": "run_1", "object": "thread.run"}), tmp_path / "none.json"]
    done = convert_exports([*files, saved(tmp_path, {}, name="empty.json")])
    assert texts(done) == [["text 1"]]
    assert [problem.code for problem in done.problems] == [
        "truncated",
        "other-object",
        "unreadable-file",
        "nothing-found",
    ]
    assert not done.complete


def test_half_a_character_is_replaced_and_reported(tmp_path):
    file = tmp_path / "half.json"
    file.write_text('{"role": "user", "content": "\\ud83d"}', encoding="utf-8")
    done = convert_exports([file])
    assert texts(done) == [["\ufffd"]]
    assert [problem.code for problem in done.problems] == ["half-character"]


class TestCommand:
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RECONCILER_SOURCE_API_KEY", "sk-old")

    def test_lines_are_the_only_output_on_stdout(self, tmp_path, capsys):
        saved(tmp_path, *(message(number) for number in range(25)), message(1, "thread_2", metadata={"a": "b"}))
        assert run(["migrate", "threads", "threads.json"]) == 0
        done = capsys.readouterr()
        lines = [json.loads(line) for line in done.out.splitlines()]
        assert [len(line["items"]) for line in lines] == [25, 1]
        assert "message-metadata" in done.err
        assert "items[:20]" in done.err
        assert "conversations.items.create" in done.err

    def test_conversations_of_a_server_can_be_created(self, capsys):
        with old_server() as server:
            server.thread(id="thread_1", messages=[plain(number) for number in range(30)], metadata={"user": "7"})
            assert run(["migrate", "threads", "--live", server.url, "thread_1", "--out", "threads.jsonl"]) == 0
            assert capsys.readouterr().out == ""
            line = json.loads(Path("threads.jsonl").read_text(encoding="utf-8"))
            made = server.client.conversations.create(items=line["items"][:20], metadata=line["metadata"])
            server.client.conversations.items.create(made.id, items=line["items"][20:])
            assert made.metadata == {"thread_id": "thread_1", "user": "7"}
            items = list(server.client.conversations.items.list(made.id, order="asc"))
        assert len(items) == 30

    def test_a_thread_that_does_not_exist_is_an_error_and_the_others_are_converted(self, capsys):
        with old_server() as server:
            server.thread(id="thread_1", messages=[plain(1)])
            assert run(["migrate", "threads", "--live", server.url, "thread_0", "..", "thread_1"]) == 1
        done = capsys.readouterr()
        assert len(done.out.splitlines()) == 1
        assert "error[not-live]: thread thread_0 was not found" in done.err
        assert "error[bad-id]: '..' is not the id of a thread" in done.err

    def test_a_file_called_threads_is_read_by_its_path(self, tmp_path, capsys):
        (tmp_path / "threads").write_text('{"id": "asst_1", "object": "assistant", "model": "gpt-6-luna"}')
        assert run(["migrate", "./threads", "--to", "responses"]) == 0
        assert (tmp_path / "assistants" / "asst-1.yaml").is_file()
        assert run(["migrate", "threads", "--to", "responses"]) == codes.USAGE

    def test_help_names_the_command(self, capsys):
        assert run(["migrate", "threads", "--help"]) == 0
        assert "Usage: reconciler migrate threads" in capsys.readouterr().out


def test_a_run_without_a_conversation_keeps_the_earlier_output_and_names_the_key(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("RECONCILER_SOURCE_API_KEY", raising=False)
    out = tmp_path / "threads.jsonl"
    earlier = '{"items": [], "metadata": {}}\n'
    out.write_text(earlier)
    with old_server() as server:
        server.answers["/v1/threads/thread_1"] = (403, {"error": {"message": "No scope"}})
        assert run(["migrate", "threads", "--live", server.url, "thread_1", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "Set RECONCILER_SOURCE_API_KEY" in said
    assert "conversations.create" not in said
    assert out.read_text() == earlier
