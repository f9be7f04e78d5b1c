"""What an apply came to, as one page."""

from collections.abc import Iterator
from typing import Final

from reconciler.applying.model import ApplyResult, Outcome, Status, Verdict
from reconciler.planning.drift_class import drift_class
from reconciler.reports.html.changes import article
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.picture import TONES
from reconciler.reports.text.apply import FOUND, TITLES, VERDICTS, WORDS, applied_when
from reconciler.reports.text.parts import counted
from reconciler.reports.text.verdict import Level
from reconciler.reports.wording import notes_text
from reconciler.resources.problems import Problem

_LEVELS: Final[dict[Verdict, Level]] = {
    "already-applied": "nothing",
    "applied": "safe",
    "interrupted": "risky",
    "partly-applied": "refused",
    "failed": "refused",
}
_TONES: Final[dict[Status, str]] = {"failed": "refused", "skipped": "changed", "not-started": "untouched"}


def apply_html(result: ApplyResult) -> str:
    """`result` as an HTML document."""
    word = VERDICTS[result.verdict]
    if result.already_applied:
        said = f"This plan was applied before: {applied_when(result.already_applied)}."
        top = Top(_LEVELS[result.verdict], word, result.identity, said)
        return page(f"{word}: {result.identity}", top, [], [f"Plan {result.plan_digest}"])
    counts = counted({word: len(result.of(status)) for status, word in WORDS.items()})
    facts = [("Finish with", result.resume), ("Requests", counted(dict(sorted(result.requests.items()))))]
    top = Top(_LEVELS[result.verdict], word, result.identity, f"{counts or 'Nothing had to be done'}.", facts)
    return page(f"{word}: {result.identity}", top, _parts(result), [f"Plan {result.plan_digest}"])


def _parts(result: ApplyResult) -> Iterator[Part]:
    for status, title in TITLES:
        outcomes = result.of(status)
        yield Part(status, title, [_outcome(outcome) for outcome in outcomes], len(outcomes))
    kept = [article(drift_class(change), "hand", change.address, "") for change in result.kept]
    yield Part("kept", "Kept as changed by hand", kept, len(kept))
    found = [element("ul", [element("li", element("code", address)) for address in result.found])]
    yield Part("found", FOUND.capitalize(), found if result.found else [], len(result.found))


def _outcome(outcome: Outcome) -> Markup:
    id_ = outcome.id if outcome.id and outcome.id != outcome.address else ""
    tone = _TONES.get(outcome.status, TONES[outcome.action])
    return article(outcome.action, tone, outcome.address, id_, *_notes(outcome))


def _notes(outcome: Outcome) -> Iterator[Markup]:
    if outcome.because_of:
        yield element("p", "Waited for ", element("code", outcome.because_of), class_="quiet")
    if outcome.notes:
        yield element("p", notes_text(outcome.notes), class_="quiet")
    if outcome.problem:
        yield _problem(outcome.problem)


def _problem(problem: Problem) -> Markup:
    label = element("strong", f"{problem.severity} {problem.code}: ")
    return element("p", label, problem.message, f" {problem.hint}" if problem.hint else None)
