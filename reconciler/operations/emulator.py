"""The embedded API as a server of its own."""

from collections.abc import Callable
from pathlib import Path

from reconciler.resources.problems import Problem, ReconcilerError

NOT_INSTALLED = Problem(
    "no-emulator",
    "the embedded API is not installed",
    hint="pip install 'assistant-reconciler[emulator]'",
)


def serve_emulator(
    host: str,
    port: int,
    announce: Callable[[str], None],
    *,
    data: Path | None,
    latency: float,
    ingest_delay: float,
    rate_limit: float | None,
) -> None:
    """Serve until interrupted; ReconcilerError where the port is taken or the extra is not installed."""
    try:
        from reconciler.emulator import Settings
        from reconciler.emulator.serve import serve
    except ImportError as error:
        raise ReconcilerError(NOT_INSTALLED) from error
    settings = Settings(data=data, latency=latency, ingest_delay=ingest_delay, rate_limit=rate_limit)
    try:
        serve(settings, host, port, announce)
    except OSError as error:
        message = f"cannot serve on {host}:{port}: {error.strerror or error}"
        raise ReconcilerError(Problem("address-in-use", message, hint="Choose another --port.")) from error
