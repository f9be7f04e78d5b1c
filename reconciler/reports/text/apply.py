"""What an apply came to, as text: what failed first, what is left, what was done, and how to go on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.applying.model import ApplyResult, Outcome, Status, Verdict
from reconciler.planning.drift_class import drift_class
from reconciler.planning.model import ACTIONS
from reconciler.reports.style import Look, Style, cells, count, pad, plain, wrap, wrap_parts
from reconciler.reports.text.changes import SIGNS, address_room, painted_sign
from reconciler.reports.text.fields import first_few
from reconciler.reports.text.parts import counted, headline, joined, section
from reconciler.reports.text.problems import problem_lines
from reconciler.reports.wording import notes_text
from reconciler.resources.json_documents import timestamp
from reconciler.state.model import AppliedPlan

LIST_AT_MOST: Final = 20
TITLES: Final[tuple[tuple[Status, str], ...]] = (
    ("failed", "Failed"),
    ("skipped", "Skipped: a dependency failed"),
    ("not-started", "Not started"),
    ("done", "Done"),
)
WORDS: Final[dict[Status, str]] = {
    "done": "done",
    "failed": "failed",
    "skipped": "skipped",
    "not-started": "not started",
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    "already-applied": "Nothing to do",
    "applied": "Applied",
    "interrupted": "Interrupted",
    "partly-applied": "Partly applied",
    "failed": "Failed",
}
LOOKS: Final[Mapping[Verdict, Look]] = {
    "already-applied": "green",
    "applied": "green",
    "interrupted": "yellow",
    "partly-applied": "red",
    "failed": "red",
}
FOUND: Final = "already completed by an interrupted run"


def apply_text(result: ApplyResult, *, style: Style) -> str:
    """`result` for a terminal; long lists of what was done, skipped or not started are counted by action instead."""
    if result.already_applied:
        rest = f"{result.identity}, this plan was applied before: {plain(applied_when(result.already_applied))}."
        return joined([headline(f"{VERDICTS[result.verdict]}:", LOOKS[result.verdict], rest, style)])
    sections = (_list(status, title, result.of(status), style) for status, title in TITLES)
    return joined(
        [_verdict(result, style), _found(result, style), *sections, _kept(result, style), _footer(result, style)]
    )


def applied_when(done: AppliedPlan) -> str:
    """The end of an earlier apply, and who made it."""
    at = timestamp(done.finished or done.started)
    return f"{at} by {done.holder}" + (f", {done.run_url}" if done.run_url else "")


def _found(result: ApplyResult, style: Style) -> list[str]:
    """What the run before had come to: that nothing was made twice is the first thing to know after a kill."""
    if not result.found:
        return []
    names = first_few([plain(address) for address in result.found], LIST_AT_MOST)
    return wrap_parts(names, style.width, lead=f"{len(result.found)} {FOUND}: ", hang="  ")


def _kept(result: ApplyResult, style: Style) -> list[str]:
    if not result.kept:
        return []
    names = first_few([f"{change.address} ({drift_class(change)})" for change in result.kept], LIST_AT_MOST)
    return wrap_parts(names, style.width, lead=f"{len(result.kept)} kept as changed by hand: ", hang="  ")


def _verdict(result: ApplyResult, style: Style) -> list[str]:
    counts = counted({word: len(result.of(status)) for status, word in WORDS.items()})
    verdict = result.verdict
    return headline(
        f"{VERDICTS[verdict]}:", LOOKS[verdict], f"{result.identity}, {counts or 'nothing had to be done'}.", style
    )


def _list(status: Status, title: str, outcomes: Sequence[Outcome], style: Style) -> list[str]:
    """Of many failures the first are shown, of anything else that is too long for a list its counts."""
    if len(outcomes) <= LIST_AT_MOST:
        return section(title, _rows(outcomes, style), style)
    if status == "failed":
        more = f"  … {len(outcomes) - LIST_AT_MOST} more failed"
        return section(title, [*_rows(outcomes[:LIST_AT_MOST], style), more], style)
    actions = Counter(outcome.action for outcome in outcomes)
    return section(title, [f"  {counted({action: actions[action] for action in ACTIONS})}"], style)


def _rows(outcomes: Sequence[Outcome], style: Style) -> list[str]:
    rooms = (
        max((len(outcome.action) for outcome in outcomes), default=0),
        address_room(plain(outcome.address) for outcome in outcomes),
    )
    return [line for outcome in outcomes for line in _lines(outcome, rooms, style)]


def _lines(outcome: Outcome, rooms: tuple[int, int], style: Style) -> Iterator[str]:
    action = pad(outcome.action, rooms[0])
    start = f"  {painted_sign(SIGNS[outcome.action], style)} {action}  "
    address, end = plain(outcome.address), _end(outcome)
    gap = " " * (max(rooms[1] - cells(address), 0) + 2)
    if end and cells(f"  ± {action}  {address}{gap}{end}") <= style.width:
        yield f"{start}{style.paint(address, 'bold')}{gap}{style.paint(end, 'dim')}"
    else:
        yield start + style.paint(address, "bold")
        yield from (style.paint(line, "dim") for line in wrap(end, style.width, lead=" " * 6, hang=" " * 6) if end)
    if outcome.problem:
        yield from problem_lines(outcome.problem, style, indent=" " * 6)


def _end(outcome: Outcome) -> str:
    waited = f"waited for {outcome.because_of}" if outcome.because_of else ""
    id_ = outcome.id if outcome.id != outcome.address else None
    return "  ".join(plain(part) for part in (id_, waited, notes_text(outcome.notes)) if part)


def _footer(result: ApplyResult, style: Style) -> list[str]:
    total = sum(result.requests.values())
    sent = f"{count(total, 'request')} sent: {counted(dict(sorted(result.requests.items())))}."
    resume = [f"Finish with: {plain(result.resume)}"] if result.resume else []
    return [*(wrap(sent, style.width) if total else []), *resume]
