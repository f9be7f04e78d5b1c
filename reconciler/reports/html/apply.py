"""The result of an apply as one page."""

from collections.abc import Iterator
from typing import Final

from reconciler.applying.model import ApplyResult, Status, Verdict
from reconciler.reports.html.changes import article
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.views.apply import FOUND, KEPT, ApplyView, OutcomeView, apply_view
from reconciler.reports.views.changes import TONES, Tone
from reconciler.reports.views.plan import Level
from reconciler.resources.problems import Problem

_LEVELS: Final[dict[Verdict, Level]] = {
    "already-applied": "nothing",
    "applied": "safe",
    "interrupted": "risky",
    "partly-applied": "refused",
    "failed": "refused",
}
_TONES: Final[dict[Status, Tone]] = {"failed": "refused", "skipped": "changed", "not-started": "untouched"}


def apply_html(result: ApplyResult) -> str:
    """Return `result` as an HTML document."""
    view = apply_view(result)
    facts = [] if result.already_applied else [("Finish with", view.resume), ("Requests", view.requests)]
    said = f"{view.text[:1].upper()}{view.text[1:]}."
    top = Top(_LEVELS[view.verdict], view.word, view.identity, said, facts)
    parts = [] if result.already_applied else _parts(view)
    return page(f"{view.word}: {view.identity}", top, parts, [f"Plan {view.digest}"])


def _parts(view: ApplyView) -> Iterator[Part]:
    for status, title, outcomes in view.sections:
        yield Part(status, title, [*map(_outcome, outcomes)], len(outcomes))
    kept = [article(word, "drift", address, "") for address, word in view.kept]
    yield Part("kept", KEPT, kept, len(kept))
    found = [element("ul", [element("li", element("code", address)) for address in view.found])]
    yield Part("found", FOUND, found if view.found else [], len(view.found))


def _outcome(outcome: OutcomeView) -> Markup:
    tone = _TONES.get(outcome.status, TONES[outcome.action])
    deleted = f"replaces {outcome.deleted}" if outcome.id and outcome.deleted else outcome.deleted
    where = "  ".join(filter(None, (outcome.id, deleted)))
    return article(outcome.word, tone, outcome.address, where, *_notes(outcome))


def _notes(outcome: OutcomeView) -> Iterator[Markup]:
    if outcome.waited:
        yield element("p", "Waited for ", element("code", outcome.waited), class_="quiet")
    if outcome.notes:
        yield element("p", outcome.notes, class_="quiet")
    if outcome.problem:
        yield _problem(outcome.problem)


def _problem(problem: Problem) -> Markup:
    label = element("strong", f"{problem.severity} {problem.code}: ")
    return element("p", label, problem.message, f" {problem.hint}" if problem.hint else None)
