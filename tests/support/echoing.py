"""The emulator behind a server that answers requests with a secret in ways that repeat the secret."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import httpx2

from reconciler.emulator import Settings, create_app
from tests.support.canary import SECRET

WIDTH: Final = 7
"""Length of the lines that a message is split over."""
SECRETIVE: Final = json.dumps(SECRET)[1:-1].encode(), json.dumps(SECRET, ensure_ascii=False)[1:-1].encode()
"""The secret in the body of a request."""


class Handler(BaseHTTPRequestHandler):
    """Pass requests to the emulator, except those with the secret."""

    answer: "Answer"
    app: Any
    sent: dict[str, Any]
    """The bodies that were sent for objects that are returned with them, by id."""
    paths: list[str]
    """The paths of the requests with the secret."""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle(b"")

    def do_DELETE(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: Any) -> None: ...

    def _handle(self, body: bytes) -> None:
        with suppress(OSError):
            if any(secret in body for secret in SECRETIVE):
                self.paths.append(self.path)
                self.answer(self, body)
            else:
                self.pass_on(body)

    def pass_on(self, body: bytes) -> None:
        """Send the response of the emulator."""
        status, content = self.real(body)
        found = json.loads(content)
        objects = found["data"] if found.get("object") == "list" else [found]
        for one in objects:
            one.update(_merged(one, self.sent.get(one.get("id"), {})))
        self.send(status, json.dumps(found).encode())

    def real(self, body: bytes) -> tuple[int, bytes]:
        """Return the response of the emulator."""

        async def ask() -> tuple[int, bytes]:
            transport = httpx2.ASGITransport(self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                got = await client.request(self.command, self.path, content=body, headers=headers)
                return got.status_code, got.content

        return asyncio.run(ask())

    def send(self, status: int, content: bytes, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def fail(self, status: int, message: str, headers: Mapping[str, str] = {}) -> None:
        error = {"message": message, "type": "invalid_request_error", "code": None, "param": message}
        self.send(status, json.dumps({"error": error}).encode(), headers)

    def end(self) -> None:
        """Close the connection without a response, or in the middle of one."""
        self.close_connection = True
        self.connection.close()


Answer: TypeAlias = Callable[[Handler, bytes], None]


def _split(body: bytes) -> str:
    text = body.decode()
    return "\n".join(text[start : start + WIDTH] for start in range(0, len(text), WIDTH))


def _garbage(handler: Handler, body: bytes) -> None:
    handler.wfile.write(body + b"\r\n\r\n")
    handler.end()


def _odd(handler: Handler, _body: bytes) -> None:
    """Send an object with the secret in fields of the wrong type."""
    wrong = dict.fromkeys(("created_at", "updated_at", "auth", "network", "target"), SECRET)
    handler.send(201, json.dumps({"id": "odd_1", "object": "odd", "name": [SECRET], **wrong}).encode())


def _full(handler: Handler, body: bytes) -> None:
    """Do what is asked, and send the object with everything that was in the request, now and in lists."""
    status, content = handler.real(body)
    made, sent = json.loads(content), json.loads(body)
    handler.sent[made["id"]] = sent
    handler.send(status, json.dumps(_merged(made, sent)).encode())


def _merged(shown: Any, sent: Any) -> Any:
    if isinstance(shown, dict) and isinstance(sent, dict):
        return {**sent, **{name: _merged(value, sent.get(name)) for name, value in shown.items()}}
    return sent if shown is None else shown


def _late(handler: Handler, body: bytes) -> None:
    time.sleep(1.0)
    handler.pass_on(body)


ANSWERS: Final[Mapping[str, Answer]] = {
    "as the emulator": Handler.pass_on,
    "400": lambda handler, body: handler.fail(400, body.decode()),
    "400 with JSON in JSON": lambda handler, body: handler.fail(400, json.dumps(body.decode())),
    "400 over lines": lambda handler, body: handler.fail(400, _split(body)),
    "400 with a request id": lambda handler, body: handler.fail(400, "no", {"x-request-id": quote(body)}),
    "404": lambda handler, body: handler.fail(404, body.decode()),
    "500": lambda handler, body: handler.fail(500, body.decode()),
    "a redirect": lambda handler, body: handler.fail(302, "no", {"Location": f"http://127.0.0.1/{quote(body)}"}),
    "HTML": lambda handler, body: handler.send(502, b"<p>" + body, {"Content-Type": "text/html"}),
    "200 of another type": lambda handler, body: handler.send(200, body, {"Content-Type": quote(body)}),
    "200 with another text": lambda handler, body: handler.send(200, b'"' + body),
    "an object of another shape": _odd,
    "an object with all that was sent": _full,
    "no HTTP": _garbage,
    "no response": lambda handler, _body: handler.end(),
    "a response that is late": _late,
}
"""Answers to a request with the secret."""


@dataclass(frozen=True)
class Echoing:
    """A server at `url`, and the paths of the requests with the secret that it got."""

    url: str
    paths: list[str]


@contextmanager
def echoing(data: Path, answer: Answer) -> Iterator[Echoing]:
    """Run a server, with its objects in `data`, that gives `answer` to requests with the secret."""
    paths: list[str] = []
    of_class = {"app": create_app(Settings(data=data)), "answer": staticmethod(answer), "sent": {}, "paths": paths}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("EchoingHandler", (Handler,), of_class))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Echoing(f"http://127.0.0.1:{server.server_port}/v1", paths)
    finally:
        server.shutdown()
        server.server_close()
