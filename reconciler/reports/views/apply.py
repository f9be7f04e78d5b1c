"""The result of an apply as all reports show it: the verdict, the outcomes by status, and the requests."""

from dataclasses import dataclass
from typing import Final

from reconciler.applying.model import ApplyResult, Outcome, Status, Verdict
from reconciler.planning.model import Action, drift_class
from reconciler.reports.style import count, counted
from reconciler.reports.views.changes import RECORD, SIGNS
from reconciler.reports.wording import notes_text
from reconciler.reports.wording.phrases import object_text
from reconciler.resources.json_documents import timestamp
from reconciler.resources.problems import Problem
from reconciler.state.model import AppliedPlan

TITLES: Final[tuple[tuple[Status, str], ...]] = (
    ("failed", "Failed"),
    ("skipped", "Skipped: a dependency failed"),
    ("not-started", "Not started"),
    ("done", "Done"),
)
KEPT: Final = "Drift kept"
FOUND: Final = "Already completed by an interrupted run"
_WORDS: Final[dict[Status, str]] = {
    "done": "done",
    "failed": "failed",
    "skipped": "skipped",
    "not-started": "not started",
}
_VERDICTS: Final[dict[Verdict, str]] = {
    "already-applied": "No changes",
    "applied": "Applied",
    "interrupted": "Interrupted",
    "partly-applied": "Partly applied",
    "failed": "Failed",
}


@dataclass(frozen=True)
class OutcomeView:
    """The outcome of one change."""

    status: Status
    sign: str
    action: Action
    word: str
    """The action, or `record`."""
    address: str
    id: str
    """The live object; empty if it does not exist or the address is its id."""
    deleted: str
    """The live object that the change deletes, by id and name; empty if it deletes none."""
    waited: str
    """The address of the dependency that failed; empty for any other outcome."""
    notes: str
    problem: Problem | None


@dataclass(frozen=True)
class ApplyView:
    """The result of an apply with all its texts, not escaped."""

    identity: str
    digest: str
    verdict: Verdict
    word: str
    text: str
    """The counts, without a full stop, beginning in lower case."""
    sections: tuple[tuple[Status, str, tuple[OutcomeView, ...]], ...]
    """Outcomes by status, with a title."""
    kept: tuple[tuple[str, str], ...]
    """Addresses of drift that was kept, each with its class."""
    found: tuple[str, ...]
    resume: str
    requests: str
    """The requests that were sent, by method; empty without any."""
    request_text: str
    """The same with their number, as one sentence."""


def apply_view(result: ApplyResult) -> ApplyView:
    counts = counted({word: len(result.of(status)) for status, word in _WORDS.items()})
    text = counts or "no changes were necessary"
    if result.already_applied:
        text = f"this plan was applied before: {_applied_when(result.already_applied)}"
    requests, total = counted(dict(sorted(result.requests.items()))), sum(result.requests.values())
    return ApplyView(
        identity=result.identity,
        digest=result.plan_digest,
        verdict=result.verdict,
        word=_VERDICTS[result.verdict],
        text=text,
        sections=tuple((status, title, tuple(map(outcome_view, result.of(status)))) for status, title in TITLES),
        kept=tuple((change.address, drift_class(change)) for change in result.kept),
        found=result.found,
        resume=result.resume,
        requests=requests,
        request_text=f"{count(total, 'request')} sent: {requests}." if total else "",
    )


def outcome_view(outcome: Outcome) -> OutcomeView:
    return OutcomeView(
        status=outcome.status,
        sign=SIGNS[outcome.action],
        action=outcome.action,
        word=outcome_word(outcome),
        address=outcome.address,
        id=outcome.id if outcome.id and outcome.id not in (outcome.address, outcome.deleted) else "",
        deleted=object_text(outcome.deleted, outcome.name) if outcome.deleted else "",
        waited=outcome.because_of or "",
        notes=notes_text(outcome.notes),
        problem=outcome.problem,
    )


def outcome_word(outcome: Outcome) -> str:
    return RECORD if outcome.only_records else outcome.action


def _applied_when(done: AppliedPlan) -> str:
    """Return the end of the earlier apply, its holder and its run."""
    at = timestamp(done.finished or done.started)
    return f"{at} by {done.holder}" + (f", {done.run_url}" if done.run_url else "")
