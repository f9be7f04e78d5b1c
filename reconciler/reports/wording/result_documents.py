"""JSON documents of drift and results as they are printed, with texts like those of plans; see `documents`."""

from typing import Any

from reconciler.applying.codec import apply_json
from reconciler.applying.model import ApplyResult
from reconciler.planning.drift import DriftReport
from reconciler.planning.drift_codec import drift_json
from reconciler.releases.codec import archived_json
from reconciler.releases.model import Archived
from reconciler.reports.wording import note_text, notice_text
from reconciler.reports.wording.documents import changes_with_texts, refusals_with_texts, with_texts
from reconciler.resources.values import JSON


def drift_document(report: DriftReport) -> dict[str, JSON]:
    """Return the document that `drift -o json` prints and `--out` writes."""
    document: dict[str, Any] = {**drift_json(report)}
    return {
        **document,
        "entries": changes_with_texts(document["entries"], (item.change for item in report.drifted)),
        "warnings": with_texts(document["warnings"], map(notice_text, report.plan.warnings)),
    }


def apply_document(result: ApplyResult) -> dict[str, JSON]:
    """Return the document that `apply -o json` prints."""
    document: dict[str, Any] = {**apply_json(result)}
    outcomes = [
        {**one, "notes": with_texts(one["notes"], map(note_text, outcome.notes))} if "notes" in one else one
        for one, outcome in zip(document["outcomes"], result.outcomes, strict=True)
    ]
    return {**document, "outcomes": outcomes}


def archive_document(done: Archived) -> dict[str, JSON]:
    """Return the document that `archive -o json` prints."""
    document: dict[str, Any] = {**archived_json(done)}
    return {**document, "refusals": refusals_with_texts(document["refusals"], (one.refusal for one in done.refusals))}
