"""A server with the parts of GitLab's REST API that a job uses, for one project."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.servers import free_port

Document = dict[str, Any]

PROJECT = "42"
API = "/api/v4"
TOKEN = "glpat-not-for-messages"
BOT = {"id": 7, "username": "project_42_bot"}


@dataclass
class Server:
    """The content of the server."""

    url: str = ""
    page: int = 100
    notes: dict[int, list[Document]] = field(default_factory=dict)
    issues: dict[int, Document] = field(default_factory=dict)
    failing: list[Response] = field(default_factory=list)
    """Responses to the next requests, in order, regardless of the request."""
    asked: Counter[str] = field(default_factory=Counter)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def environ(self) -> dict[str, str]:
        """Return the variables of a job, with the token of the project."""
        return {"GITLAB_CI": "true", "CI_API_V4_URL": self.url, "CI_PROJECT_ID": PROJECT, "GITLAB_TOKEN": TOKEN}


@dataclass(frozen=True)
class _Api:
    server: Server

    def paged(self, request: Request, entries: list[Document]) -> Response:
        size = min(int(request.query_params.get("per_page", 20)), self.server.page)
        page = int(request.query_params.get("page", 1))
        further = str(page + 1) if page * size < len(entries) else ""
        return JSONResponse(entries[(page - 1) * size : page * size], headers={"x-next-page": further})

    async def user(self, request: Request) -> Response:
        return JSONResponse(BOT)

    async def notes(self, request: Request) -> Response:
        found = self.server.notes.setdefault(request.path_params["iid"], [])
        if request.method == "GET":
            return self.paged(request, found[::-1])  # newest first
        body = (await request.json())["body"].rstrip()
        found.append({"id": next(self.server.numbers), "body": body, "author": BOT})
        return JSONResponse(found[-1], 201)

    async def note(self, request: Request) -> Response:
        found = self.server.notes[request.path_params["iid"]]
        made = next(one for one in found if one["id"] == request.path_params["id"])
        made["body"] = (await request.json())["body"].rstrip()
        return JSONResponse(made)

    async def all_issues(self, request: Request) -> Response:
        if request.method == "GET":
            state, label = request.query_params["state"], request.query_params["labels"]
            found = [one for one in self.server.issues.values() if one["state"] == state and label in one["labels"]]
            return self.paged(request, found)
        given = await request.json()
        iid = next(self.server.numbers)
        made = {"iid": iid, "state": "opened", "author": BOT, "web_url": f"https://gitlab.example/bots/-/issues/{iid}"}
        self.server.issues[iid] = {**made, **given, "labels": given["labels"].split(",")}
        return JSONResponse(self.server.issues[iid], 201)

    async def issue(self, request: Request) -> Response:
        given = await request.json()
        if given.pop("state_event", "") == "close":
            given["state"] = "closed"
        self.server.issues[request.path_params["iid"]] |= given
        return JSONResponse(self.server.issues[request.path_params["iid"]])

    async def gate(self, request: Request, handle: Any) -> Response:
        self.server.asked[f"{request.method} {request.url.path.removeprefix(API)}"] += 1
        if self.server.failing:
            return self.server.failing.pop(0)
        if request.headers.get("private-token") != TOKEN:
            return JSONResponse({"message": "401 Unauthorized"}, 401)
        response: Response = await handle(request)
        return response


@contextmanager
def serve(server: Server) -> Iterator[Server]:
    """Run the server on a free port, in a thread."""
    api, project = _Api(server), f"{API}/projects/{PROJECT}"
    app = Starlette(
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=api.gate)],
        routes=[
            Route(f"{API}/user", api.user),
            Route(f"{project}/merge_requests/{{iid:int}}/notes", api.notes, methods=["GET", "POST"]),
            Route(f"{project}/merge_requests/{{iid:int}}/notes/{{id:int}}", api.note, methods=["PUT"]),
            Route(f"{project}/issues", api.all_issues, methods=["GET", "POST"]),
            Route(f"{project}/issues/{{iid:int}}", api.issue, methods=["PUT"]),
        ],
    )
    port = free_port()
    server.url = f"http://127.0.0.1:{port}{API}"
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield server
    finally:
        running.should_exit = True
        thread.join()
