"""Reports of a command while it runs: requests on stderr (`-v`), and events in a file (`--json-events`)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import codes
from reconciler.cli.output import note
from reconciler.cli.parameter_types import Output, check_outputs

if TYPE_CHECKING:
    from reconciler.applying.events import EventLog
    from reconciler.applying.model import Outcome
    from reconciler.operations.run import Progress
    from reconciler.planning.model import Action

_LINE: Final[ContextVar[Callable[[str], None]]] = ContextVar("line", default=note)
"""Prints a line on stderr: above the progress bar, if there is one."""
EVENTS: Final[ContextVar["EventLog | None"]] = ContextVar("events", default=None)
"""The event log of the command; None without `--json-events`."""


@contextmanager
def shown_with(progress: "Progress") -> Iterator["Progress"]:
    """Print lines above the progress in the body, and yield a progress that also records events."""
    token = _LINE.set(progress.note)
    log = EVENTS.get()
    try:
        yield _Recorded(progress, log) if log else progress
    finally:
        _LINE.reset(token)


class _Recorded:
    """A progress whose events and messages are also recorded."""

    def __init__(self, progress: "Progress", log: "EventLog") -> None:
        self._progress, self._log = progress, log

    def started(self, address: str, action: "Action") -> None:
        self._log.started(address, action)
        self._progress.started(address, action)

    def finished(self, outcome: "Outcome") -> None:
        self._log.finished(outcome)
        self._progress.finished(outcome)

    def note(self, text: str) -> None:
        self._log.message(text)
        self._progress.note(text)


def print_line(text: str) -> None:
    """Print a line on stderr."""
    _LINE.get()(text)


def wait_note(text: str) -> None:
    """Print and record that the command waits."""
    if log := EVENTS.get():
        log.message(text)
    print_line(text)


def watch_requests(ctx: click.Context, *, detailed: bool) -> None:
    """Print the requests until the command ends."""
    from reconciler.operations.observation import RequestLog, watching

    log, watch = RequestLog(print_line, detailed=detailed), ExitStack()
    watch.callback(log.end)
    watch.enter_context(watching(log))
    ctx.call_on_close(watch.close)


def recorded(function: Callable[..., int]) -> Callable[..., int]:
    """Add `--json-events` to a command that applies a plan, and record its end."""

    @wraps(function)
    def run(*args: Any, json_events: Path | None, **options: Any) -> int:
        if json_events is None:
            return function(*args, **options)
        if str(json_events) == "-":
            raise click.UsageError("--json-events -: stdout has the result of the command; pass a file, or /dev/stderr")
        check_outputs()
        from reconciler.operations.observation import recording

        with recording(json_events, note) as log:
            return _run(log, lambda: function(*args, **options))

    option = click.option(
        "--json-events",
        metavar="FILE",
        type=Output("event", dir_okay=True, allow_dash=True),
        help="Also write the events of the apply to FILE while it runs, one JSON document a line.",
    )
    return option(run)


def _run(log: "EventLog", work: Callable[[], int]) -> int:
    from reconciler.resources.problems import ReconcilerError

    token = EVENTS.set(log)
    try:
        code = work()
    except ReconcilerError as error:
        log.end(error.exit_code, error.problems)
        raise
    except BaseException as error:
        log.end(codes.USAGE if isinstance(error, click.UsageError) else codes.FAILED)
        raise
    finally:
        EVENTS.reset(token)
    log.end(code)
    return code
