"""A server that redirects requests. The key and the content go to no other server."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.errors import LiveError
from reconciler.live.pace import Pace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.problems import Place
from tests.support.recording import recording

TRIAGE = Desired(Address("assistant", "triage"), "agent", {}, Place("assistants/triage.yaml", 7, 3))
CALLS: dict[str, Callable[[Connection], Awaitable[object]]] = {
    "GET": lambda connection: connection.get("agents", "agent_1"),
    "POST": lambda connection: connection.create("agents", body={"model": "m"}, about=TRIAGE),
    "DELETE": lambda connection: connection.remove("agents", "agent_1"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_not_followed(call, status, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-job")

    async def run(url: str) -> None:
        async with connect(Endpoint(f"{url}/v1"), pace=Pace({})) as connection:
            await call(connection)

    with (
        recording(200) as other,
        recording(status, {"Location": f"{other.url}/v1/agents"}) as server,
        pytest.raises(LiveError) as caught,
    ):
        asyncio.run(run(server.url))
    assert (len(server.requests), other.requests) == (1, [])
    assert "sk-secret" not in str(caught.value)
