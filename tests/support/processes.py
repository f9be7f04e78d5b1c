"""Processes that can be killed. They are forked from one that has imported everything, so that each starts at once."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from reconciler.emulator import Settings
from reconciler.emulator.serve import serve

CONTEXT: Final = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["tests.crash.runs", "reconciler.emulator.app", "openai", "uvicorn", "obstore", "psycopg", "tests.crash.warm"]
)
PATIENCE: Final = 120.0


class Killed(Exception):  # noqa: N818 - what became of a process, as the test wanted it
    """The process died of SIGKILL."""


class Process:
    """`function(*arguments)` in a process of its own, with `environ` as all of its environment that is ours."""

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
        """What the function returns, after so many seconds at most; raises `Killed`."""
        try:
            assert self._answer.poll(patience), "the process says nothing"
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
    """The result of `function(*arguments)`, called in a process of its own; raises `Killed`."""
    return Process(environ, function, *arguments).result()


@contextmanager
def api(data: Path, latency: float = 0.0) -> Iterator[str]:
    """The embedded API in a process of its own, with its objects in `data`; gives its base URL."""
    answer, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_serve, args=(theirs, data, latency), daemon=True)
    process.start()
    theirs.close()
    try:
        assert answer.poll(PATIENCE)
        yield answer.recv()
    finally:
        process.terminate()
        process.join(PATIENCE)


def _serve(announce: Connection, data: Path, latency: float) -> None:
    serve(Settings(data=data, latency=latency), "127.0.0.1", 0, announce.send)
