"""The words for the values of plans and results. No decision reads them; each is rendered by `phrases.sentence`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.planning.model import Change, Refusal, Risk, Unknown
from reconciler.planning.reasons import Cause, Notice, Reason, Remedy
from reconciler.planning.referrers import PeerObject, Referrer
from reconciler.reports.wording import phrases
from reconciler.reports.wording.changes import NOTES, REASONS
from reconciler.reports.wording.notices import NOTICES, UNKNOWNS
from reconciler.reports.wording.refusals import CAUSES, CAUSES_OF_SEVERAL
from reconciler.reports.wording.remedies import Way, way_text, ways_of, ways_out
from reconciler.reports.wording.risks import RISK_TEXTS, RISK_TEXTS_OF_SEVERAL
from reconciler.resources.problems import Problem
from reconciler.resources.risks import Hazard

if TYPE_CHECKING:
    from reconciler.applying.model import Note


def reason_text(reason: Reason) -> str:
    return phrases.sentence(REASONS, reason.code, reason.args)


def reason_texts(change: Change) -> list[str]:
    return list(map(reason_text, change.reasons))


def deleted_text(change: Change) -> str:
    """Return the live object that a change deletes, by id and name; empty if it deletes none."""
    return phrases.object_text(change.deleted, change.name) if change.deleted else ""


def notice_text(notice: Notice) -> str:
    return phrases.sentence(NOTICES, notice.code, {**notice.args, "address": notice.address})


def note_text(note: "Note") -> str:
    return phrases.sentence(NOTES, note.code, note.args)


def notes_text(notes: "Sequence[Note]") -> str:
    return "; ".join(map(note_text, notes))


def cause_text(cause: Cause) -> str:
    return phrases.sentence(CAUSES, cause.code, cause.args)


def cause_of_several(cause: Cause) -> str:
    """Return the cause of the refusals of several objects; empty if it is stated for each of them."""
    return CAUSES_OF_SEVERAL.get(cause.code, "")


def remedy_text(remedy: Remedy, environment: str | None = None) -> str:
    """Return the ways out that one remedy stands for, as one clause."""
    return _alternatives(ways_of(remedy, environment))


def remedies_text(remedies: Sequence[Remedy], environment: str | None = None) -> str:
    """Return the ways out as one sentence; empty without any."""
    text = ""
    for ways in ways_out(remedies, environment):
        before = "" if not text else "; " if ways[0].aim else "; or "
        text += before + _alternatives(ways)
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}." if text else ""


def _alternatives(ways: Sequence[Way]) -> str:
    """Return ways as one text; those with an aim are for other cases."""
    parts = (f"{'; ' if way.aim else ', or '}{way_text(way)}" for way in ways[1:])
    return "".join([way_text(ways[0]), *parts])


def risk_text(risk: Risk) -> str:
    """Return one sentence about the object at risk."""
    text = str(risk.args["text"]) if "text" in risk.args else phrases.sentence(RISK_TEXTS, risk.rule, risk.args)
    part = f"{risk.part}: " if risk.part else ""
    users = f" ({risk.used_by}, which is published, uses it)" if risk.used_by else ""
    return f"{part}{text}{users}"


def risk_of_several(risk: Risk) -> str:
    """Return the sentence about several objects at the same risk; empty if it is stated for each of them."""
    is_plain = not risk.part and not risk.used_by
    return RISK_TEXTS_OF_SEVERAL.get((risk.rule, frozenset(risk.args)), "") if is_plain else ""


def risk_note(risk: Risk) -> str:
    """Return what stands beside a change."""
    return f"{risk.level} {risk.rule}: {risk_text(risk)}"


def hazard_text(hazard: Hazard) -> str:
    return phrases.sentence(RISK_TEXTS, hazard.rule, hazard.args)


def unknown_text(unknown: Unknown) -> str:
    return phrases.sentence(UNKNOWNS, unknown.what, {"names": unknown.names})


def referrer_text(referrer: Referrer) -> str:
    """Return a referrer with its state, such as `release/support@2 [published]`."""
    return f"{referrer.node} [{referrer.state}]" if referrer.state else str(referrer.node)


def place_text(referrer: Referrer) -> str:
    """Return where a referrer refers to what is refused; empty where nothing is to be said."""
    if isinstance(referrer.node, PeerObject) and referrer.place:
        return f"{referrer.place} of {referrer.node.identity}"
    return referrer.place


def refusal_problem(refusal: Refusal, environment: str | None = None) -> Problem:
    """Return a refusal that ends a command as an error."""
    return Problem(refusal.rule, cause_text(refusal.cause), hint=remedies_text(refusal.remedies, environment))
