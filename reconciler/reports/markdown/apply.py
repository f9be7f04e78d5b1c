"""What an apply came to, as a comment: what failed first, what is left, what was done, and how to go on."""

from collections.abc import Iterator
from typing import Final

from reconciler.applying.model import ApplyResult, Outcome, Status
from reconciler.planning.drift_class import drift_class
from reconciler.reports.markdown.escaping import code, marker, prose
from reconciler.reports.markdown.fitting import LIMIT, Item, Section, fitted
from reconciler.reports.style import count
from reconciler.reports.text.apply import FOUND, TITLES, VERDICTS, WORDS, applied_when
from reconciler.reports.text.changes import SIGNS
from reconciler.reports.text.parts import counted
from reconciler.reports.wording import notes_text
from reconciler.resources.problems import Problem

_WORTH: Final[dict[Status, int]] = {"failed": 4, "not-started": 3, "skipped": 2, "done": 1}


def apply_markdown(result: ApplyResult, *, full: str = "", limit: int = LIMIT) -> str:
    """`result` in at most `limit` characters; the first line is `marker("apply", result.identity)`."""
    mark = marker("apply", result.identity)
    word = VERDICTS[result.verdict]
    if result.already_applied:
        said = f"This plan was applied before: {prose(applied_when(result.already_applied))}."
        return fitted([mark, f"## {word}: {code(result.identity)}", said], [], [], full, limit)
    counts = counted({word: len(result.of(status)) for status, word in WORDS.items()})
    top = [mark, f"## {word}: {code(result.identity)}", f"{counts or 'Nothing had to be done'}."]
    return fitted(top, list(_sections(result)), list(_bottom(result)), full, limit)


def _sections(result: ApplyResult) -> Iterator[Section]:
    for status, title in TITLES:
        yield Section(f"### {title}", tuple(map(_item, result.of(status))), worth=_WORTH[status], joint="\n")
    kept = tuple(
        Item(line, line, "kept") for line in (f"- {code(one.address)} {drift_class(one)}" for one in result.kept)
    )
    yield Section("### Kept as changed by hand", kept, joint="\n")
    found = tuple(Item(line, line, "found") for line in (f"- {code(address)}" for address in result.found))
    yield Section(f"### {FOUND.capitalize()}", found, worth=1, joint="\n")


def _item(outcome: Outcome) -> Item:
    head = f"- {code(SIGNS[outcome.action])} **{outcome.action}** {code(outcome.address)}"
    ends = [code(outcome.id)] if outcome.id and outcome.id != outcome.address else []
    ends += [f"waited for {code(outcome.because_of)}"] if outcome.because_of else []
    ends += [prose(notes_text(outcome.notes))] if outcome.notes else []
    full = " · ".join([head, *ends])
    if outcome.problem:
        full += "\n  " + _problem(outcome.problem)
    return Item(full, head, outcome.action)


def _problem(problem: Problem) -> str:
    hint = f" {prose(problem.hint)}" if problem.hint else ""
    return f"**{problem.severity}** {code(problem.code)}: {prose(problem.message)}{hint}"


def _bottom(result: ApplyResult) -> Iterator[str]:
    yield "---"
    if result.resume:
        yield f"Finish with {code(result.resume)}."
    if result.requests:
        total = sum(result.requests.values())
        yield f"{count(total, 'request')} sent: {prose(counted(dict(sorted(result.requests.items()))))}."
    yield f"Plan {code(result.plan_digest)}"
