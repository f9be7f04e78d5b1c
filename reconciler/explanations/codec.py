"""Explanations as JSON documents (`reconciler/explanation/v1`)."""

from dataclasses import asdict
from typing import Annotated, Final, Literal

from typing_extensions import TypedDict

from reconciler.explanations.model import CodeExplanation, Explanation, FieldExplanation, KindSummary, TermExplanation
from reconciler.resources.json_documents import ShapeOf
from reconciler.resources.values import JSON

EXPLANATION_FORMAT: Final = "reconciler/explanation/v1"


class ExplanationDocument(TypedDict):
    """The explanation of a kind, a field, a code or a term."""

    format: Literal["reconciler/explanation/v1"]
    topic: str
    """The words that were explained; empty for the list of kinds."""
    kinds: list[Annotated[JSON, ShapeOf(KindSummary)]]
    """The kinds of manifest, if no topic was given."""
    fields: list[Annotated[JSON, ShapeOf(FieldExplanation)]]
    """The field; several if its meaning depends on the form of the values around it."""
    codes: list[Annotated[JSON, ShapeOf(CodeExplanation)]]
    """The code; several if different messages have it."""
    terms: list[Annotated[JSON, ShapeOf(TermExplanation)]]
    """The term, or the word that plans and reports print; several if it has several meanings."""


def explanation_json(explanation: Explanation) -> ExplanationDocument:
    return {
        "format": EXPLANATION_FORMAT,
        "topic": explanation.topic,
        "kinds": list(map(asdict, explanation.kinds)),
        "fields": list(map(asdict, explanation.fields)),
        "codes": list(map(asdict, explanation.codes)),
        "terms": list(map(asdict, explanation.terms)),
    }
