"""JSON documents as they are printed: each statement gets a `text`, for people, beside its code."""

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.applying.codec import apply_json
from reconciler.applying.model import ApplyResult
from reconciler.planning.codec import to_json
from reconciler.planning.drift import DriftReport
from reconciler.planning.drift_codec import drift_json
from reconciler.planning.model import Change, Plan, Refusal, Risk
from reconciler.releases.codec import archived_json
from reconciler.releases.model import Archived
from reconciler.reports.wording import (
    cause_text,
    note_text,
    notice_text,
    reason_text,
    remedy_text,
    risk_text,
    unknown_text,
)
from reconciler.resources.address import Identity
from reconciler.resources.values import JSON


def plan_document(plan: Plan) -> dict[str, JSON]:
    """Return the document that `plan -o json` prints and `--out` writes."""
    document: dict[str, Any] = {**to_json(plan)}
    costs = document["costs"]
    if plan.costs:
        costs = {**costs, "unknown": _with_texts(costs["unknown"], map(unknown_text, plan.costs.unknown))}
    return {
        **document,
        "changes": _changes(document["changes"], plan.changes),
        "drift": _changes(document["drift"], plan.drift),
        "refusals": _refusals(document["refusals"], plan.refusals, Identity.parse(plan.identity).environment),
        "warnings": _with_texts(document["warnings"], map(notice_text, plan.warnings)),
        "risks": _risks(document["risks"], plan.risks),
        "costs": costs,
    }


def drift_document(report: DriftReport) -> dict[str, JSON]:
    """Return the document that `drift -o json` prints and `--out` writes."""
    document: dict[str, Any] = {**drift_json(report)}
    return {
        **document,
        "entries": _changes(document["entries"], (item.change for item in report.drifted)),
        "warnings": _with_texts(document["warnings"], map(notice_text, report.plan.warnings)),
    }


def apply_document(result: ApplyResult) -> dict[str, JSON]:
    """Return the document that `apply -o json` prints."""
    document: dict[str, Any] = {**apply_json(result)}
    outcomes = [
        {**one, "notes": _with_texts(one["notes"], map(note_text, outcome.notes))} if "notes" in one else one
        for one, outcome in zip(document["outcomes"], result.outcomes, strict=True)
    ]
    return {**document, "outcomes": outcomes}


def archive_document(done: Archived) -> dict[str, JSON]:
    """Return the document that `archive -o json` prints."""
    document: dict[str, Any] = {**archived_json(done)}
    return {**document, "refusals": _refusals(document["refusals"], (one.refusal for one in done.refusals))}


def _refusals(documents: Iterable[Any], refusals: Iterable[Refusal], environment: str | None = None) -> list[JSON]:
    return [
        {
            **document,
            "cause": {**document["cause"], "text": cause_text(refusal.cause)},
            "remedies": _with_texts(document["remedies"], (remedy_text(one, environment) for one in refusal.remedies)),
        }
        for document, refusal in zip(documents, refusals, strict=True)
    ]


def _changes(documents: Iterable[Any], changes: Iterable[Change]) -> list[JSON]:
    return [
        {
            **document,
            "reasons": _with_texts(document["reasons"], map(reason_text, change.reasons)),
            "risks": _risks(document["risks"], change.risks),
        }
        for document, change in zip(documents, changes, strict=True)
    ]


def _risks(documents: Iterable[Any], risks: Sequence[Risk]) -> list[JSON]:
    return _with_texts(documents, map(risk_text, risks))


def _with_texts(documents: Iterable[Any], texts: Iterable[str]) -> list[JSON]:
    return [{**document, "text": text} for document, text in zip(documents, texts, strict=True)]
