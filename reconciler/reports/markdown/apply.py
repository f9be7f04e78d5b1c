"""The result of an apply as a comment: failures first, then what is left and what was done, then the next command."""

from collections.abc import Iterator
from typing import Final

from reconciler.applying.model import ApplyResult, Status
from reconciler.reports.markdown.escaping import code, marker, prose
from reconciler.reports.markdown.fitting import LIMIT, Item, Section, fitted
from reconciler.reports.views.apply import FOUND, KEPT, ApplyView, OutcomeView, apply_view
from reconciler.resources.problems import Problem

_WORTH: Final[dict[Status, int]] = {"failed": 4, "not-started": 3, "skipped": 2, "done": 1}


def apply_markdown(result: ApplyResult, *, full: str = "", limit: int = LIMIT) -> str:
    """Return `result` in at most `limit` characters; the first line is `marker("apply", result.identity)`."""
    view = apply_view(result)
    said = f"{prose(f'{view.text[:1].upper()}{view.text[1:]}')}."
    top = [marker("apply", view.identity), f"## {view.word}: {code(view.identity)}", said]
    if result.already_applied:
        return fitted(top, [], [], full, limit)
    return fitted(top, list(_sections(view)), list(_bottom(view)), full, limit)


def _sections(view: ApplyView) -> Iterator[Section]:
    for status, title, outcomes in view.sections:
        yield Section(f"### {title}", tuple(map(_item, outcomes)), worth=_WORTH[status], joint="\n")
    kept = (f"- {code(address)} {word}" for address, word in view.kept)
    yield Section(f"### {KEPT}", tuple(Item(line, line, "kept") for line in kept), joint="\n")
    found = (f"- {code(address)}" for address in view.found)
    yield Section(f"### {FOUND}", tuple(Item(line, line, "found") for line in found), worth=1, joint="\n")


def _item(outcome: OutcomeView) -> Item:
    head = f"- {code(outcome.sign)} **{outcome.word}** {code(outcome.address)}"
    ends = [code(outcome.id)] if outcome.id else []
    ends += [f"{'replaces ' if outcome.id else ''}{code(outcome.deleted)}"] if outcome.deleted else []
    ends += [f"waited for {code(outcome.waited)}"] if outcome.waited else []
    ends += [prose(outcome.notes)] if outcome.notes else []
    full = " · ".join([head, *ends])
    if outcome.problem:
        full += "\n  " + _problem(outcome.problem)
    return Item(full, head, outcome.word)


def _problem(problem: Problem) -> str:
    hint = f" {prose(problem.hint)}" if problem.hint else ""
    return f"**{problem.severity}** {code(problem.code)}: {prose(problem.message)}{hint}"


def _bottom(view: ApplyView) -> Iterator[str]:
    yield "---"
    if view.resume:
        yield f"Finish with {code(view.resume)}."
    if view.request_text:
        yield prose(view.request_text)
    yield f"Plan {code(view.digest)}"
