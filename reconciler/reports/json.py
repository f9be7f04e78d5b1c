"""Values as JSON documents, versioned by their `format`. A plan's is `reconciler.planning.codec.to_json`."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from reconciler.applying.model import FORMAT as APPLY_FORMAT, ApplyResult, Outcome, Status
from reconciler.planning.codec import to_json
from reconciler.planning.model import Plan
from reconciler.reports.drift import DRIFT_CLASSES, drift_class, made_by_hand
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON

DRIFT_FORMAT: Final = "reconciler/drift/v1"
PROBLEMS_FORMAT: Final = "reconciler/problems/v1"
_STATUSES: Final[tuple[Status, ...]] = ("done", "failed", "skipped", "not-started")


def drift_json(plan: Plan) -> dict[str, JSON]:
    """The drift of `plan`: entries are changes as in a plan, each with its `class`; `before` is what is live."""
    drift = made_by_hand(plan)
    parts = to_json(replace(plan, changes=(), drift=drift, refusals=()))
    classes = [drift_class(change) for change in drift]
    found = Counter(classes)
    return {
        "format": DRIFT_FORMAT,
        "identity": plan.identity,
        "commit": plan.commit,
        "created_at": plan.created_at,
        "in_sync": not drift,
        "summary": {word: found[word] for word in DRIFT_CLASSES} | {"unchanged": plan.unchanged},
        "entries": [{"class": word} | entry for word, entry in zip(classes, parts["drift"], strict=True)],
        "unmanaged": parts["unmanaged"],
        "warnings": parts["warnings"],
    }


def apply_json(result: ApplyResult) -> dict[str, JSON]:
    """What an apply came to, in the order of the plan."""
    return {
        "format": APPLY_FORMAT,
        "identity": result.identity,
        "plan_digest": result.plan_digest,
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


def _outcome_json(outcome: Outcome) -> dict[str, JSON]:
    document: dict[str, JSON] = {
        "address": outcome.address,
        "action": outcome.action,
        "status": outcome.status,
        "id": outcome.id,
        "problem": _problem_json(outcome.problem) if outcome.problem else None,
        "because_of": outcome.because_of,
        "note": outcome.note or None,
    }
    return {key: value for key, value in document.items() if value is not None}


def _problem_json(problem: Problem) -> dict[str, JSON]:
    place = problem.place
    return {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "place": {"file": place.file, "line": place.line, "column": place.column} if place else None,
        "hint": problem.hint,
    }
