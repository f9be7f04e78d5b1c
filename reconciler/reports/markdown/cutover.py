"""The switch of a chatbot as Markdown, for the text of a pull request."""

from collections.abc import Iterator
from typing import Final

from reconciler.migration.cutover_model import Cutover, Pair
from reconciler.reports.markdown.escaping import code, prose, table
from reconciler.reports.views.cutover import CALLS, NOTHING, WORDS, facts, sides, summary
from reconciler.reports.wording import hazard_text
from reconciler.resources.problems import Problem

_ROOM: Final = 80


def cutover_markdown(done: Cutover) -> str:
    """Return a table of the fields of every pair of assistants, and one of the calls of the application."""
    blocks = [f"# Cutover of {code(str(done.chatbot))}", prose(summary(done)), *_problems(done)]
    for pair in done.pairs:
        blocks += _pair(pair)
    if done.calls:
        old = next((pair.before_target for pair in done.pairs), "")
        rows = [(CALLS[one.code], prose(one.before), prose(one.after)) for one in done.calls]
        blocks += ["## Calls of the application", table(rows, ("", code(old), code(done.target)))]
    blocks += _list("## Release", [prose(one) for one in facts(done)])
    blocks += _list("## Files", [code(one.path) for one in done.edits])
    return "\n\n".join(blocks) + "\n"


def _problems(done: Cutover) -> Iterator[str]:
    yield from _list("## Refused", list(map(_problem, done.refusals)))
    yield from _list("## Warnings", list(map(_problem, done.warnings)))


def _problem(problem: Problem) -> str:
    hint = f" {prose(problem.hint)}" if problem.hint else ""
    where = f"{code(str(problem.place))}: " if problem.place else ""
    return f"{where}{prose(problem.message)}.{hint}"


def _pair(pair: Pair) -> Iterator[str]:
    yield f"## {code(str(pair.before))} → {code(str(pair.after))}"
    rows = [
        (WORDS[one.row.verdict], _side(one.before), _side(one.after), _note(one.row.note, one.row.hint))
        for one in sides(pair, _ROOM)
    ]
    if rows:
        yield table(rows, ("", code(pair.before_target), code(pair.after_target), "note"))
    if pair.risks:
        yield "\n".join(f"- {prose(hazard_text(one))}" for one in pair.risks)


def _side(text: str) -> str:
    return text if text == NOTHING else code(text)


def _note(note: str, hint: str) -> str:
    return "; ".join(prose(part) for part in (note, hint) if part)


def _list(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield title
        yield "\n".join(f"- {line}" for line in lines)
