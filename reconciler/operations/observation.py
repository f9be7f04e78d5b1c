"""Reports of a command while it runs: its requests as lines for people, and the events of an apply in a file."""

import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.applying.events import EventLog
from reconciler.files.outputs import is_open_file
from reconciler.live.watching import WATCHERS, Answer, Retry, Sent, Watcher
from reconciler.resources.problems import Problem, ReconcilerError

_NOTABLE = 0.1
"""Seconds of waiting from which a wait is shown."""


class RequestLog:
    """Tells a line for each request, and the sum at the end; with `detailed` also when a request is sent, its query and
    its wait for the rate limit.
    """

    def __init__(self, tell: Callable[[str], None], *, detailed: bool) -> None:
        self._tell, self._detailed = tell, detailed
        self._methods: Counter[str] = Counter()
        self._retries, self._seconds, self._waited = 0, 0.0, 0.0

    def sent(self, sent: Sent) -> None:
        self._methods[sent.method] += 1
        self._waited += sent.waited
        if self._detailed:
            query = "".join(f" {name}={value}" for name, value in sent.query.items())
            attempt = f" (attempt {sent.attempt})" if sent.attempt > 1 else ""
            self._tell(f"> {sent.method} {sent.path}{query}{attempt}{_waited(sent.waited)}")

    def answered(self, answer: Answer) -> None:
        self._seconds += answer.seconds
        status = str(answer.status) if answer.status else "no response"
        failure = f" {answer.failure}" if answer.failure else ""
        id_ = f" {answer.request_id}" if answer.request_id else ""
        sign = "< " if self._detailed else ""
        sent = answer.sent
        self._tell(f"{sign}{sent.method} {sent.path} {status}{failure} in {_duration(answer.seconds)}{id_}")

    def repeated(self, retry: Retry) -> None:
        self._retries += 1
        sent = retry.sent
        self._tell(f"retry {sent.method} {sent.path} in {_duration(retry.seconds)} (attempt {sent.attempt + 1})")

    def end(self) -> None:
        """Tell the sum, if a request was sent."""
        if self._methods:
            sent = ", ".join(f"{number} {method}" for method, number in sorted(self._methods.items()))
            again = f", {self._retries} repeated" if self._retries else ""
            waited = _waited(self._waited)
            self._tell(f"Requests: {sent}{again}; {_duration(self._seconds)} until their responses{waited}.")


def _waited(seconds: float) -> str:
    return f", {_duration(seconds)} of waiting for the rate limit" if seconds >= _NOTABLE else ""


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Report the requests that the body sends to `watcher`."""
    token = WATCHERS.set((*WATCHERS.get(), watcher))
    try:
        yield
    finally:
        WATCHERS.reset(token)


@contextmanager
def recording(file: Path, warn: Callable[[str], None]) -> Iterator[EventLog]:
    """Record the events of the body in `file`; raises ReconcilerError if it cannot be written, before the body.

    `warn` is called at the end if not everything could be written.
    """
    descriptor = _opened(file)
    log = EventLog(descriptor)
    try:
        with watching(log):
            yield log
    finally:
        os.close(descriptor)
        if log.failed:
            warn(f"warning: {file} is incomplete, because it could not be written: {log.failed.strerror}")


def _opened(file: Path) -> int:
    how = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    is_file = not is_open_file(file) and (file.is_file() or not file.exists())
    try:
        descriptor = os.open(file, how | os.O_NOFOLLOW if is_file else how, 0o666)
    except OSError as error:
        raise _unwritable(file, error.strerror) from error
    about = os.fstat(descriptor)
    if _is_stdout(about):
        os.close(descriptor)
        raise _unwritable(file, "it is stdout, which has the result of the command")
    if is_file and stat.S_ISREG(about.st_mode):
        os.ftruncate(descriptor, 0)
    return descriptor


def _unwritable(file: Path, why: str | None) -> ReconcilerError:
    hint = "Choose another file for --json-events. Nothing was changed."
    return ReconcilerError(Problem("unwritable", f"cannot write {file}: {why}", hint=hint))


def _is_stdout(about: os.stat_result) -> bool:
    try:
        out = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return False
    return os.path.samestat(about, out) and not os.path.samestat(about, Path(os.devnull).stat())
