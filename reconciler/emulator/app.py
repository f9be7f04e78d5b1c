"""The ASGI application: the endpoints of all resource modules behind the gates, with the headers of the API."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.emulator.api import Call, Endpoint
from reconciler.emulator.bodies import parse
from reconciler.emulator.errors import ApiError, unserved
from reconciler.emulator.fault_spec import Schedule, from_json
from reconciler.emulator.faults import STRUCK, Faults, Lag, ingesting
from reconciler.emulator.gates import gates, is_beta, is_of_assistants
from reconciler.emulator.resources import endpoints, threads
from reconciler.emulator.settings import Settings
from reconciler.emulator.store import DamagedError, Store


def build(settings: Settings) -> Starlette:
    """Build the application. Raises SpecError if `settings.faults` is not valid."""
    store, schedule = Store(settings.data), Schedule(settings.faults)
    app = Starlette(
        routes=[
            *_routes(settings, store),
            Route("/_emulator/requests", _requests, methods=["GET", "DELETE"]),
            Route("/_emulator/faults", _faults, methods=["GET", "PUT", "DELETE"]),
            *([Route("/_emulator/threads", _threads, methods=["POST"])] if settings.assistants else []),
        ],
        middleware=[Middleware(ApiHeaders, project=settings.project), Middleware(Faults, schedule=schedule)],
        exception_handlers={ApiError: _refused, HTTPException: _unrouted},
    )
    app.state.requests = []
    app.state.faults = schedule
    app.state.store, app.state.now = store, settings.now
    return app


class ApiHeaders:
    """Middleware that adds the headers of the API to every response."""

    def __init__(self, app: ASGIApp, project: str) -> None:
        self._app = app
        self._project = project

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = f"req_{secrets.token_hex(16)}"
                headers["openai-organization"] = "org-embedded"
                headers["openai-project"] = self._project
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _routes(settings: Settings, store: Store) -> list[Route]:
    before, lag = gates(settings), Lag()

    def route(endpoint: Endpoint) -> Route:
        async def respond(request: Request) -> Response:
            request.app.state.requests.append((request.method, endpoint.path))
            await asyncio.sleep(settings.latency)
            for gate in before:
                gate(request, endpoint)
            body = await _body(request, endpoint)
            struck = request.scope.get(STRUCK, {})
            writes, now = endpoint.method != "GET", settings.now()
            if writes and "stale" in struck:
                lag.hide(store, now + float(struck["stale"]))
            used = store if writes else lag.readable(store, now)
            call = Call(used, ingesting(settings, struck), request.path_params, request.query_params, body)
            with _readable(settings), used.transaction(write=writes):
                answer = endpoint.handle(call)
                return answer if isinstance(answer, Response) else JSONResponse(answer, endpoint.status)

        return Route(endpoint.path, respond, methods=[endpoint.method])

    return [route(one) for one in endpoints() if settings.assistants or not is_of_assistants(one.path)]


@contextmanager
def _readable(settings: Settings) -> Iterator[None]:
    """Report errors that members of the wrong type cause as damage, where the data come from a file."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        if settings.data is None:
            raise
        raise DamagedError(f"an object is incomplete: {type(error).__name__}: {error}") from error


async def _body(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.body is None:
        return {}
    body = await endpoint.body.read(request)
    endpoint.body.check(body)
    return body


async def _requests(request: Request) -> Response:
    record: list[tuple[str, str]] = request.app.state.requests
    if request.method == "DELETE":
        record.clear()
    return JSONResponse({"requests": record})


async def _faults(request: Request) -> Response:
    schedule: Schedule = request.app.state.faults
    try:
        if request.method == "PUT":
            schedule.set(*from_json(json.loads(await request.body())))
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 400)
    if request.method == "DELETE":
        schedule.set(())
    return JSONResponse({"faults": schedule.report()})


async def _threads(request: Request) -> Response:
    """Add a thread with its messages, which the Assistants API of the emulator only reads."""
    store: Store = request.app.state.store
    try:
        given = parse(await request.body())
        with store.transaction(write=True):
            added = threads.add(store, given, int(request.app.state.now()))
    except (ApiError, ValidationError) as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(added)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - Starlette's signature is wider than its table
    return JSONResponse(error.envelope(beta=is_beta(request.url.path)), error.status, error.headers)


async def _unrouted(request: Request, error: Exception) -> Response:
    """Answer requests that Starlette rejects itself: unknown paths and methods, unreadable forms."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code in (404, 405):
        return await _refused(request, unserved(error.status_code, request.method, request.url.path))
    return await _refused(request, ApiError(error.status_code, error.detail, type="invalid_request_error"))
