"""A server that accepts connections and never completes a response."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@contextmanager
def silent(*, drips: bool = False) -> Iterator[str]:
    """Yield the URL of the server. With `drips` it sends a head, and then a byte every tenth of a second."""
    over, connections = threading.Event(), []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connections.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(65_536)
            if drips:
                connection.sendall(HEAD)
                while not over.is_set():
                    connection.sendall(b" ")
                    time.sleep(0.1)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        over.set()
        for one in (listening, *connections):
            one.close()
