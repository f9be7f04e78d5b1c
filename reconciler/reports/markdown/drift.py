"""Drift as an issue: drifted objects with both sides, failing and foreign files, retiring models, and the commands."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.drift import DriftReport
from reconciler.reports.markdown.changes import change_item
from reconciler.reports.markdown.escaping import code, folded, marker, prose
from reconciler.reports.markdown.fitting import LIMIT, Item, Section, fitted
from reconciler.reports.markdown.plan import remark_sections
from reconciler.reports.style import first_few
from reconciler.reports.views import drift as views
from reconciler.reports.views.assistants import AssistantView
from reconciler.reports.views.drift import DriftView, FailingView, ForeignView, RetiringView, drift_view
from reconciler.reports.views.plan import DRIFT

_MOST_FILES: Final = 12


def drift_markdown(report: DriftReport, *, revert: str = "", pull: str = "", full: str = "", limit: int = LIMIT) -> str:
    """Return `report` in at most `limit` characters; without the time of the run, so that equal reports are equal text.

    The first line is `marker("drift", identity)`. `revert` is the command that reverts the drift, `pull` the command
    that pulls it into the manifests; `full` is as for a plan.
    """
    view = drift_view(report)
    top = [marker("drift", view.identity), f"## {view.word}: {code(view.identity)}", f"{view.text}."]
    return fitted(top, list(_sections(view)), list(_commands(view, revert, pull)), full, limit)


def _sections(view: DriftView) -> Iterator[Section]:
    drift = f"### {DRIFT}\n\n{prose(views.DRIFT_NOTE)}"
    yield Section(drift, tuple(map(change_item, view.drift)), worth=2)
    failing = f"### {views.FAILING}\n\n{views.FAILING_NOTE}"
    yield Section(failing, tuple(map(_failing, view.failing)), worth=4, joint="\n")
    foreign = f"### {views.FOREIGN}\n\n{views.FOREIGN_NOTE}"
    yield Section(foreign, tuple(map(_foreign, view.foreign)), worth=4, joint="\n")
    yield Section(f"### {views.RETIRING}", tuple(map(_retiring, view.retiring)), worth=4, joint="\n")
    yield Section(f"### {views.ASSISTANTS}", tuple(_assistants(view)), worth=1)
    yield from remark_sections(view.remarks)


def _failing(one: FailingView) -> Item:
    line = f"- {code(one.store)} {code(' '.join(first_few(one.files, _MOST_FILES)))}"
    return Item(f"{line}: {code(one.reason)}", line, "failing file" if len(one.files) == 1 else "failing files")


def _foreign(one: ForeignView) -> Item:
    line = f"- {code(one.store)}"
    noun = "foreign file" if len(one.files) == 1 else "foreign files"
    return Item(f"{line} {code(' '.join(first_few(one.files, _MOST_FILES)))}", line, noun)


def _retiring(model: RetiringView) -> Item:
    line = f"- {code(model.model)} {model.text}"
    return Item(f"{line}: {code(' '.join(first_few(model.used_by, _MOST_FILES)))}", line, "retiring model")


def _assistants(view: DriftView) -> Iterator[Item]:
    """Return the number in sync first, so that it is shown even if the list of the others is cut."""
    if view.in_sync_text:
        names = "\n".join(f"- {code(one.address)}" for one in view.in_sync_assistants)
        yield Item(folded(view.in_sync_text, names), view.in_sync_text, "assistant in sync")
    if view.not_applied_text:
        yield Item(prose(view.not_applied_text), prose(view.not_applied_text), "assistant not applied")
    yield from map(_assistant, view.out_of_sync)


def _assistant(one: AssistantView) -> Item:
    line = f"- {code(one.address)}"
    return Item("\n".join([line, *(f"  - {code(text)}" for text in one.lines)]), line, "assistant")


def _commands(view: DriftView, revert: str, pull: str) -> Iterator[str]:
    if view.in_sync:
        return
    yield "---"
    if pull and view.can_pull:
        yield f"Keep it with: {code(pull)}" + (f" {prose(view.keep_note)}" if view.keep_note else "")
    if revert and view.can_revert:
        yield f"{view.revert_word} with: {code(revert)}" + (f" {view.pending}" if view.pending else "")
