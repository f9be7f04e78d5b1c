"""The status of objects as a page: assistants with every difference, then all objects."""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.reports.html.changes import article
from reconciler.reports.html.markup import Markup, element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.style import count, more
from reconciler.reports.views.assistants import DIFFERS, IN_SYNC, AssistantView, SyncGroup
from reconciler.reports.views.changes import Tone
from reconciler.reports.views.status import RowView, StatusView

_OK: Final[Tone] = "new"
_ODD: Final[Tone] = "drift"
_MOST: Final = 500
"""The lines of one list that are shown; JSON has all."""


def status_html(view: StatusView, *, pull: str = "", revert: str = "") -> str:
    """Return a status as an HTML document. `pull` copies the live values of assistants into the manifests, and
    `revert` reverts them.
    """
    others = sum(not one.in_sync for one in view.rows)
    word = "In sync" if view.in_sync else "Not in sync"
    rest = f"{others} of {count(len(view.rows), 'object')} not in sync" if others else count(len(view.rows), "object")
    keep, undo = pull if view.pullable else "", revert if view.revertible else ""
    if view.destroyed:
        word, rest = "Destroyed", view.destroyed.removesuffix(".")
    facts = [("API", view.endpoint), ("Locked by", view.locked_by), ("Keep it", keep), ("Revert it", undo)]
    top = Top("safe" if view.in_sync else "risky", word, view.identity, f"{rest}; {view.last_apply}.", facts)
    return page(f"{word}: {view.identity}", top, _parts(view), [])


def _parts(view: StatusView) -> Iterator[Part]:
    yield Part("assistants", "Assistants", [*map(assistant_article, view.assistants)], len(view.assistants))
    yield Part("objects", "Objects", [*map(_row, view.rows)], len(view.rows))


def assistant_article(one: AssistantView) -> Markup:
    """Return an assistant with its live id, its status and every difference."""
    return article(one.word, tone_of(one), one.address, one.id, *map(group_block, one.groups))


def tone_of(one: AssistantView) -> Tone:
    """Return the colour of the sync status of an assistant."""
    return _OK if one.word == IN_SYNC else _ODD if one.word == DIFFERS else "changed"


def group_block(group: SyncGroup) -> Markup:
    """Return the differences of one sort under their title."""
    lines = [*group.lines[:_MOST], *([more(len(group.lines) - _MOST)] if len(group.lines) > _MOST else [])]
    return element("div", element("h4", group.title), code_list(lines))


def _row(one: RowView) -> Markup:
    word, tone = (IN_SYNC, _OK) if one.in_sync else (DIFFERS, _ODD)
    text = [element("p", one.text)] if one.text != word else []
    return article(word, tone, one.address, "" if one.id == "-" else one.id, *text)


def code_list(texts: Iterable[str]) -> Markup:
    return element("ul", [element("li", element("code", text)) for text in texts])
