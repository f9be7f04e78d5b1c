"""The switch of a chatbot for terminals: both configurations side by side, the calls, the release and the files."""

from collections.abc import Iterator
from typing import Final

from reconciler.migration.cutover_model import Cutover, Pair
from reconciler.reports.style import Look, Style, clip, count, headline, joined, pad, plain, section, wrap
from reconciler.reports.views.cutover import CALLS, SIGNS, facts, remarks, sides, summary
from reconciler.resources.problems import Problem

_LOOKS: Final[dict[str, Look]] = {"~": "yellow", "!": "yellow", "-": "red", "+": "green"}


def cutover_text(done: Cutover, *, style: Style) -> str:
    """Return the fields of every pair of assistants, what the application does differently, and what is written."""
    verdict: tuple[str, Look] = ("Refused:", "red") if done.refusals else ("Cutover:", "green")
    return joined(
        [
            headline(*verdict, summary(done), style),
            section("Refused", [line for one in done.refusals for line in _refusal(one, style)], style),
            *(list(_pair(pair, style)) for pair in done.pairs),
            section("Calls of the application", list(_calls(done, style)), style),
            section("Release", [line for one in facts(done) for line in _line(one, style)], style),
            section(_wrote(done), [f"  {plain(one.path)}" for one in done.edits], style),
        ]
    )


def _wrote(done: Cutover) -> str:
    files = count(len(done.edits), "file")
    return f"Wrote {files}" if done.written else f"Would write {files}"


def _pair(pair: Pair, style: Style) -> Iterator[str]:
    new = ", new manifest" if pair.is_new else "" if pair.is_switched else ", already in use"
    yield style.paint(f"{plain(str(pair.before))} -> {plain(str(pair.after))}", "bold") + new
    room = max((style.width - 6) // 2, 20)
    if pair.rows:
        yield style.paint(f"    {pad(pair.before_target, room)}  {pair.after_target}", "dim")
    for one in sides(pair, room):
        sign = SIGNS[one.row.verdict]
        mark = style.paint(sign, _LOOKS[sign]) if sign in _LOOKS else sign
        yield f"  {mark} {pad(clip(one.before, room), room)}  {clip(one.after, room)}".rstrip()
    for sign, note, hint in remarks(pair):
        first, *rest = wrap(note, style.width, lead=f"      {sign} ", hang="        ")
        yield from [first, *rest]
        yield from wrap(hint, style.width, lead="        hint: ", hang="        ") if hint else ()


def _calls(done: Cutover, style: Style) -> Iterator[str]:
    for one in done.calls:
        yield from wrap(one.before, style.width, lead=f"  - {CALLS[one.code]:<9}  ", hang=" " * 15)
        yield from wrap(one.after, style.width, lead=f"  + {'':<9}  ", hang=" " * 15)


def _refusal(problem: Problem, style: Style) -> Iterator[str]:
    where = f"{problem.place}: " if problem.place else ""
    yield from wrap(f"{where}{problem.message}", style.width, lead=f"  {problem.code}  ", hang="      ")
    if problem.hint:
        yield from wrap(problem.hint, style.width, lead="      hint: ", hang="      ")


def _line(text: str, style: Style) -> list[str]:
    return wrap(text, style.width, lead="  ", hang="    ")
