"""An OpenAI API with several projects, each with its own keys, as an HTTP server."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.emulator import Settings, create_app
from tests.support.servers import free_port


@dataclass(frozen=True)
class KeyedApi:
    """Projects by their keys. A key that begins with `read` may not write; an unknown key is rejected."""

    projects: Mapping[str, str]
    apps: Mapping[str, ASGIApp]
    """An API for each project."""
    url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if key not in self.projects:
            refusal = {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}
            await JSONResponse(refusal, 401)(scope, receive, send)
        elif key.startswith("read") and scope["method"] != "GET":
            refusal = {"error": {"message": "You have insufficient permissions", "code": "missing_scope"}}
            await JSONResponse(refusal, 403)(scope, receive, send)
        else:
            await self.apps[self.projects[key]](scope, receive, send)


@contextmanager
def serve(projects: Mapping[str, str]) -> Iterator[KeyedApi]:
    """Run the API on a free port, in a thread."""
    port = free_port()
    apps = {project: create_app(Settings(project=project)) for project in set(projects.values())}
    api = KeyedApi(projects, apps, f"http://127.0.0.1:{port}/v1")
    server = uvicorn.Server(uvicorn.Config(api, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield api
    finally:
        server.should_exit = True
        thread.join()
