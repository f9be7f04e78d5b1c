"""Changes as items of a list: one line each, and the differences as a diff below it."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from reconciler.reports.markdown.escaping import code, fenced, folded, html_code, prose
from reconciler.reports.markdown.fitting import Item
from reconciler.reports.style import count, first_few, plain
from reconciler.reports.views.changes import ChangeView
from reconciler.reports.views.differences import OPEN_LINES, Difference, differences
from reconciler.reports.views.fields import summary_lines

_WIDTH: Final = 100
_MOST_FILES: Final = 12
_MOST_NAMES: Final = 6


def change_item(row: ChangeView) -> Item:
    sign = "!" if row.tone == "drift" else row.sign
    decision = f" · {row.decision}" if row.decision else ""
    if row.files:
        head = f"{code(sign)} **{row.word}** {prose(row.title)}{decision}"
        names = fenced(
            map(plain, row.files) if row.is_listed else [" ".join(first_few(row.files, _MOST_FILES))], "text"
        )
        return Item(f"{head}\n\n{names}", head, f"{row.word} of {len(row.files)} files")
    where = f" · {code(row.where)}" if row.where else ""
    deleted = f" · {code(row.deleted)}" if row.deleted else ""
    head = f"{code(sign)} **{row.word}** {code(row.title)}{deleted}{where}{decision}"
    notes = [f"- {prose(text)}" for text in row.notes]
    notes += [f"- **Risk:** {prose(text)}" for text in row.risks]
    names = ", ".join(first_few([item.path for item in row.fields], _MOST_NAMES))
    body = _summary(row) if row.is_summary else _fields(row)
    full = "\n\n".join(filter(None, [head, "\n".join(notes), *body]))
    return Item(full, f"{head}\n{code(names)}" if names else head, row.word)


def _summary(row: ChangeView) -> Iterator[str]:
    lines = summary_lines(row.fields, _WIDTH, indent=0)
    if lines:
        yield fenced(lines, "text")


def _fields(row: ChangeView) -> Iterator[str]:
    """Return all short fields in one diff, and each long field in its own."""
    for short, found in groupby(differences(row.fields), key=lambda one: one.short):
        if short:
            yield fenced([line for one in found for line in one.marked_lines], "diff")
        else:
            yield from map(_long, found)


def _long(one: Difference) -> str:
    mark = f" ({one.mark})" if one.mark else ""
    block = fenced(map(_hunk, one.lines), "diff")
    if len(one.lines) > OPEN_LINES:
        return folded(f"{html_code(one.label)} {one.counts}, {count(len(one.lines), 'line')}{mark}", block)
    return f"{code(one.label)} {one.counts}{mark}\n\n{block}"


def _hunk(line: str) -> str:
    """Return a heading in the form that GitHub colours."""
    return f"@{line} @@" if line.startswith("@ ") else line
