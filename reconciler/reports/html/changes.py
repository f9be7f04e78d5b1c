"""Changes as articles: a heading each, the differences as a diff, and long texts folded."""

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Final

from reconciler.reports.html.markup import Markup, element, join
from reconciler.reports.style import count, more
from reconciler.reports.views.changes import ChangeView
from reconciler.reports.views.differences import OPEN_LINES, Difference, differences
from reconciler.reports.views.fields import ShownField, summary_lines

_MOST_FILES: Final = 500
_WIDTH: Final = 110
_ROLES: Final = {"+": "ins", "-": "del"}


def badge(word: str, tone: str) -> Markup:
    return element("span", word, class_=f"badge {tone}")


def article(word: str, tone: str, address: str, where: str, *body: Markup) -> Markup:
    """Return one entry of a section, with its heading."""
    heading = element(
        "h3",
        badge(word, tone),
        element("span", address, class_="address"),
        element("span", where, class_="where") if where else None,
    )
    return element("article", heading, *body)


def change_article(row: ChangeView) -> Markup:
    word = f"{row.word}, {row.decision}" if row.decision else row.word
    if row.files:
        return article(
            word, row.tone, row.title, "", _files(row.files, len(row.files) if row.is_listed else _MOST_FILES)
        )
    body = _summary(row.fields) if row.is_summary else _fields(row.fields)
    where = "  ".join(filter(None, (row.deleted, row.where)))
    return article(word, row.tone, row.title, where, *_notes(row), *body)


def _files(names: Sequence[str], most: int) -> Markup:
    listed = [element("li", element("code", name)) for name in names[:most]]
    rest = [element("p", more(len(names) - most))] if len(names) > most else []
    return element("details", element("summary", "Their paths"), element("ul", listed), rest)


def _notes(row: ChangeView) -> Iterator[Markup]:
    yield from (element("p", text, class_="quiet") for text in row.notes)
    yield from (element("p", element("strong", "Risk"), text, class_="risk") for text in row.risks)


def _summary(fields: Sequence[ShownField]) -> Iterator[Markup]:
    """Return the fields of an object that is created or deleted: a summary, and its long texts folded."""
    lines = summary_lines(fields, _WIDTH, indent=0)
    if lines:
        yield element("p", element("span", " ".join(lines), class_="quiet"))
    yield from (_folded(one) for one in differences(fields) if not one.short)


def _fields(fields: Sequence[ShownField]) -> Iterator[Markup]:
    """Return all short fields in one diff, and each long field in its own."""
    for short, found in groupby(differences(fields), key=lambda one: one.short):
        if short:
            yield _diff(chain.from_iterable(one.marked_lines for one in found), "Fields")
        else:
            yield from (_folded(one, is_open=len(one.lines) <= OPEN_LINES) for one in found)


def _folded(one: Difference, *, is_open: bool = False) -> Markup:
    counts = f" {one.counts}, {count(len(one.lines), 'line')}" + (f", {one.mark}" if one.mark else "")
    summary = element("summary", element("code", one.label), counts)
    return element("details", summary, _diff(one.lines, f"Difference of {one.label}"), open=is_open)


def _diff(lines: Iterator[str] | Sequence[str], label: str) -> Markup:
    return element("div", join(*map(_line, lines)), class_="diff", role="group", aria_label=label)


def _line(line: str) -> Markup:
    """Return one line of a diff; `ins` and `del` convey the sign to assistive technology."""
    name = _ROLES.get(line[:1], "span")
    look = {"@": "at", "#": "note"}.get(line[:1])
    return element(name, line or " ", class_=look)
