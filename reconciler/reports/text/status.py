"""The status of every object as a table, or of the objects that were asked for with every difference of assistants."""

from collections.abc import Iterator
from typing import Final

from reconciler.reports.style import Look, Style, joined, more, plain, wrap
from reconciler.reports.text.tables import ADDRESSES, table
from reconciler.reports.views.assistants import DIFFERS, IN_SYNC, AssistantView, SyncGroup
from reconciler.reports.views.drift import force_note
from reconciler.reports.views.status import StatusView

_MOST: Final = 40
"""The lines of one list that are shown; JSON has all."""

_IDS: Final = "`reconciler status ADDRESS`, -o json or a wider terminal"


def status_text(view: StatusView, *, style: Style, pull: str = "", revert: str = "") -> str:
    """Return the last apply and the lock, then one line per object.

    If addresses were asked for, assistants have all their differences instead, followed by the commands: `pull` copies
    the live values into the manifests, and `revert` reverts them.
    """
    lines = wrap(f"{view.identity} at {view.endpoint}; {view.last_apply}", style.width, hang="  ")
    if view.locked_by:
        lines += wrap(f"locked by {view.locked_by}", style.width, hang="  ")
    if view.destroyed:
        return "\n".join([*lines, *wrap(view.destroyed, style.width, hang="  ")])
    listed = [(one.address, one.text, one.id) for one in view.listed]
    rows = table(
        listed,
        ("ADDRESS", "STATUS", "ID"),
        style=style,
        expendable=("ID",),
        below=("ID",) if view.is_chosen else (),
        folded=("STATUS",),
        least=ADDRESSES,
        instead=_IDS,
    )
    if not view.is_chosen:
        return "\n".join([*lines, "", rows])
    blocks = [list(_assistant(one, style)) for one in view.assistants]
    return joined([lines, *blocks, rows.splitlines(), _commands(view, pull, revert, style)])


def _assistant(one: AssistantView, style: Style) -> Iterator[str]:
    yield style.paint(plain(one.address), "bold") + (f"  {plain(one.id)}" if one.id else "")
    yield f"  {style.paint(one.word, _look(one))}"
    for group in one.groups:
        yield from _group(group, style)


def _look(one: AssistantView) -> Look:
    return "green" if one.word == IN_SYNC else "yellow" if one.word == DIFFERS else "cyan"


def _group(group: SyncGroup, style: Style) -> Iterator[str]:
    yield from wrap(group.title, style.width, lead="  ", hang="    ")
    for line in group.lines[:_MOST]:
        yield from wrap(line, style.width, lead="    ", hang="      ")
    if len(group.lines) > _MOST:
        yield f"    {more(len(group.lines) - _MOST)}"


def _commands(view: StatusView, pull: str, revert: str, style: Style) -> list[str]:
    keep = [f"Keep it with: {plain(pull)}"] if pull and view.pullable else []
    keep += wrap(force_note(view.contested), style.width) if keep and view.contested else []
    return [*keep, f"Revert it with: {plain(revert)}"] if revert and view.revertible else keep
