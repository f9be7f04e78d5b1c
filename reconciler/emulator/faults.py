"""Injection of faults: into requests and answers as middleware, into ingestion, and into reads after writes."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import httpx2
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.emulator.errors import ApiError, unserved
from reconciler.emulator.fault_spec import Schedule
from reconciler.emulator.gates import ASSISTANTS, BETA, is_beta
from reconciler.emulator.settings import Settings
from reconciler.emulator.store import Store

FOR_EVER = 1e9
"""Seconds. SQLite's JSON does not support infinity."""
UNSERVED: Final = frozenset({"401", "403", "404", "405", "501"})
"""Faults that are the status of an error."""
STRUCK: Final = "reconciler.faults"
"""The key in the ASGI scope under which endpoints find the faults of the request."""


class ConnectionDropped(httpx2.ReadError):
    """The connection was closed by a fault. In-process clients receive this error; a server closes the socket."""


@dataclass(frozen=True)
class BufferedAnswer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def with_body(self, body: bytes) -> "BufferedAnswer":
        headers = [(name, value) for name, value in self.headers if name != b"content-length"]
        return replace(self, headers=[*headers, (b"content-length", str(len(body)).encode())], body=body)


class Faults:
    """ASGI middleware that applies faults to the requests under `/v1/`."""

    def __init__(self, app: ASGIApp, schedule: Schedule) -> None:
        self._app = app
        self._schedule = schedule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        struck = self._schedule.strike(scope["method"], path) if path.startswith("/v1/") else {}
        if not struck:
            await self._app(scope, receive, send)
        elif refusal := _refusal(struck, scope["method"], path):
            await refusal(scope, receive, send)
        elif "drop-before" in struck:
            await _drop(send)
        else:
            await self._carried_out(struck, scope, receive, send)

    async def _carried_out(self, struck: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, STRUCK: struck}
        if "repeat-cursor" in struck:
            query = [(name, value) for name, value in parse_qsl(scope["query_string"].decode()) if name != "after"]
            asked["query_string"] = urlencode(query).encode()
        answer = await _answer(self._app, asked, receive)
        if "second-writer" in struck:
            await self._second_writer(struck["second-writer"], scope, answer)
        await asyncio.sleep(float(struck.get("slow", 0)))
        if "drop-after" in struck:
            await _drop(send)
        elif "error-after" in struck:
            await _error(int(struck["error-after"]), scope["path"])(scope, receive, send)
        else:
            spoiled = _spoiled(struck, answer)
            await send({"type": "http.response.start", "status": spoiled.status, "headers": spoiled.headers})
            await send({"type": "http.response.body", "body": spoiled.body})

    async def _second_writer(self, name: str, scope: Scope, answer: BufferedAnswer) -> None:
        """Change the object of a request, as another client would."""
        path = _subject(scope["path"], answer)
        if path is None:
            return
        headers = {
            "authorization": "Bearer second-writer",
            "openai-beta": f"{BETA},{ASSISTANTS}",
            "content-type": "application/json",
        }
        request = {
            **scope,
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        body = json.dumps({name: "written by another client"}).encode()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await _answer(self._app, request, receive)


def _refusal(struck: Mapping[str, str], method: str, path: str) -> Response | None:
    """Return the answer to a request that is not processed; None if it is processed."""
    if "gateway" in struck:
        return HTMLResponse("<html><body><h1>Not found</h1></body></html>", int(struck["gateway"]))
    for status in UNSERVED & struck.keys():
        return _response(unserved(int(status), method, path), path)
    if "quota" in struck:
        message = "You have run out of credits or hit your maximum monthly spend."
        return _response(ApiError(429, message, type="insufficient_quota", code="credit_balance_exhausted"), path)
    if "429" in struck:
        wait = {"retry-after": struck["429"]} if struck["429"] else {}
        message = "Rate limit reached for requests."
        return _response(
            ApiError(429, message, type="rate_limit_error", code="rate_limit_exceeded", headers=wait), path
        )
    return _error(int(struck["error-before"]), path) if "error-before" in struck else None


def _error(status: int, path: str) -> Response:
    message = "The server had an error while processing your request. Sorry about that!"
    return _response(ApiError(status, message, type="server_error", code="internal_error"), path)


def _response(error: ApiError, path: str) -> Response:
    return JSONResponse(error.envelope(beta=is_beta(path)), error.status, error.headers)


def _subject(path: str, answer: BufferedAnswer) -> str | None:
    """Return the path of the object in the path of a request, created by it, or first in its list."""
    if not 200 <= answer.status < 300:
        return None
    _, version, resource, *rest = path.split("/")
    if resource not in ("agents", "assistants", "vector_stores"):
        return None
    body = json.loads(answer.body)
    listed = body.get("data") or [body]
    id_ = rest[0] if rest else listed[0].get("id")
    return f"/{version}/{resource}/{id_}" if id_ else None


def _spoiled(struck: Mapping[str, str], answer: BufferedAnswer) -> BufferedAnswer:
    if "malformed" in struck:
        return answer.with_body(answer.body[: len(answer.body) // 2])
    if "repeat-cursor" in struck and answer.status == 200:
        body = json.loads(answer.body)
        return answer.with_body(json.dumps({**body, "has_more": True}).encode()) if "data" in body else answer
    return answer


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> BufferedAnswer:
    """Return the complete answer before any part of it is sent."""
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return BufferedAnswer(start["status"], list(start["headers"]), b"".join(parts))


async def _drop(send: Send) -> None:
    """Close the connection: an exception after the start of an answer makes a server do so."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    raise ConnectionDropped("the emulator dropped the connection because of a fault")


def ingesting(settings: Settings, struck: Mapping[str, str]) -> Settings:
    """Return the settings with the ingestion faults of a request applied."""
    if "ingest-hang" in struck:
        return replace(settings, ingest_delay=FOR_EVER)
    if "ingest-none" in struck:
        return replace(settings, ingest_none=True)
    return replace(settings, ingest_fails=True) if "ingest-fail" in struck else settings


class Lag:
    """Copies of the store from before writes that are not visible yet."""

    def __init__(self) -> None:
        self._copies: deque[tuple[float, Store]] = deque()

    def hide(self, store: Store, until: float) -> None:
        """Hide the next write from readers until the time `until`."""
        self._copies.append((until, store.copy()))

    def readable(self, store: Store, now: float) -> Store:
        """Return the store to read from: the oldest copy that has not expired, or the store itself."""
        while self._copies and self._copies[0][0] <= now:
            self._copies.popleft()
        return self._copies[0][1] if self._copies else store
