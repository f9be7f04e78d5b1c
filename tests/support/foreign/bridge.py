"""`python -m tests.support.foreign.bridge [--without PATCH]`: serve the mock of openai-responses over HTTP.

The mock answers requests of an httpx client in its own process. This module passes HTTP requests to such a client, and
its answers back. It runs in the environment of `requirements.txt`, and prints its base URL when it accepts requests.
"""

import argparse
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx
from openai_responses import OpenAIMock
from respx.models import AllMockedAssertionError

from tests.support.foreign.patches import PATCHES

PREFIX: Final = "/v1"
BASE: Final = "https://api.openai.com/v1"
"""The URL for which the mock answers."""
PASSED: Final = ("authorization", "content-type", "openai-beta")
"""Request headers that reach the mock."""


class Server(ThreadingHTTPServer):
    """Requests of several connections, passed to the mock one at a time: its state is not thread-safe."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._client = httpx.Client()
        self._turn = threading.Lock()

    def pass_on(self, method: str, path: str, headers: dict[str, str], content: bytes) -> httpx.Response:
        """Return the answer of the mock: 404 for a path that it does not have, 500 for an error in it."""
        with self._turn:
            try:
                return self._client.request(method, BASE + path, headers=headers, content=content)
            except AllMockedAssertionError:
                return _error(404, f"Unknown request URL: {method} {PREFIX}{path}.")
            except Exception as error:  # noqa: BLE001 - any error of the mock is one of the server
                return _error(500, f"{type(error).__name__}: {error}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: self.headers[name] for name in PASSED if name in self.headers}
        answer = self.server.pass_on(self.command, self.path.removeprefix(PREFIX), headers, content)
        self.send_response(answer.status_code)
        if "content-type" in answer.headers:
            self.send_header("Content-Type", answer.headers["content-type"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Write no log."""


def _error(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": message, "type": "server_error", "code": None}})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", action="append", default=[], choices=[*PATCHES], metavar="PATCH")
    parser.add_argument("--patches", action="store_true", help="print the patches with their reasons as JSON")
    chosen = parser.parse_args()
    if chosen.patches:
        print(json.dumps({name: patch.why for name, patch in PATCHES.items()}))  # noqa: T201
        return
    mock: Any = OpenAIMock(BASE)
    for name, patch in PATCHES.items():
        if name not in chosen.without:
            patch.apply(mock)
    with mock.router, Server() as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}{PREFIX}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
