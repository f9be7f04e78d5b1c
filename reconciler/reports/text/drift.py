"""Drift as text: the verdict first, then each object, what fails, what ends, each assistant, last what to type next."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.planning.drift import DriftReport
from reconciler.reports.style import Look, Style, count, plain, wrap, wrap_parts
from reconciler.reports.text.changes import drift_rows
from reconciler.reports.text.drift_words import (
    HINT_FAILING,
    ending,
    failures,
    in_sync_text,
    out_of_sync,
    sentence,
    shown_changes,
    standing_lines,
)
from reconciler.reports.text.fields import desired_first, first_few
from reconciler.reports.text.parts import headline, joined, section
from reconciler.reports.text.plan import remarks

_MOST: Final = 40
"""Assistants, and groups of failing files, that anybody reads in a terminal; JSON has them all."""


def drift_text(report: DriftReport, *, style: Style, command: str = "", pull: str = "") -> str:
    """What is not as it was applied, for a terminal; nothing in it is interpreted.

    `command` undoes it, and `pull` takes it into the manifests.
    """
    parts = [
        _verdict(report, style),
        section("Changed by hand", _by_hand(report, style), style),
        section("Failing files", list(_failing(report, style)), style),
        section("Retiring models", list(_retiring(report, style)), style),
        _assistants(report, style),
        *remarks(report.plan, style),
        _ways_out(report, command, pull),
    ]
    return joined(parts)


def _verdict(report: DriftReport, style: Style) -> list[str]:
    word = "In sync:" if report.in_sync else "Drift:"
    look: Look = "green" if report.clean else "yellow"
    return headline(word, look, f"{report.plan.identity}, {sentence(report)}.", style)


def _by_hand(report: DriftReport, style: Style) -> list[str]:
    rows = drift_rows(shown_changes(report), style, order=desired_first)
    return [style.paint("  manifest -> live", "dim"), *rows] if rows else []


def _failing(report: DriftReport, style: Style) -> Iterator[str]:
    found = failures(report)
    for one in found[:_MOST]:
        yield f"  {style.paint('!', 'red')} {style.paint(plain(one.store), 'bold')}"
        yield from wrap_parts(first_few(one.files), style.width, lead="      ", hang="      ")
        yield from _note(f"OpenAI: {one.reason}", style)
    if len(found) > _MOST:
        yield f"  … {len(found) - _MOST} more"
    if found:
        yield from (style.paint(line, "dim") for line in wrap(HINT_FAILING, style.width, lead="  ", hang="  "))


def _retiring(report: DriftReport, style: Style) -> Iterator[str]:
    for model in report.retiring:
        sign = style.paint("!", "red") if model.is_gone else style.paint("~", "yellow")
        yield f"  {sign} {style.paint(plain(model.model), 'bold')}  {ending(model)}"
        yield from wrap_parts(first_few(model.used_by), style.width, lead="      ", hang="      ")


def _assistants(report: DriftReport, style: Style) -> list[str]:
    """Without one that differs, a line."""
    found, others = out_of_sync(report), in_sync_text(report)
    rows = [line for one in found[:_MOST] for line in _standing(one.address, standing_lines(one), style)]
    if len(found) > _MOST:
        rows.append(f"  … {len(found) - _MOST} more that are not in sync")
    if not rows:
        return wrap(others, style.width) if others else []
    return section("Assistants", [*rows, *(wrap(others, style.width, lead="  ", hang="  ") if others else [])], style)


def _standing(address: str, lines: Sequence[str], style: Style) -> Iterator[str]:
    yield f"  {style.paint('~', 'yellow')} {style.paint(plain(address), 'bold')}"
    for line in lines:
        yield from wrap(line, style.width, lead="      ", hang="        ")


def _note(text: str, style: Style) -> Iterator[str]:
    yield from (style.paint(line, "dim") for line in wrap(text, style.width, lead="      # ", hang="        "))


def _ways_out(report: DriftReport, command: str, pull: str) -> list[str]:
    if report.in_sync or not command:
        return []
    keep = [f"Keep it with: {plain(pull)}"] if pull and report.is_pullable else []
    also = [f"It applies {count(report.pending, 'pending edit')} of the manifests too."] if report.pending else []
    return [*keep, f"Undo it with: {plain(command)}", *also]
