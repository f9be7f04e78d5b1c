"""Values as JSON documents, versioned by their `format`. A plan's is `reports.wording.documents.plan_json`."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Final

from reconciler.applying.model import FORMAT as APPLY_FORMAT, ApplyResult, Note, Outcome, Status
from reconciler.planning.drift import FORMAT as DRIFT_FORMAT, DriftReport, RetiringModel, Standing
from reconciler.planning.model import Change, FieldChange
from reconciler.planning.writers import Seen
from reconciler.reports.drift import GONE, drift_class
from reconciler.reports.text.drift_words import summary
from reconciler.reports.wording import note_text
from reconciler.reports.wording.documents import plan_json
from reconciler.resources.problems import Problem
from reconciler.resources.values import ABSENT, JSON

PROBLEMS_FORMAT: Final = "reconciler/problems/v1"
_STATUSES: Final[tuple[Status, ...]] = ("done", "failed", "skipped", "not-started")


def drift_json(report: DriftReport) -> dict[str, JSON]:
    """`report`: entries are changes as in a plan, with their `class` and what was `seen`; `before` is what is live."""
    plan = report.plan
    changes = tuple(item.change for item in report.drifted)
    parts = plan_json(replace(plan, changes=(), drift=changes, refusals=()))
    more = [{"class": drift_class(item.change), "seen": _seen_json(item.seen)} for item in report.drifted]
    return {
        "format": DRIFT_FORMAT,
        "identity": plan.identity,
        "commit": plan.commit,
        "created_at": plan.created_at,
        "in_sync": report.in_sync,
        "clean": report.clean,
        "summary": summary(report),
        "entries": [before | entry for before, entry in zip(more, parts["drift"], strict=True)],
        "failing": [asdict(file) for file in report.failing],
        "retiring": [_retiring_json(model) for model in report.retiring],
        "assistants": [_standing_json(one) for one in report.assistants],
        "foreign": [asdict(one) for one in report.foreign],
        "unmanaged": parts["unmanaged"],
        "warnings": parts["warnings"],
    }


def apply_json(result: ApplyResult) -> dict[str, JSON]:
    """What an apply came to, in the order of the plan."""
    return {
        "format": APPLY_FORMAT,
        "identity": result.identity,
        "plan_digest": result.plan_digest,
        "verdict": result.verdict,
        "complete": result.complete,
        "interrupted": result.interrupted,
        "summary": {status: len(result.of(status)) for status in _STATUSES},
        "outcomes": [_outcome_json(outcome) for outcome in result.outcomes],
        "kept": [{"address": change.address, "class": drift_class(change)} for change in result.kept],
        "found": list(result.found),
        "requests": dict(result.requests),
        "resume": result.resume or None,
        "already_applied": result.already_applied or None,
    }


def problems_json(problems: Iterable[Problem]) -> dict[str, JSON]:
    """`problems` in their order; `place` is null where a problem has none."""
    documents = [_problem_json(problem) for problem in problems]
    severities = Counter(document["severity"] for document in documents)
    return {
        "format": PROBLEMS_FORMAT,
        "summary": {"error": severities["error"], "warning": severities["warning"]},
        "problems": documents,
    }


def dumps(document: JSON) -> str:
    """`document` as indented ASCII, the same text for the same document, and safe to print on any terminal."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _seen_json(seen: Seen) -> dict[str, JSON]:
    """`changed_at` is null, and a field not in `by`, where nobody can tell."""
    at = seen.changed_at
    changed_at = None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return {"changed_at": changed_at, "by": dict(seen.by)}


def _retiring_json(model: RetiringModel) -> dict[str, JSON]:
    return {"model": model.model, "on": str(model.on), "is_gone": model.is_gone, "used_by": list(model.used_by)}


def _standing_json(one: Standing) -> dict[str, JSON]:
    return {
        "address": one.address,
        "in_sync": one.in_sync,
        "pending": one.is_pending,
        "differs": [_differing_json(change) for change in one.differs],
        "failing": [{"store": file.store, "file": file.file} for file in one.failing],
    }


def _differing_json(change: Change) -> dict[str, JSON]:
    """Both sides of each field; one is left out where it has no value, as both are of what is gone."""
    word = drift_class(change)
    fields = () if word in GONE else change.fields
    return {"address": change.address, "class": word, "fields": [_sides_json(item) for item in fields]}


def _sides_json(item: FieldChange) -> dict[str, JSON]:
    before_after = {"manifest": item.desired, "live": item.live}
    return {"path": item.path} | {side: value for side, value in before_after.items() if value is not ABSENT}


def _outcome_json(outcome: Outcome) -> dict[str, JSON]:
    document: dict[str, JSON] = {
        "address": outcome.address,
        "action": outcome.action,
        "status": outcome.status,
        "id": outcome.id,
        "problem": _problem_json(outcome.problem) if outcome.problem else None,
        "because_of": outcome.because_of,
        "notes": [_note_json(note) for note in outcome.notes] or None,
    }
    return {key: value for key, value in document.items() if value is not None}


def _note_json(note: Note) -> dict[str, JSON]:
    return {"code": note.code, "args": dict(note.args), "text": note_text(note)}


def _problem_json(problem: Problem) -> dict[str, JSON]:
    place = problem.place
    return {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "place": {"file": place.file, "line": place.line, "column": place.column} if place else None,
        "hint": problem.hint,
    }
