"""JSON documents of plans with their sentences: each statement gets a `text`, for people, beside its code."""

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.planning.codec import refusal_json, to_json
from reconciler.planning.model import Change, Plan, Refusal, Risk
from reconciler.reports.wording import cause_text, notice_text, reason_text, remedy_text, risk_text, unknown_text
from reconciler.resources.values import JSON


def plan_json(plan: Plan) -> dict[str, JSON]:
    """Return the document that `plan -o json` prints and `--out` writes."""
    document: dict[str, Any] = to_json(plan)
    costs = document["costs"]
    if plan.costs:
        costs = {**costs, "unknown": _with_texts(costs["unknown"], map(unknown_text, plan.costs.unknown))}
    return {
        **document,
        "changes": _changes(document["changes"], plan.changes),
        "drift": _changes(document["drift"], plan.drift),
        "refusals": list(map(refusal_document, plan.refusals)),
        "warnings": _with_texts(document["warnings"], map(notice_text, plan.warnings)),
        "risks": _risks(document["risks"], plan.risks),
        "costs": costs,
    }


def refusal_document(refusal: Refusal) -> dict[str, JSON]:
    """Return a refusal as JSON, with its sentences."""
    document: dict[str, Any] = refusal_json(refusal)
    return {
        **document,
        "cause": {**document["cause"], "text": cause_text(refusal.cause)},
        "remedies": _with_texts(document["remedies"], map(remedy_text, refusal.remedies)),
    }


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
