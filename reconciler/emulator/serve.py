"""A server for the emulator on a socket."""

import logging
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from reconciler.emulator import Settings, create_app
from reconciler.emulator.faults import ConnectionDropped


def serve(settings: Settings, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in flight and return.

    `announce` is called with the base URL (ending in `/v1`) once connections are accepted; port 0 selects a free port.
    Raises OSError if the address is not available, SpecError for invalid faults, and ImportError without the extra
    `emulator`.
    """
    logging.getLogger("uvicorn.error").addFilter(_unasked_for)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        # Inherited by connections. Without it, the second packet of an answer waits 40 ms for an acknowledgement:
        # asyncio sets it only for sockets that name their protocol, unlike this one.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound = f"[{host}]" if ":" in host else host
        url = f"http://{bound}:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(
            create_app(settings),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        _Server(config, lambda: announce(url)).run(sockets=[listener])


def _unasked_for(record: logging.LogRecord) -> bool:
    """Return False for the errors of connections that were dropped as a fault, to keep them out of the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionDropped))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, *args: Any, **options: Any) -> None:
        await super().startup(*args, **options)
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # Unlike uvicorn's, does not raise the signal again after the shutdown, so that the caller decides how to exit.
        self.should_exit = True
