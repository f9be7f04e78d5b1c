"""Processes that can be killed, forked from a server that has imported what they need."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from reconciler.emulator import Settings
from reconciler.emulator.serve import serve

CONTEXT: Final = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "reconciler.emulator.app",
        "openai",
        "uvicorn",
        "botocore.session",
        "psycopg",
        "tests.support.warm",
    ]
)
PATIENCE: Final = 120.0


def start() -> None:
    """Start the server, with its socket in the present folder for temporary files, whose path must be short."""
    forkserver.ensure_running()


class Killed(Exception):  # noqa: N818 - the outcome that a test expects, not a failure
    """The process was ended by SIGKILL."""


class Process:
    """A call of `function(*arguments)` in its own process, with `environ` added to the environment."""

    def __init__(self, environ: Mapping[str, str], function: Callable[..., Any], *arguments: Any) -> None:
        self._answer, theirs = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_call, args=(theirs, dict(environ), function, arguments), daemon=True)
        self.process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        assert self.process.pid
        return self.process.pid

    def result(self, patience: float | None = PATIENCE) -> Any:
        """Return the result within `patience` seconds; raise `Killed` if the process was killed."""
        try:
            assert self._answer.poll(patience), "no answer from the process"
            return self._answer.recv()
        except EOFError:
            self.process.join(PATIENCE)
            if self.process.exitcode == -signal.SIGKILL:
                raise Killed from None
            raise AssertionError(f"the process ended with {self.process.exitcode}; see its traceback") from None
        finally:
            self.process.join(PATIENCE)


def _call(
    answer: Connection, environ: dict[str, str], function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    os.environ.update(environ)
    answer.send(function(*arguments))


def run(environ: Mapping[str, str], function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result of `function(*arguments)` in its own process; raise `Killed` if the process was killed."""
    return Process(environ, function, *arguments).result()


@contextmanager
def api(
    data: Path | None = None, *, latency: float = 0.0, ingest_delay: float = 0.0, assistants: bool = False
) -> Iterator[str]:
    """Run the emulator in its own process, with its objects in `data` or in memory, and return its base URL."""
    settings = Settings(data=data, latency=latency, ingest_delay=ingest_delay, assistants=assistants)
    answer, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_serve, args=(theirs, settings), daemon=True)
    process.start()
    theirs.close()
    try:
        assert answer.poll(PATIENCE)
        yield answer.recv()
    finally:
        process.terminate()
        process.join(PATIENCE)


def _serve(announce: Connection, settings: Settings) -> None:
    serve(settings, "127.0.0.1", 0, announce.send)
