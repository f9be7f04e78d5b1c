"""Changes: a heading each, what differs as a diff, and long texts folded."""

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Final

from reconciler.planning.drift_class import drift_class
from reconciler.planning.model import DESTROYS, Change, Decision
from reconciler.reports.differences import Difference, differences
from reconciler.reports.html.markup import Markup, element, join
from reconciler.reports.picture import TONES
from reconciler.reports.style import Style, count
from reconciler.reports.text.changes import shown_fields
from reconciler.reports.text.fields import Order, ShownField, live_first, summary_lines
from reconciler.reports.text.folding import files_text, groups, paths, title
from reconciler.reports.wording import reason_texts, risk_note

DECISIONS: Final[dict[Decision | None, str]] = {"revert": "reverted", "keep": "left alone", None: "undecided"}
_WHOLE: Final = frozenset({"create", "release", *DESTROYS})
_OPEN_LINES: Final = 24
"""Lines of a diff that is shown without a click."""
_MOST_FILES: Final = 500
_STYLE: Final = Style(width=110)
_ROLES: Final = {"+": "ins", "-": "del"}


def change_articles(changes: Sequence[Change]) -> list[Markup]:
    """What applying does."""
    return [_change(group[0]) if len(group) == 1 else _files(group) for group in groups(changes)]


def hand_articles(changes: Sequence[Change], *, decide: bool = False, order: Order = live_first) -> list[Markup]:
    """The changes made outside Reconciler, values in this `order`; with `decide`, also what applying does with each."""
    found = groups(changes)
    return [_by_hand(group[0], decide=decide, order=order) if len(group) == 1 else _files(group) for group in found]


def badge(word: str, tone: str) -> Markup:
    return element("span", word, class_=f"badge {tone}")


def article(word: str, tone: str, address: str, where: str, *body: Markup) -> Markup:
    """One thing with its heading."""
    heading = element(
        "h3",
        badge(word, tone),
        element("span", address, class_="address"),
        element("span", where, class_="where") if where else None,
    )
    return element("article", heading, *body)


def _change(change: Change) -> Markup:
    fields = shown_fields(change)
    body = _whole(fields) if change.action in _WHOLE else _fields(fields)
    return article(change.action, TONES[change.action], title(change), _where(change), *_notes(change), *body)


def _by_hand(change: Change, *, decide: bool, order: Order) -> Markup:
    word = "publish" if change.is_consequence else drift_class(change)
    said = f"{word}, {DECISIONS[change.decision]}" if decide else word
    body = () if word in ("missing", "expired") else _fields(shown_fields(change, order))
    return article(said, "hand", change.address, _where(change), *_notes(change), *body)


def _files(group: Sequence[Change]) -> Markup:
    names = paths(group)
    listed = [element("li", element("code", name)) for name in names[:_MOST_FILES]]
    more = [element("p", f"… {len(names) - _MOST_FILES} more")] if len(names) > _MOST_FILES else []
    folded = element("details", element("summary", "Their paths"), element("ul", listed), more)
    return article(group[0].action, TONES[group[0].action], files_text(group), "", folded)


def _where(change: Change) -> str:
    return f"{change.source.file}:{change.source.line}" if change.source else ""


def _notes(change: Change) -> Iterator[Markup]:
    yield from (element("p", text, class_="quiet") for text in reason_texts(change))
    yield from (element("p", element("strong", "Risk"), risk_note(risk), class_="risk") for risk in change.risks)


def _whole(fields: Sequence[ShownField]) -> Iterator[Markup]:
    """What comes or goes whole: a summary, and its long texts to be opened."""
    lines = summary_lines(fields, _STYLE, indent=0)
    if lines:
        yield element("p", element("span", " ".join(lines), class_="quiet"))
    yield from (_folded(one) for one in differences(fields) if not one.short)


def _fields(fields: Sequence[ShownField]) -> Iterator[Markup]:
    """Short fields together in one diff, and each long one in its own."""
    for short, found in groupby(differences(fields), key=lambda one: one.short):
        if short:
            yield _diff(chain.from_iterable(_marked(one) for one in found), "Fields")
        else:
            yield from (_folded(one, is_open=len(one.lines) <= _OPEN_LINES) for one in found)


def _marked(one: Difference) -> list[str]:
    return [*one.lines, *([f"# {one.mark}"] if one.mark else [])]


def _folded(one: Difference, *, is_open: bool = False) -> Markup:
    counts = f" +{one.added} -{one.removed}, {count(len(one.lines), 'line')}" + (f", {one.mark}" if one.mark else "")
    summary = element("summary", element("code", one.label), counts)
    return element("details", summary, _diff(one.lines, f"Difference of {one.label}"), open=is_open)


def _diff(lines: Iterator[str] | Sequence[str], label: str) -> Markup:
    return element("div", join(*map(_line, lines)), class_="diff", role="group", aria_label=label)


def _line(line: str) -> Markup:
    """`ins` and `del` tell assistive technology what colour and sign tell everybody else."""
    name = _ROLES.get(line[:1], "span")
    look = {"@": "at", "#": "note"}.get(line[:1])
    return element(name, line or " ", class_=look)
