"""The JSON document of an apply (`reconciler/apply/v2`): its types, from which its schema is made, and its encoder."""

from typing import Any, Final, Literal, NotRequired, cast

from typing_extensions import TypedDict

from reconciler.applying.model import ApplyResult, NoteCode, Outcome, Status, Verdict
from reconciler.planning.drift_codec import ClassDocument
from reconciler.planning.model import Action, drift_class
from reconciler.resources.problems import ProblemDocument, problem_json
from reconciler.resources.values import JSON
from reconciler.state.output import AppliedPlanDocument, applied_plan_json

FORMAT: Final = "reconciler/apply/v2"
_STATUSES: Final[tuple[Status, ...]] = ("done", "failed", "skipped", "not-started")


class NoteDocument(TypedDict):
    """A remark about how a change was made."""

    code: NoteCode
    """Stays the same from version to version."""
    args: dict[str, JSON]
    """The values that the sentence needs, by name."""
    text: NotRequired[str]
    """The sentence, for people."""


class DeletedDocument(TypedDict):
    """A live object that a change deletes."""

    id: str
    name: str
    """Its live name; of an upload, the name of the file. Empty if it has none."""


class OutcomeDocument(TypedDict):
    """One change, and what became of it. What does not apply is left out."""

    address: str
    action: Action
    status: Status
    """`skipped`: a dependency failed; `not-started`: the run ended before."""
    id: NotRequired[str]
    """Of the live object, where there is one now."""
    deleted: NotRequired[DeletedDocument]
    """The live object that the change deletes: with status `done`, it was deleted unless a note says otherwise."""
    problem: NotRequired[ProblemDocument]
    """The reason of a failure."""
    because_of: NotRequired[str]
    """For `skipped`: the address whose failure prevented this change."""
    notes: NotRequired[list[NoteDocument]]
    """Remarks about how it was made."""


class KeptDocument(ClassDocument):
    """One object that was changed outside Reconciler and is left as it is."""

    address: str


class ApplyDocument(TypedDict):
    """Every change of a plan with its outcome, in the order of the plan."""

    format: Literal["reconciler/apply/v2"]
    identity: str
    """PROJECT or PROJECT/ENVIRONMENT."""
    plan_digest: str
    """The digest of the plan that was applied."""
    verdict: Verdict
    """The outcome of the whole apply. `already-applied`: this plan was applied before, and nothing was done."""
    complete: bool
    """True where every change is done."""
    interrupted: bool
    """True where the run was asked to stop."""
    summary: dict[Status, int]
    """The number of changes by status."""
    outcomes: list[OutcomeDocument]
    """Every change of the plan."""
    kept: list[KeptDocument]
    """Objects that were changed outside Reconciler and are left as they are."""
    found: list[str]
    """Addresses of what an interrupted run had done already: it was found, and not done again."""
    requests: dict[str, int]
    """Requests sent to OpenAI, by HTTP method."""
    resume: str | None
    """The command that finishes what is left."""
    already_applied: AppliedPlanDocument | None
    """The earlier apply of this plan, where there is nothing to do because of it."""


def apply_json(result: ApplyResult) -> ApplyDocument:
    """Return `result` as the JSON document that `apply -o json` prints."""
    return {
        "format": FORMAT,
        "identity": result.identity,
        "plan_digest": result.plan_digest,
        "verdict": result.verdict,
        "complete": result.complete,
        "interrupted": result.interrupted,
        "summary": {status: len(result.of(status)) for status in _STATUSES},
        "outcomes": list(map(outcome_json, result.outcomes)),
        "kept": [{"address": change.address, "class": drift_class(change)} for change in result.kept],
        "found": list(result.found),
        "requests": dict(result.requests),
        "resume": result.resume or None,
        "already_applied": applied_plan_json(result.already_applied) if result.already_applied else None,
    }


def outcome_json(outcome: Outcome) -> OutcomeDocument:
    """Return one outcome as JSON."""
    document: dict[str, Any] = {
        "address": outcome.address,
        "action": outcome.action,
        "status": outcome.status,
        "id": outcome.id,
        "deleted": {"id": outcome.deleted, "name": outcome.name} if outcome.deleted else None,
        "problem": problem_json(outcome.problem) if outcome.problem else None,
        "because_of": outcome.because_of,
        "notes": [{"code": note.code, "args": dict(note.args)} for note in outcome.notes] or None,
    }
    return cast("OutcomeDocument", {key: value for key, value in document.items() if value is not None})
