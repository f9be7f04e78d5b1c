"""A server with the Assistants API, as teams run them, over HTTP: the emulator, with odd answers where a test asks."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import openai
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reconciler.emulator import Settings, create_app
from tests.support.servers import free_port


@dataclass
class OldServer:
    """The server, and what it was asked."""

    url: str
    app: Starlette
    client: openai.OpenAI
    gives_files: bool = True
    """True if it gives the content of files for assistants, which OpenAI does not."""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Status and body by path, with a query or without: bytes as they are, anything else as JSON."""
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Headers of the answers in `answers`, by path."""
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Path and headers of each request."""

    def file(self, name: str, content: str | bytes = "text", purpose: Any = "assistants") -> str:
        data = content if isinstance(content, bytes) else content.encode()
        return self.client.files.create(file=(name, data), purpose=purpose).id

    def store(self, *files: str, name: str = "Handbook", **settings: Any) -> str:
        """Make a vector store; `settings` are those of each file, but for `metadata` and `expires_after`."""
        own = {key: settings.pop(key) for key in ("metadata", "expires_after") if key in settings}
        store = self.client.vector_stores.create(name=name, **own)
        for id_ in files:
            self.client.vector_stores.files.create(store.id, file_id=id_, **settings)
        return store.id

    def assistant(self, name: str = "Claims Desk", **fields: Any) -> str:
        with_defaults: dict[str, Any] = {"model": "gpt-6-luna", "name": name, **fields}
        return str(self.client.post("/assistants", body=with_defaults, cast_to=dict[str, Any], options=_BETA)["id"])

    def searching(self, name: str, *stores: str, **fields: Any) -> str:
        """Make an assistant that searches these vector stores."""
        resources = {"file_search": {"vector_store_ids": list(stores)}}
        return self.assistant(name, tools=[{"type": "file_search"}], tool_resources=resources, **fields)

    def thread(self, **fields: Any) -> None:
        self.client.post(f"{self.url.removesuffix('/v1')}/_emulator/threads", body=fields, cast_to=object)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((scope["path"], asked))
        query = scope["query_string"].decode()
        answer = self.answers.get(f"{scope['path']}?{query}") or self.answers.get(scope["path"])
        if answer:
            status, body = answer
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = self.headers.get(scope["path"])
            await Response(content, status, headers, media_type="application/json")(scope, receive, send)
        elif self.gives_files and scope["path"].endswith("/content"):
            content = self.app.state.store.content(scope["path"].split("/")[-2])
            await Response(content, media_type="application/octet-stream")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


_BETA: Any = {"headers": {"OpenAI-Beta": "assistants=v2"}}


@contextmanager
def old_server(**settings: Any) -> Iterator[OldServer]:
    """Run the server on a free port, in a thread, with these settings of the emulator."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1"
    client = openai.OpenAI(base_url=url, api_key="sk-old", max_retries=0)
    found = OldServer(url, create_app(Settings(assistants=True, **settings)), client)
    server = uvicorn.Server(uvicorn.Config(found, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join()
        client.close()
