"""Changes as rows: one line each, what differs below it, and uploads of many files in one row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.planning.changes import ADDRESS
from reconciler.planning.drift_class import DriftClass, drift_class
from reconciler.planning.model import DESTROYS, Action, Change
from reconciler.reports.style import Look, Style, cells, pad, plain, wrap, wrap_parts
from reconciler.reports.text.fields import Order, ShownField, field_lines, first_few, live_first, summary_lines
from reconciler.reports.text.folding import files_text, groups, paths, title
from reconciler.reports.wording import reason_texts, risk_note

SIGNS: Final[dict[Action, str]] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "adopt": ">",
    "forget": ">",
    "release": "+",
    "publish": "^",
    "archive": "-",
}
_HAND_SIGNS: Final[dict[DriftClass, str]] = {
    "modified": "~",
    "missing": "-",
    "expired": "-",
    "tampered": "!",
    "labels": "~",
}
_LOOKS: Final[dict[str, Look]] = {
    "+": "green",
    "~": "yellow",
    "±": "yellow",
    "-": "red",
    "!": "red",
    ">": "cyan",
    "^": "cyan",
}
_INDENT: Final = 6
_WIDEST_ADDRESS: Final = 44


@dataclass(frozen=True)
class _Row:
    """The first line of a change, and what stands below it."""

    sign: str
    word: str
    address: str
    decision: str = ""
    where: str = ""
    below: Sequence[str] = ()


def change_rows(changes: Sequence[Change], style: Style) -> list[str]:
    """What applying does: live values, then desired ones."""
    rows = [_folded(group, _change_row(group[0], style), style) for group in groups(changes)]
    return _laid_out(rows, style)


def drift_rows(
    changes: Sequence[Change], style: Style, *, decide: bool = False, order: Order = live_first
) -> list[str]:
    """The changes made outside Reconciler, values in this `order`; with `decide`, also whether applying undoes them."""
    found = groups(changes)
    rows = [_folded(group, _drift_row(group[0], style, decide=decide, order=order), style) for group in found]
    return _laid_out(rows, style)


def painted_sign(sign: str, style: Style) -> str:
    return style.paint(sign, _LOOKS[sign])


def _change_row(change: Change, style: Style) -> _Row:
    lines_of_fields = summary_lines if change.action in ("create", "release", *DESTROYS) else field_lines
    below = [*lines_of_fields(shown_fields(change), style, indent=_INDENT), *_notes(change, style)]
    return _Row(SIGNS[change.action], change.action, plain(title(change)), where=_where(change), below=below)


def _drift_row(change: Change, style: Style, *, decide: bool, order: Order) -> _Row:
    word = drift_class(change)
    fields = () if word in ("missing", "expired") else shown_fields(change, order)
    below = [*field_lines(fields, style, indent=_INDENT), *_notes(change, style)]
    decision = {"revert": "reverted", "keep": "kept", None: "undecided"}[change.decision] if decide else ""
    sign, said = (SIGNS["publish"], "publish") if change.is_consequence else (_HAND_SIGNS[word], word)
    return _Row(sign, said, plain(change.address), decision, _where(change), below)


def shown_fields(change: Change, order: Order = live_first) -> tuple[ShownField, ...]:
    """Return the fields but for the digest of a bundle, and the address that the title of a file says already."""
    shown = (item for item in change.fields if item.keys != ("bundle",))
    return tuple(order(item) for item in shown if item.keys != ADDRESS or title(change) == change.address)


def _folded(group: Sequence[Change], row: _Row, style: Style) -> _Row:
    """`row`, the first one's, for all of `group`."""
    if len(group) == 1:
        return row
    indent = " " * _INDENT
    below = wrap_parts(first_few(paths(group)), style.width, lead=indent, hang=indent)
    return replace(row, address=files_text(group), where="", below=[style.paint(line, "dim") for line in below])


def _notes(change: Change, style: Style) -> Iterator[str]:
    indent = " " * _INDENT
    marked: list[tuple[str, Look, str]] = [("#", "dim", text) for text in reason_texts(change)]
    marked += [("!", "yellow", risk_note(risk)) for risk in change.risks]
    for mark, look, text in marked:
        lines = wrap(text, style.width, lead=f"{indent}{mark} ", hang=f"{indent}  ")
        yield from (style.paint(line, look) for line in lines)


def _where(change: Change) -> str:
    return plain(f"{change.source.file}:{change.source.line}") if change.source else ""


def _laid_out(rows: Sequence[_Row], style: Style) -> list[str]:
    word_room = max((len(row.word) for row in rows), default=0)
    room = address_room(row.address for row in rows)
    blocks = ((*_head(row, style, word_room, room), *row.below) for row in rows)
    return [line for block in blocks for line in block]


def address_room(addresses: Iterable[str]) -> int:
    """The columns of the widest address, leaving out those that would push everything else aside."""
    return max((room for room in map(cells, addresses) if room <= _WIDEST_ADDRESS), default=0)


def _head(row: _Row, style: Style, word_room: int, room: int) -> Iterator[str]:
    word = pad(row.word, word_room)
    start = f"  {painted_sign(row.sign, style)} {word}  {style.paint(row.address, 'bold')}"
    gap = " " * (max(room - cells(row.address), 0) + 2)
    beside = "  ".join(part for part in (row.decision, row.where) if part)
    if not beside:
        yield start
    elif cells(f"  {row.sign} {word}  {row.address}{gap}{beside}") <= style.width:
        yield f"{start}{gap}{style.paint(beside, 'dim')}"
    else:
        yield start
        yield " " * _INDENT + style.paint(beside, "dim")
