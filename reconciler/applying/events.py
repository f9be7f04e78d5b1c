"""The events of an apply (`reconciler/event/v1`): their type, from which their schema is made, and the file to which
they are written, one JSON document a line.
"""

import json
import os
import threading
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from reconciler.applying.codec import DeletedDocument, NoteDocument, outcome_json
from reconciler.applying.model import ApplyResult, Outcome, Status, Verdict
from reconciler.live.watching import Answer, Retry, Sent
from reconciler.planning.model import Action, Plan
from reconciler.resources.problems import Problem, ProblemDocument, problem_json

FORMAT: Final = "reconciler/event/v1"
Event: TypeAlias = Literal[
    "planned",  # before the confirmation
    "started",  # the changes are executed
    "change-started",
    "change-done",
    "change-failed",
    "change-skipped",  # a dependency failed
    "change-not-started",  # the run ended before
    "message",  # a wait, a lock, a rate limit
    "finished",  # always the last one, unless the process was killed
]
Ending: TypeAlias = Verdict | Literal["refused", "not-applied", "error"]
"""The outcome of a run: that of its apply, or the reason why nothing was applied."""


class RequestDocument(TypedDict):
    """One attempt of a request."""

    method: str
    """The HTTP method."""
    path: str
    """Relative to the URL of the API."""
    status: int | None
    """The HTTP status; null without a response."""
    request_id: str
    """The header `x-request-id`; empty if there is none."""
    seconds: float
    """From sending it to its response."""


class EventDocument(TypedDict):
    """One event of an apply. What does not apply is left out."""

    format: Literal["reconciler/event/v1"]
    event: Event
    """The kind of the event. New kinds may be added; ignore those that you do not know."""
    sequence: int
    """Counts from 1, without gaps."""
    time: str
    """In UTC, to the millisecond."""
    identity: NotRequired[str]
    plan_digest: NotRequired[str]
    """The digest of the plan."""
    changes: NotRequired[int]
    """The number of changes of the plan, or, once it is started, of steps: a replacement has two."""
    address: NotRequired[str]
    action: NotRequired[Action]
    status: NotRequired[Status]
    """The status of the change in the result of the apply."""
    id: NotRequired[str]
    """Of the live object, where there is one now."""
    deleted: NotRequired[DeletedDocument]
    """The live object that the change deletes."""
    seconds: NotRequired[float]
    """From the start of the change to its end."""
    waited: NotRequired[float]
    """The sum of the seconds for which requests of the change waited for the rate limit, or to be repeated."""
    requests: NotRequired[list[RequestDocument]]
    """The requests of the change, in the order of their responses."""
    problem: NotRequired[ProblemDocument]
    """The reason of a failure."""
    because_of: NotRequired[str]
    """For `change-skipped`: the address whose failure prevented this change."""
    notes: NotRequired[list[NoteDocument]]
    """Remarks about how the change was made."""
    message: NotRequired[str]
    outcome: NotRequired[Ending]
    """For `finished`: the verdict of the apply, or the reason why nothing was applied."""
    exit_code: NotRequired[int]
    """For `finished`: the exit code of the command."""
    summary: NotRequired[dict[Status, int]]
    """The number of changes by status."""
    problems: NotRequired[list[ProblemDocument]]
    """The errors that ended the command."""


@dataclass
class _Running:
    """A step that is being executed."""

    begun: float
    waited: float = 0.0
    requests: list[RequestDocument] = field(default_factory=list)


_RUNNING: Final[ContextVar[_Running | None]] = ContextVar("running_step", default=None)
"""The step of the current task, to which the requests of the task belong."""


class EventLog:
    """Writes the events of one command to a file descriptor, each whole and at once.

    A write that fails ends the log, but not the apply; `failed` is the reason.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._sequence = 0
        self._turn = threading.Lock()
        self._running: dict[tuple[str, Action], _Running] = {}
        self._result: ApplyResult | Plan | None = None
        self.failed: OSError | None = None

    def planned(self, plan: Plan) -> None:
        """Record the plan that is to be confirmed."""
        self._write("planned", identity=plan.identity, plan_digest=plan.digest, changes=len(plan.work))

    def begin(self, steps: int) -> None:
        """Record that the changes are executed from now on."""
        self._write("started", changes=steps)

    def started(self, address: str, action: Action) -> None:
        running = self._running[address, action] = _Running(monotonic())
        _RUNNING.set(running)
        self._write("change-started", address=address, action=action)

    def finished(self, outcome: Outcome) -> None:
        """Record the end of a step."""
        running = self._running.pop((outcome.address, outcome.action), None)
        seconds: dict[str, Any] = {}
        if running:
            seconds = {
                "seconds": round(monotonic() - running.begun, 3),
                "waited": round(running.waited, 3),
                "requests": running.requests,
            }
        self._outcome(outcome, seconds)

    def message(self, text: str) -> None:
        """Record a message for people."""
        self._write("message", message=text)

    def result(self, result: ApplyResult | Plan) -> None:
        """Record the result: the changes that were not tried, or the plan of which nothing was applied."""
        self._result = result
        for outcome in result.outcomes if isinstance(result, ApplyResult) else ():
            if outcome.status in ("skipped", "not-started"):
                self._outcome(outcome, {})

    def end(self, exit_code: int, problems: Iterable[Problem] = ()) -> None:
        """Record the end of the command."""
        found, result = [problem_json(problem) for problem in problems], self._result
        members: dict[str, Any] = {"exit_code": exit_code}
        if result is not None:
            digest = result.plan_digest if isinstance(result, ApplyResult) else result.digest
            members |= {"identity": result.identity, "plan_digest": digest}
        if isinstance(result, ApplyResult):
            counts = {status: len(result.of(status)) for status in ("done", "failed", "skipped", "not-started")}
            members |= {"outcome": result.verdict, "summary": counts}
        elif found or (result is None and exit_code):
            members["outcome"] = "error"
        else:
            members["outcome"] = "refused" if result and result.refusals else "not-applied"
        self._write("finished", **members, **({"problems": found} if found else {}))

    def sent(self, sent: Sent) -> None:
        running = _RUNNING.get()
        if running:
            running.waited += sent.waited

    def answered(self, answer: Answer) -> None:
        running = _RUNNING.get()
        if running:
            request: RequestDocument = {
                "method": answer.sent.method,
                "path": answer.sent.path,
                "status": answer.status,
                "request_id": answer.request_id,
                "seconds": round(answer.seconds, 3),
            }
            running.requests.append(request)

    def repeated(self, retry: Retry) -> None:
        running = _RUNNING.get()
        if running:
            running.waited += retry.seconds

    def _outcome(self, outcome: Outcome, more: Mapping[str, Any]) -> None:
        event: dict[Status, Event] = {
            "done": "change-done",
            "failed": "change-failed",
            "skipped": "change-skipped",
            "not-started": "change-not-started",
        }
        self._write(event[outcome.status], **outcome_json(outcome), **more)

    def _write(self, event: Event, **members: Any) -> None:
        with self._turn:
            if self.failed:
                return
            self._sequence += 1
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            document = {"format": FORMAT, "event": event, "sequence": self._sequence, "time": now, **members}
            try:
                _write_whole(self._descriptor, f"{json.dumps(document)}\n".encode())
            except OSError as error:
                self.failed = error


def _write_whole(descriptor: int, line: bytes) -> None:
    while line:  # one write, unless a pipe or a disk is full
        line = line[os.write(descriptor, line) :]
