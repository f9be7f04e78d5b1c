"""Changes as items of a list: a line each, and what differs as a diff below it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from reconciler.planning.drift_class import drift_class
from reconciler.planning.model import DESTROYS, Change
from reconciler.reports.differences import Difference, differences
from reconciler.reports.markdown.escaping import code, fenced, folded, html_code, prose
from reconciler.reports.markdown.fitting import Item
from reconciler.reports.style import Style, count
from reconciler.reports.text.changes import SIGNS, shown_fields
from reconciler.reports.text.fields import Order, first_few, live_first, summary_lines
from reconciler.reports.text.folding import files_text, groups, paths, title
from reconciler.reports.wording import reason_texts, risk_note

DECISIONS: Final = {"revert": "reverted", "keep": "left alone", None: "undecided"}
_FOLD_ABOVE: Final = 24
"""Lines of a diff that is shown without a click."""
_WHOLE: Final = frozenset({"create", "release", *DESTROYS})
_PROSE: Final = Style(width=100)


def change_items(changes: Sequence[Change]) -> tuple[Item, ...]:
    """What applying does."""
    return _items(changes, _change)


def hand_items(changes: Sequence[Change], *, decide: bool = False, order: Order = live_first) -> tuple[Item, ...]:
    """The changes made outside Reconciler, values in this `order`; with `decide`, also what applying does with each."""
    return _items(changes, partial(_by_hand, decide=decide, order=order))


def _items(changes: Sequence[Change], one: Callable[[Change], Item]) -> tuple[Item, ...]:
    return tuple(one(group[0]) if len(group) == 1 else _files(group) for group in groups(changes))


def _files(group: Sequence[Change]) -> Item:
    first = group[0]
    names = fenced([" ".join(first_few(paths(group), 12))], "text")
    head = f"{code(SIGNS[first.action])} **{first.action}** {prose(files_text(group))}"
    return Item(f"{head}\n\n{names}", head, f"{first.action} of {len(group)} files")


def _change(change: Change) -> Item:
    head = _head(SIGNS[change.action], change.action, change)
    body = _whole(change) if change.action in _WHOLE else _fields(change)
    return _item(head, change, body, change.action)


def _by_hand(change: Change, *, decide: bool, order: Order) -> Item:
    word = "publish" if change.is_consequence else drift_class(change)
    head = _head("!", word, change) + (f" · {DECISIONS[change.decision]}" if decide else "")
    body = iter(()) if word in ("missing", "expired") else _fields(change, order)
    return _item(head, change, body, word)


def _head(sign: str, word: str, change: Change) -> str:
    where = f" · {code(f'{change.source.file}:{change.source.line}')}" if change.source else ""
    return f"{code(sign)} **{word}** {code(title(change))}{where}"


def _item(head: str, change: Change, body: Iterator[str], word: str) -> Item:
    notes = [f"- {prose(text)}" for text in reason_texts(change)]
    notes += [f"- **Risk:** {prose(risk_note(risk))}" for risk in change.risks]
    names = ", ".join(first_few([item.path for item in shown_fields(change)], 6))
    brief = f"{head}\n{code(names)}" if names else head
    return Item("\n\n".join(filter(None, [head, "\n".join(notes), *body])), brief, word)


def _whole(change: Change) -> Iterator[str]:
    lines = summary_lines(shown_fields(change), _PROSE, indent=0)
    if lines:
        yield fenced(lines, "text")


def _fields(change: Change, order: Order = live_first) -> Iterator[str]:
    """Short fields together in one diff, and each long one in its own."""
    for short, found in groupby(differences(shown_fields(change, order)), key=lambda one: one.short):
        if short:
            yield fenced([line for one in found for line in _marked(one)], "diff")
        else:
            yield from map(_long, found)


def _marked(one: Difference) -> list[str]:
    return [*one.lines, *([f"# {one.mark}"] if one.mark else [])]


def _long(one: Difference) -> str:
    counts = f"+{one.added} -{one.removed}"
    mark = f" ({one.mark})" if one.mark else ""
    block = fenced(map(_hunk, one.lines), "diff")
    if len(one.lines) > _FOLD_ABOVE:
        return folded(f"{html_code(one.label)} {counts}, {count(len(one.lines), 'line')}{mark}", block)
    return f"{code(one.label)} {counts}{mark}\n\n{block}"


def _hunk(line: str) -> str:
    """A heading as GitHub colours it."""
    return f"@{line} @@" if line.startswith("@ ") else line
