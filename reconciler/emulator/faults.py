"""Faults of whole requests: what is answered before anything is done, and what becomes of the answer afterwards."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import httpx2
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.emulator.errors import ApiError
from reconciler.emulator.fault_spec import Schedule
from reconciler.emulator.gates import BETA, is_beta
from reconciler.emulator.settings import Settings
from reconciler.emulator.store import Store

FOR_EVER = 1e9
"""Seconds; SQLite's JSON knows no infinity."""
STRUCK: Final = "reconciler.faults"
"""Where endpoints find, in the scope, the faults that are theirs to bring about."""


class ConnectionDropped(httpx2.ReadError):
    """The connection is closed. A client in this process sees it as it is; a server closes the socket."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def with_body(self, body: bytes) -> "Answer":
        headers = [(name, value) for name, value in self.headers if name != b"content-length"]
        return replace(self, headers=[*headers, (b"content-length", str(len(body)).encode())], body=body)


class Faults:
    """ASGI middleware around everything that answers under `/v1/`."""

    def __init__(self, app: ASGIApp, schedule: Schedule) -> None:
        self._app = app
        self._schedule = schedule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        struck = self._schedule.strike(scope["method"], path) if path.startswith("/v1/") else {}
        if not struck:
            await self._app(scope, receive, send)
        elif refusal := _refusal(struck, path):
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
            await self._somebody_else(struck["second-writer"], scope, answer)
        await asyncio.sleep(float(struck.get("slow", 0)))
        if "drop-after" in struck:
            await _drop(send)
        elif "error-after" in struck:
            await _error(int(struck["error-after"]), scope["path"])(scope, receive, send)
        else:
            await _send(_spoiled(struck, answer), send)

    async def _somebody_else(self, name: str, scope: Scope, answer: Answer) -> None:
        """Change what a request was about, as another client would."""
        path = _subject(scope["path"], answer)
        if path is None:
            return
        headers = {"authorization": "Bearer somebody-else", "openai-beta": BETA, "content-type": "application/json"}
        request = {
            **scope,
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        body = json.dumps({name: "written by somebody else"}).encode()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await _answer(self._app, request, receive)


def _refusal(struck: Mapping[str, str], path: str) -> Response | None:
    """The answer to a request that is not carried out."""
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


def _subject(path: str, answer: Answer) -> str | None:
    """The path of the agent or store that a request was about: named in its path, made by it, or first in its list."""
    if not 200 <= answer.status < 300:
        return None
    _, version, resource, *rest = path.split("/")
    if resource not in ("agents", "vector_stores"):
        return None
    body = json.loads(answer.body)
    listed = body.get("data") or [body]
    id_ = rest[0] if rest else listed[0].get("id")
    return f"/{version}/{resource}/{id_}" if id_ else None


def _spoiled(struck: Mapping[str, str], answer: Answer) -> Answer:
    if "malformed" in struck:
        return answer.with_body(answer.body[: len(answer.body) // 2])
    if "repeat-cursor" in struck and answer.status == 200:
        body = json.loads(answer.body)
        return answer.with_body(json.dumps({**body, "has_more": True}).encode()) if "data" in body else answer
    return answer


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """The whole answer, before any of it is sent."""
    start: dict[str, Any] = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(start["status"], list(start["headers"]), b"".join(parts))


async def _send(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _drop(send: Send) -> None:
    """Once an answer has begun, a server can do nothing about an exception but close the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    raise ConnectionDropped("the embedded API dropped the connection, as it was told to")


def ingesting(settings: Settings, struck: Mapping[str, str]) -> Settings:
    """How the files that a request attaches are indexed."""
    if "ingest-hang" in struck:
        return replace(settings, ingest_delay=FOR_EVER)
    return replace(settings, ingest_fails=True) if "ingest-fail" in struck else settings


class Lag:
    """Copies of the store from before the writes that cannot be read yet."""

    def __init__(self) -> None:
        self._copies: deque[tuple[float, Store]] = deque()

    def hide(self, store: Store, until: float) -> None:
        """Let nobody read the next write before `until`."""
        self._copies.append((until, store.copy()))

    def readable(self, store: Store, now: float) -> Store:
        """What can be read: the oldest copy that still counts, or the store itself."""
        while self._copies and self._copies[0][0] <= now:
            self._copies.popleft()
        return self._copies[0][1] if self._copies else store
