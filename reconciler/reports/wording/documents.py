"""The JSON document of a plan as it is printed: each statement gets a `text`, for people, beside its code."""

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.planning.codec import to_json
from reconciler.planning.model import Change, Plan, Refusal, Risk
from reconciler.reports.wording import (
    cause_text,
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
        costs = {**costs, "unknown": with_texts(costs["unknown"], map(unknown_text, plan.costs.unknown))}
    return {
        **document,
        "changes": changes_with_texts(document["changes"], plan.changes),
        "drift": changes_with_texts(document["drift"], plan.drift),
        "refusals": refusals_with_texts(document["refusals"], plan.refusals, Identity.parse(plan.identity).environment),
        "warnings": with_texts(document["warnings"], map(notice_text, plan.warnings)),
        "risks": _risks(document["risks"], plan.risks),
        "costs": costs,
    }


def refusals_with_texts(
    documents: Iterable[Any], refusals: Iterable[Refusal], environment: str | None = None
) -> list[JSON]:
    return [
        {
            **document,
            "cause": {**document["cause"], "text": cause_text(refusal.cause)},
            "remedies": with_texts(document["remedies"], (remedy_text(one, environment) for one in refusal.remedies)),
        }
        for document, refusal in zip(documents, refusals, strict=True)
    ]


def changes_with_texts(documents: Iterable[Any], changes: Iterable[Change]) -> list[JSON]:
    return [
        {
            **document,
            "reasons": with_texts(document["reasons"], map(reason_text, change.reasons)),
            "risks": _risks(document["risks"], change.risks),
        }
        for document, change in zip(documents, changes, strict=True)
    ]


def _risks(documents: Iterable[Any], risks: Sequence[Risk]) -> list[JSON]:
    return with_texts(documents, map(risk_text, risks))


def with_texts(documents: Iterable[Any], texts: Iterable[str]) -> list[JSON]:
    return [{**document, "text": text} for document, text in zip(documents, texts, strict=True)]
