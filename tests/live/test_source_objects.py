"""The objects of a server that is only read."""

import asyncio

import pytest

from reconciler.live import source_objects
from reconciler.live.client import Endpoint, connect
from reconciler.live.errors import LiveError
from reconciler.live.pace import Pace
from reconciler.live.source import Source
from tests.support.old_server import old_server


def read(url: str, work):
    async def run():
        async with connect(Endpoint(url, source=Source("sk-old")), pace=Pace({})) as connection:
            return await work(connection)

    return asyncio.run(run())


def test_a_list_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr(source_objects, "MOST", 2)
    with old_server() as server:
        for name in ("One", "Two"):
            server.assistant(name)
        assert len(read(server.url, source_objects.assistants)) == 2
        server.assistant("Three")
        with pytest.raises(LiveError) as caught:
            read(server.url, source_objects.assistants)
    assert [problem.code for problem in caught.value.problems] == ["too-many"]


def test_messages_are_read_page_by_page_and_the_oldest_is_first():
    with old_server() as server:
        server.thread(id="thread_1", messages=[{"role": "user", "content": str(number)} for number in range(150)])
        found = read(server.url, lambda connection: source_objects.thread(connection, "thread_1"))
    assert found is not None
    assert [message["content"][0]["text"]["value"] for message in found[1]] == [str(number) for number in range(150)]


def test_what_does_not_exist_is_none():
    with old_server() as server:
        for work in (source_objects.thread, source_objects.store, source_objects.file):
            assert read(server.url, lambda connection, work=work: work(connection, "id_1")) is None


@pytest.mark.parametrize("id_", ["..", ".", "", "a/b", "a b", "a?b", "x" * 201, 7, None, "-", "a\n"])
def test_a_value_that_changes_the_path_of_a_request_is_no_id(id_):
    assert not source_objects.is_id(id_)


@pytest.mark.parametrize("id_", ["file-abc", "vs_1", "0f7c-11ee", "asst:7"])
def test_ids_of_servers_are_ids(id_):
    assert source_objects.is_id(id_)
