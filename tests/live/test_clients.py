"""One connection for each request at a time, and forms in one piece."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx2
import pytest
from httpcore2 import AsyncHTTP11Connection

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.clients import SMALL, join_body
from reconciler.live.pace import AT_ONCE, Pace

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"id":"agent"}'


def connections_of(
    work: Callable[[Connection], Coroutine[Any, Any, Any]],
    monkeypatch: pytest.MonkeyPatch,
    said: bytes = ANSWER,
    hears: Callable[[bytes], object] = len,
) -> int:
    """Return the number of connections that a server has of `work`; it calls `hears` with the head of each request."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    handlers: list[asyncio.Task[Any] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        while await reader.readline():
            hears(await reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(0.05)
            writer.write(said)
        writer.close()
        await writer.wait_closed()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with connect(Endpoint(f"http://127.0.0.1:{port}/v1"), pace=Pace({})) as connection:
            await work(connection)
        server.close()
        await server.wait_closed()
        await asyncio.gather(*filter(None, handlers))

    asyncio.run(run())
    return len(handlers)


async def in_turns(connection: Connection) -> None:
    for _ in range(3):
        await connection.get("agents", "agent")


async def at_once(connection: Connection) -> None:
    for _ in range(2):
        await asyncio.gather(*(connection.get("agents", "agent") for _ in range(5)))


async def many_at_once(connection: Connection) -> None:
    await asyncio.gather(*(connection.get("agents", "agent") for _ in range(3 * AT_ONCE)))


@pytest.mark.parametrize(("work", "expected"), [(in_turns, 1), (at_once, 5), (many_at_once, AT_ONCE)])
def test_requests_have_as_many_connections_as_there_are_at_once(
    work: Callable[[Connection], Coroutine[Any, Any, Any]], expected: int, monkeypatch: pytest.MonkeyPatch
):
    assert connections_of(work, monkeypatch) == expected


def test_cancelled_request_leaves_its_client_to_the_next_one(monkeypatch: pytest.MonkeyPatch):
    async def work(connection: Connection) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.get("agents", "agent"), 0.01)
        await in_turns(connection)
        assert connection.clients.first is connection.client

    assert connections_of(work, monkeypatch) == 2


def test_all_requests_have_the_same_cookies(monkeypatch: pytest.MonkeyPatch):
    """A load balancer leads the requests of a session to one server by a cookie."""
    set_cookie = ANSWER.replace(b"\r\n", b"\r\nSet-Cookie: node=1\r\n", 1)
    heads: list[bytes] = []

    async def work(connection: Connection) -> None:
        await in_turns(connection)
        await many_at_once(connection)

    connections_of(work, monkeypatch, set_cookie, heads.append)
    assert [b"node=1" in head for head in heads] == [False, *[True] * (len(heads) - 1)]


def test_idle_connections_are_not_looked_at(monkeypatch: pytest.MonkeyPatch):
    """Each look is a system call: with a pool of all connections, a request took thirty of them."""
    looks: list[object] = []
    is_expired = AsyncHTTP11Connection.has_expired

    def counted(connection: AsyncHTTP11Connection) -> bool:
        looks.append(connection)
        return is_expired(connection)

    async def work(connection: Connection) -> None:
        await many_at_once(connection)
        monkeypatch.setattr(AsyncHTTP11Connection, "has_expired", counted)
        await in_turns(connection)

    connections_of(work, monkeypatch)
    assert 0 < len(looks) <= 2 * 3


def chunks_of(size: int) -> list[bytes]:
    """Return what is sent of a form with a file of `size` bytes."""

    async def run() -> list[bytes]:
        request = httpx2.Request("POST", "http://x/v1/files", data={"purpose": "a"}, files={"file": b"x" * size})
        await join_body(request)
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        return [chunk async for chunk in request.stream]

    return asyncio.run(run())


@pytest.mark.parametrize(("size", "is_whole"), [(700, True), (SMALL, False)])
def test_small_form_is_sent_in_one_piece_and_large_one_is_not_copied(size: int, *, is_whole: bool):
    assert (len(chunks_of(size)) == 1) is is_whole


def test_uploads_are_joined_before_they_are_sent():
    pieces: list[int] = []

    class Counting(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            assert isinstance(request.stream, httpx2.AsyncByteStream)
            pieces.append(len([chunk async for chunk in request.stream]))
            return httpx2.Response(200, json={"id": "file_1"})

    def upload(connection: Connection) -> Awaitable[Any]:
        files = [("file", "a.md", b"text")]
        return connection.create("files", body={"purpose": "assistants"}, about=None, files=files)  # type: ignore[arg-type]

    async def run() -> None:
        async with connect(Endpoint(transport=Counting()), pace=Pace({})) as connection:
            await upload(connection)

    asyncio.run(run())
    assert pieces == [1]
