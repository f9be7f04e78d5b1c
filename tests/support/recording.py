"""An HTTP server that records what it receives and gives the same answer to every request."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Recorded:
    """The server's URL and the requests that it received."""

    url: str
    requests: list[str] = field(default_factory=list)
    """Each with its method, path and headers as text."""


@contextmanager
def recording(
    status: int | None = 404,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    certificate: Path | None = None,
) -> Iterator[Recorded]:
    """Yield the record of a server on a free port. Without a status, it closes connections instead of answering.

    `certificate` is a file with a certificate and its key, for HTTPS.
    """

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.requests.append(f"{self.command} {self.path}\n{self.headers}")
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_CONNECT = answer  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    found = Recorded(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
