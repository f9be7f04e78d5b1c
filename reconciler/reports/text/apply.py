"""The result of an apply as text: failures first, then what is left and what was done, then the next command."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.applying.model import ApplyResult, Outcome, Status, Verdict
from reconciler.planning.model import ACTIONS
from reconciler.reports.style import (
    Look,
    Style,
    cells,
    counted,
    first_few,
    headline,
    joined,
    more,
    pad,
    plain,
    section,
    wrap,
    wrap_parts,
)
from reconciler.reports.text.changes import address_room, painted_sign
from reconciler.reports.text.problems import problem_lines
from reconciler.reports.views.apply import FOUND, KEPT, ApplyView, OutcomeView, apply_view, outcome_word
from reconciler.reports.views.changes import RECORD, SIGNS
from reconciler.reports.wording.phrases import object_text

LIST_AT_MOST: Final = 20
_LOOKS: Final[dict[Verdict, Look]] = {
    "already-applied": "green",
    "applied": "green",
    "interrupted": "yellow",
    "partly-applied": "red",
    "failed": "red",
}


def apply_text(result: ApplyResult, *, style: Style) -> str:
    """Return `result` for a terminal; long lists of outcomes without failures are counted by action."""
    view = apply_view(result)
    verdict = headline(f"{view.word}:", _LOOKS[view.verdict], f"{view.identity}, {plain(view.text)}.", style)
    if result.already_applied:
        return joined([verdict])
    kept = [f"{address} ({word})" for address, word in view.kept]
    sections = (_list(status, title, outcomes, style) for status, title, outcomes in view.sections)
    parts = [verdict, _names(FOUND, view.found, style), *sections, _names(KEPT, kept, style), _footer(view, style)]
    return joined(parts)


def outcome_line(outcome: Outcome) -> str:
    """Return a change and its outcome on one line, with the reason of a failure."""
    deleted = f" {plain(object_text(outcome.deleted, outcome.name))}" if outcome.deleted else ""
    line = f"{SIGNS[outcome.action]} {outcome_word(outcome)} {plain(outcome.address)}{deleted}"
    if outcome.problem:
        return f"{line}: {outcome.status}: error[{plain(outcome.problem.code)}]: {plain(outcome.problem.message)}"
    if outcome.because_of:
        return f"{line}: {outcome.status}: waited for {plain(outcome.because_of)}"
    return line if outcome.status == "done" else f"{line}: {outcome.status}"


def _names(title: str, names: Sequence[str], style: Style) -> list[str]:
    """Return `2 already completed by an interrupted run: a, b`."""
    if not names:
        return []
    lead = f"{len(names)} {title[:1].lower()}{title[1:]}: "
    return wrap_parts(first_few(names, LIST_AT_MOST), style.width, lead=lead, hang="  ")


def _list(status: Status, title: str, outcomes: Sequence[OutcomeView], style: Style) -> list[str]:
    """Return the first of many failures, and the counts of any other list that is too long."""
    if len(outcomes) <= LIST_AT_MOST:
        return section(title, _rows(outcomes, style), style)
    if status == "failed":
        rest = f"  {more(len(outcomes) - LIST_AT_MOST, 'more failed')}"
        return section(title, [*_rows(outcomes[:LIST_AT_MOST], style), rest], style)
    words = Counter(outcome.word for outcome in outcomes)
    return section(title, [f"  {counted({word: words[word] for word in (*ACTIONS, RECORD)})}"], style)


def _rows(outcomes: Sequence[OutcomeView], style: Style) -> list[str]:
    rooms = (
        max((len(outcome.word) for outcome in outcomes), default=0),
        address_room(plain(outcome.address) for outcome in outcomes),
    )
    return [line for outcome in outcomes for line in _lines(outcome, rooms, style)]


def _lines(outcome: OutcomeView, rooms: tuple[int, int], style: Style) -> Iterator[str]:
    action = pad(outcome.word, rooms[0])
    start = f"  {painted_sign(outcome.sign, style)} {action}  "
    address, end = plain(outcome.address), _end(outcome)
    gap = " " * (max(rooms[1] - cells(address), 0) + 2)
    if end and cells(f"  ± {action}  {address}{gap}{end}") <= style.width:
        yield f"{start}{style.paint(address, 'bold')}{gap}{style.paint(end, 'dim')}"
    else:
        yield start + style.paint(address, "bold")
        yield from (style.paint(line, "dim") for line in wrap(end, style.width, lead=" " * 6, hang=" " * 6) if end)
    if outcome.problem:
        yield from problem_lines(outcome.problem, style, indent=" " * 6)


def _end(outcome: OutcomeView) -> str:
    waited = f"waited for {outcome.waited}" if outcome.waited else ""
    deleted = f"replaces {outcome.deleted}" if outcome.id and outcome.deleted else outcome.deleted
    return "  ".join(plain(part) for part in (outcome.id, deleted, waited, outcome.notes) if part)


def _footer(view: ApplyView, style: Style) -> list[str]:
    resume = [f"Finish with: {plain(view.resume)}"] if view.resume else []
    return [*(wrap(view.request_text, style.width) if view.request_text else []), *resume]
