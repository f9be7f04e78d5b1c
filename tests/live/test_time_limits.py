"""A server that never completes a response: every request ends, and so does reading."""

import asyncio
import time

import pytest

from reconciler.live import client, requests
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.live.pace import Pace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.problems import Place
from tests.support.silent import silent

TRIAGE = Desired(Address("assistant", "triage"), "agent", {}, Place("assistants/triage.yaml", 7, 3))


@pytest.fixture(params=[False, True], ids=["never answers", "a byte at a time"])
def url(request, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with silent(drips=request.param) as url:
        yield url


def failing(url: str, ask, seconds: float | None = None) -> LiveError:
    """Return the error of a request, with a time limit for the command."""

    async def run() -> None:
        async with connect(Endpoint(url), pace=Pace({})) as connection:
            if seconds:
                connection.deadline = asyncio.get_running_loop().time() + seconds
            await ask(connection)

    started = time.monotonic()
    with pytest.raises(LiveError) as caught:
        asyncio.run(run())
    assert time.monotonic() - started < 20
    return caught.value


async def reading(connection: Connection) -> None:
    await connection.page("agents")


async def creating(connection: Connection) -> None:
    await connection.create("agents", body={}, about=TRIAGE)


def test_a_request_ends_although_bytes_arrive(url, monkeypatch):
    monkeypatch.setattr(requests, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(client, "ATTEMPTS", 2)

    assert "the response was not complete after 0 s" in str(failing(url, reading))


def test_a_create_that_was_not_answered_is_in_doubt(url, monkeypatch):
    monkeypatch.setattr(requests, "REQUEST_SECONDS", 0.3)

    assert isinstance(failing(url, creating), UnknownOutcomeError)


def test_reading_ends_at_the_deadline_and_says_what_was_reached(url):
    (problem,) = failing(url, reading, seconds=0.5).problems

    assert problem.code == "timeout"
    assert "GET /agents, after these requests: 1 GET" in problem.message
    assert "--timeout" in problem.hint
