"""Drift as text: the summary, then drifted objects, failing and foreign files, models, assistants, and the commands."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.drift import DriftReport
from reconciler.reports.style import Style, first_few, headline, joined, more, plain, section, wrap, wrap_parts
from reconciler.reports.text.changes import change_rows
from reconciler.reports.text.plan import remark_parts
from reconciler.reports.views import drift as views
from reconciler.reports.views.assistants import AssistantView
from reconciler.reports.views.drift import DriftView, drift_view
from reconciler.reports.views.plan import DRIFT

_MOST: Final = 40
"""The assistants, and the groups of failing files, that are shown; JSON has all."""


def drift_text(report: DriftReport, *, style: Style, command: str = "", pull: str = "") -> str:
    """Return `report` for a terminal, with all control characters of values escaped.

    `command` reverts the drift, and `pull` pulls it into the manifests.
    """
    view = drift_view(report)
    note = [style.paint(f"  {views.DRIFT_NOTE}", "dim")] if view.drift else []
    parts = [
        headline(f"{view.word}:", "green" if view.clean else "yellow", f"{view.identity}, {view.text}.", style),
        section(DRIFT, [*note, *change_rows(view.drift, style)], style),
        section(views.FAILING, list(_failing(view, style)), style),
        section(views.FOREIGN, list(_foreign(view, style)), style),
        section(views.RETIRING, list(_retiring(view, style)), style),
        _assistants(view, style),
        *remark_parts(view.remarks, style),
        _commands(view, command, pull, style),
    ]
    return joined(parts)


def _failing(view: DriftView, style: Style) -> Iterator[str]:
    for one in view.failing[:_MOST]:
        yield f"  {style.paint('!', 'red')} {style.paint(plain(one.store), 'bold')}"
        yield from wrap_parts(first_few(one.files), style.width, lead="      ", hang="      ")
        lines = wrap(f"OpenAI: {one.reason}", style.width, lead="      # ", hang="        ")
        yield from (style.paint(line, "dim") for line in lines)
    if len(view.failing) > _MOST:
        yield f"  {more(len(view.failing) - _MOST)}"
    if view.failing:
        lines = wrap(views.FAILING_NOTE, style.width, lead="  ", hang="  ")
        yield from (style.paint(line, "dim") for line in lines)


def _foreign(view: DriftView, style: Style) -> Iterator[str]:
    for one in view.foreign[:_MOST]:
        yield f"  {style.paint('?', 'yellow')} {style.paint(plain(one.store), 'bold')}"
        yield from wrap_parts(first_few(one.files), style.width, lead="      ", hang="      ")
    if len(view.foreign) > _MOST:
        yield f"  {more(len(view.foreign) - _MOST)}"
    if view.foreign:
        lines = wrap(views.FOREIGN_NOTE, style.width, lead="  ", hang="  ")
        yield from (style.paint(line, "dim") for line in lines)


def _retiring(view: DriftView, style: Style) -> Iterator[str]:
    for model in view.retiring:
        sign = style.paint("!", "red") if model.is_gone else style.paint("~", "yellow")
        yield f"  {sign} {style.paint(plain(model.model), 'bold')}  {model.text}"
        yield from wrap_parts(first_few(model.used_by), style.width, lead="      ", hang="      ")


def _assistants(view: DriftView, style: Style) -> list[str]:
    """Return a section, or only the numbers if no assistant differs."""
    rows = [line for one in view.out_of_sync[:_MOST] for line in _assistant(one, style)]
    if len(view.out_of_sync) > _MOST:
        rows.append(f"  {more(len(view.out_of_sync) - _MOST, 'more that are not in sync')}")
    lead = "  " if rows else ""
    texts = filter(None, (view.in_sync_text, view.not_applied_text))
    counted = [line for text in texts for line in wrap(text, style.width, lead=lead, hang=lead)]
    return section(views.ASSISTANTS, [*rows, *counted], style) if rows else counted


def _assistant(one: AssistantView, style: Style) -> Iterator[str]:
    yield f"  {style.paint('~', 'yellow')} {style.paint(plain(one.address), 'bold')}"
    for line in one.lines:
        yield from wrap(line, style.width, lead="      ", hang="        ")


def _commands(view: DriftView, revert: str, pull: str, style: Style) -> list[str]:
    if view.in_sync or not revert:
        return []
    keep = [f"Keep it with: {plain(pull)}"] if pull and view.can_pull else []
    keep += wrap(view.keep_note, style.width) if keep and view.keep_note else []
    undo = [f"{view.revert_word} with: {plain(revert)}", *filter(None, [view.pending])] if view.can_revert else []
    return [*keep, *undo]
