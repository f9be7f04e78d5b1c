"""The progress of an apply on stderr: a bar in a terminal, lines in a log."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Protocol, TextIO

from reconciler.applying.model import Outcome
from reconciler.planning.model import Action
from reconciler.reports.style import Style, plain
from reconciler.reports.text.apply import outcome_line


class Progress(Protocol):
    """A receiver of the events of an apply; may be called from several threads."""

    def started(self, address: str, action: Action) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...

    def note(self, text: str) -> None:
        """Show a message now: a wait, a retry, a lock."""
        ...


@contextmanager
def progress_to(stream: TextIO, total: int, *, style: Style) -> Iterator[Progress]:
    """Show the progress of `total` changes on `stream`: a live bar in a terminal that can move the cursor, otherwise
    lines.
    """
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        from reconciler.reports.progress_bar import bar

        with bar(stream, total, style) as shown:
            yield shown
    else:
        yield LogProgress(stream, total)


class LogProgress:
    """A line per finished change, at most one every `interval` seconds; failures, notes and the last always show."""

    def __init__(
        self, stream: TextIO, total: int, *, interval: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._total, self._interval, self._clock = stream, total, interval, clock
        self._done, self._next = 0, 0.0
        self._lock = Lock()

    def started(self, address: str, action: Action) -> None:
        """Do nothing: a log shows changes when they are finished."""

    def finished(self, outcome: Outcome) -> None:
        with self._lock:
            self._done += 1
            now = self._clock()
            if outcome.status == "done" and now < self._next and self._done < self._total:
                return
            self._next = now + self._interval
            self._write(f"[{self._done}/{self._total}] {outcome_line(outcome)}")

    def note(self, text: str) -> None:
        with self._lock:
            self._write(plain(text))

    def _write(self, line: str) -> None:
        with suppress(OSError):  # a closed log must not stop the apply
            self._stream.write(f"{line}\n")
            self._stream.flush()
