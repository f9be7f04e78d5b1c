"""The data file: it outlives an application, and several processes may use it at once."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from reconciler.emulator import app
from reconciler.emulator.store import Store, UnknownCursorError, Where, Window

FILE = {"filename": "guide.md", "bytes": 1, "expires_at": None}

# The program of a second process on the same file: create twenty agents and read each back.
WRITER = """
import asyncio, sys
from pathlib import Path
import httpx2
from reconciler.emulator import Settings, create_app

async def main():
    app = create_app(Settings(data=Path(sys.argv[1])))
    headers = {"authorization": "Bearer key", "openai-beta": "agents=v1"}
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api/v1", headers=headers) as http:
        for number in range(20):
            created = await http.post("/agents", json={"model": "gpt-5", "name": sys.argv[2]})
            assert (await http.get(f"/agents/{created.json()['id']}")).json() == created.json()

asyncio.run(main())
"""


def test_processes_share_a_file_from_its_very_first_moment(embed, tmp_path):
    data = tmp_path / "new" / "api.db"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(data), name], stderr=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    for writer in writers:
        _, complaints = writer.communicate(timeout=60)
        assert writer.returncode == 0, complaints
    api = embed(data=data)
    agents = api.all(api.sdk.beta.agents.list(limit=100))
    assert sorted(agent.name for agent in agents) == ["one"] * 20 + ["three"] * 20 + ["two"] * 20


def test_one_application_sees_what_another_has_just_written(embed, tmp_path):
    first, second = (embed(data=tmp_path / "api.db") for _ in range(2))
    agent = first.agent(name="bot")
    assert second.call("GET", f"/agents/{agent['id']}").json() == agent
    second.call("DELETE", f"/agents/{agent['id']}")
    first.refusal("GET", f"/agents/{agent['id']}", 404)


def test_files_and_their_bytes_outlive_the_application(embed, tmp_path):
    file = embed(data=tmp_path / "api.db").upload("x.jsonl", b"bytes", "batch")
    again = embed(data=tmp_path / "api.db")
    assert again.run(again.sdk.files.content(file)).content == b"bytes"


def test_in_memory_stores_are_separate(embed):
    embed().agent()
    assert embed().call("GET", "/agents").json()["data"] == []


@pytest.fixture
def store():
    store = Store(None)
    store.put_all("kind", [{"id": f"{number:05}", "n": number} for number in range(1000)])
    return store


def test_failed_transaction_is_rolled_back(store):
    with pytest.raises(TypeError), store.transaction(write=True):
        store.put_all("kind", [{"id": "new"}, {"id": "unwritable", "value": object()}])
    assert store.get("kind", "new") is None


def test_a_cursor_of_another_scope_is_unknown(store):
    store.put("kind", {"id": "elsewhere"}, scope="other")
    with pytest.raises(UnknownCursorError):
        store.page("kind", Window(limit=1, after="elsewhere"))


def test_a_condition_narrows_before_the_page_is_cut(store):
    odd = Where("json_extract(body, '$.n') % ? = 1", (2,))
    page = store.page("kind", Window(limit=3, after="00990", ascending=True), where=odd)
    assert [item["n"] for item in page.data] == [991, 993, 995]


@pytest.mark.parametrize("cursor", [None, "00500"])
def test_pages_are_read_from_the_index_wherever_they_lie(store, cursor):
    """Sorting, or a scan from the start, would make a walk over all pages quadratic."""
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    store.page("kind", Window(limit=100, after=cursor))
    store._db.set_trace_callback(None)
    plan = "\n".join(row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {statements[-1]}"))
    assert "USING INDEX objects_in_order (kind=? AND scope=?" in plan
    assert ("seq<?" in plan) == (cursor is not None)
    assert "TEMP B-TREE" not in plan


def test_a_batch_of_two_thousand_files_is_one_transaction(embed, monkeypatch):
    store = Store(None)
    monkeypatch.setattr(app, "Store", lambda _path: store)
    api = embed()
    with store.transaction(write=True):
        store.put_all("file", [FILE | {"id": f"file-{number}"} for number in range(2000)])
        for number in range(2000):
            store.put_content(f"file-{number}", b"text")
    created = api.run(api.sdk.vector_stores.create())
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    ids = [f"file-{number}" for number in range(2000)]
    batch = api.run(api.sdk.vector_stores.file_batches.create(created.id, file_ids=ids))
    assert batch.file_counts.completed == 2000
    assert (statements.count("BEGIN IMMEDIATE"), statements.count("COMMIT")) == (1, 1)


def test_what_is_deleted_leaves_nothing_in_the_data_file(embed, tmp_path):
    api = embed(data=tmp_path / "api.db")
    file = api.upload()
    store = api.run(api.sdk.vector_stores.create(file_ids=[file])).id
    api.run(api.sdk.vector_stores.file_batches.create(store, file_ids=[file]))
    api.run(api.sdk.vector_stores.delete(store))
    api.run(api.sdk.files.delete(file))
    with closing(sqlite3.connect(tmp_path / "api.db")) as data:
        assert data.execute("SELECT (SELECT count(*) FROM objects), (SELECT count(*) FROM contents)").fetchone() == (
            0,
            0,
        )
