"""The headers of a request: what the API needs, and not what the SDK adds about the machine."""

import asyncio
from typing import Any

import httpx2
import pytest

from reconciler.live.client import Endpoint, connect
from reconciler.live.pace import Pace

FROM_THE_API = {"id": "file_1", "data": []}


def headers_of(work: Any) -> httpx2.Headers:
    """Return the headers of the one request that `work` sends with a connection."""
    sent: list[httpx2.Headers] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers)
        return httpx2.Response(200, json=FROM_THE_API)

    async def run() -> None:
        async with connect(Endpoint(transport=httpx2.MockTransport(answer)), pace=Pace({})) as connection:
            await work(connection)

    asyncio.run(run())
    (found,) = sent
    return found


@pytest.mark.parametrize(
    "work",
    [
        lambda api: api.page("agents"),
        lambda api: api.replace("agents", "agent_1", body={"name": "a"}),
        lambda api: api.remove("agents", "agent_1"),
    ],
)
def test_request_has_the_beta_header_and_none_about_the_machine(work):
    headers = headers_of(work)
    assert headers["OpenAI-Beta"] == "agents=v1"
    assert headers["Authorization"]
    assert [name for name in headers if name.startswith("x-stainless")] == []


def test_request_for_a_file_accepts_bytes():
    assert headers_of(lambda api: api.content("files", "file_1", "content"))["Accept"] == "application/octet-stream"
