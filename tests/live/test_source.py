"""A server that is only read: the credentials that it gets, and the responses that are refused."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.live import source
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.errors import LiveError
from reconciler.live.pace import Pace
from reconciler.live.source import Source
from tests.support.recording import Recorded, recording

SECRETS = {
    "OPENAI_API_KEY": "sk-openai",
    "OPENAI_ADMIN_KEY": "sk-admin",
    "OPENAI_ORG_ID": "org-secret",
    "OPENAI_PROJECT_ID": "proj-secret",
    "OPENAI_CUSTOM_HEADERS": "X-Token: custom-secret\nAuthorization: Basic custom-secret",
}
JSON = {"Content-Type": "application/json"}
EMPTY = b'{"data": [], "has_more": false}'


def asked(server: Recorded, key: str = "", *, content: bool = False) -> Any:
    """Read a list of the server, or the content of a file."""

    async def read(connection: Connection) -> Any:
        return await (connection.content("files", "file-1", "content") if content else connection.page("assistants"))

    async def run() -> Any:
        async with connect(Endpoint(f"{server.url}/v1", source=Source(key)), pace=Pace({})) as connection:
            return await read(connection)

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _credentials_of_openai(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("content", [False, True], ids=["list", "content"])
@pytest.mark.parametrize("key", ["", "sk-old"])
def test_the_server_gets_its_own_key_and_no_credential_of_openai(key, content):
    with recording(200, JSON, EMPTY) as server:
        asked(server, key, content=content)
    [request] = server.requests
    assert ("Authorization: Bearer sk-old" in request) == bool(key)
    assert not [word for word in ("sk-openai", "sk-admin", "secret") if word in request]


def test_the_list_of_assistants_has_the_header_of_its_api():
    with recording(200, JSON, EMPTY) as server:
        asked(server)
    assert "openai-beta: assistants=v2" in server.requests[0]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("content", [False, True], ids=["list", "content"])
def test_a_redirect_is_an_error_and_not_followed(status, content):
    with (
        recording(200, JSON, EMPTY) as other,
        recording(status, {"Location": f"{other.url}/v1/assistants"}) as server,
        pytest.raises(LiveError) as caught,
    ):
        asked(server, "sk-old", content=content)
    assert (len(server.requests), other.requests) == (1, [])
    assert "sk-old" not in str(caught.value)


@pytest.mark.parametrize(("name", "content"), [("LARGEST_JSON", False), ("LARGEST_FILE", True)])
def test_a_response_that_is_too_large_is_refused_and_not_asked_for_again(name, content, monkeypatch):
    monkeypatch.setattr(source, name, len(EMPTY) - 1)
    with recording(200, JSON, EMPTY) as server, pytest.raises(LiveError) as caught:
        asked(server, content=content)
    assert [problem.code for problem in caught.value.problems] == ["too-large"]
    assert len(server.requests) == 1


def test_a_response_of_the_largest_size_is_read(monkeypatch):
    monkeypatch.setattr(source, "LARGEST_JSON", len(EMPTY))
    with recording(200, JSON, EMPTY) as server:
        assert asked(server)["data"] == []


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}])
def test_a_compressed_response_is_refused(headers: Mapping[str, str]):
    with recording(200, {**JSON, **headers}, EMPTY) as server, pytest.raises(LiveError, match="compressed"):
        asked(server)
