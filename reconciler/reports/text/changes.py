"""Changes as rows: one line each, what differs below it, and uploads of many files in one row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.planning.model import TAKES_AWAY, Action, Change, FieldChange
from reconciler.reports.drift import DriftClass, drift_class, is_consequence
from reconciler.reports.style import Look, Style, cells, pad, plain, wrap, wrap_parts
from reconciler.reports.text.fields import FOLD_ABOVE, field_lines, first_few, summary_lines
from reconciler.reports.text.values import bytes_text
from reconciler.resources.values import ABSENT

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
    rows = [_change_row(change, style) for change in changes]
    return _laid_out(_folded(changes, rows, style), style)


def drift_rows(changes: Sequence[Change], style: Style, *, decide: bool = False) -> list[str]:
    """What somebody did by hand, live values first as in `change_rows`; with `decide`, whether applying undoes it."""
    rows = [_drift_row(change, style, decide=decide) for change in changes]
    return _laid_out(_folded(changes, rows, style), style)


def painted_sign(sign: str, style: Style) -> str:
    return style.paint(sign, _LOOKS[sign])


def _change_row(change: Change, style: Style) -> _Row:
    lines_of_fields = summary_lines if change.action in ("create", "release", *TAKES_AWAY) else field_lines
    below = [*lines_of_fields(_shown_fields(change), style, indent=_INDENT), *_notes(change, style)]
    return _Row(SIGNS[change.action], change.action, plain(change.address), where=_where(change), below=below)


def _drift_row(change: Change, style: Style, *, decide: bool) -> _Row:
    word = drift_class(change)
    fields = () if word in ("missing", "expired") else _shown_fields(change)
    below = [*field_lines(fields, style, indent=_INDENT), *_notes(change, style)]
    decision = {"revert": "reverted", "keep": "kept", None: "undecided"}[change.decision] if decide else ""
    sign, said = (SIGNS["publish"], "publish") if is_consequence(change) else (_HAND_SIGNS[word], word)
    return _Row(sign, said, plain(change.address), decision, _where(change), below)


def _shown_fields(change: Change) -> tuple[FieldChange, ...]:
    """The fields but for the digest of a bundle, which tells nobody anything."""
    return tuple(item for item in change.fields if item.keys != ("bundle",))


def _folded(changes: Sequence[Change], rows: Sequence[_Row], style: Style) -> list[_Row]:
    """The row of each change, but of many files of one folder one row, where the first of them stands."""
    keys = [_fold_key(change) for change in changes]
    sizes = Counter(keys)
    groups: dict[object, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key if key and sizes[key] > FOLD_ABOVE else index, []).append(index)
    return [
        rows[first] if not others else _fold_row(rows[first], [changes[index] for index in (first, *others)], style)
        for first, *others in groups.values()
    ]


def _fold_key(change: Change) -> tuple[str | None, ...] | None:
    """Action, decision and top folder of a file; None for what must be seen by itself."""
    kind, _, path = change.address.partition("/")
    if kind != "file" or change.risks:
        return None
    return change.action, change.decision, _top_folder(path)


def _top_folder(path: str) -> str:
    folder, slash, _ = path.partition("/")
    return folder + slash if slash else ""


def _fold_row(row: _Row, group: Sequence[Change], style: Style) -> _Row:
    """`row`, the first one's, for all of `group`."""
    paths = [change.address.removeprefix("file/") for change in group]
    folder, sizes = _top_folder(paths[0]), [_bytes(change) for change in group]
    text = f"{len(group)} files" + (f" under {plain(folder)}" if folder else "")
    text += f" ({bytes_text(sum(filter(None, sizes)))})" if None not in sizes else ""
    indent = " " * _INDENT
    below = wrap_parts(first_few(paths), style.width, lead=indent, hang=indent)
    return replace(row, address=text, where="", below=[style.paint(line, "dim") for line in below])


def _bytes(change: Change) -> int | None:
    sides = [item.after if item.before is ABSENT else item.before for item in change.fields if item.keys == ("bytes",)]
    return sides[0] if sides and type(sides[0]) is int else None


def _notes(change: Change, style: Style) -> Iterator[str]:
    indent = " " * _INDENT
    marked: list[tuple[str, Look, str]] = [("#", "dim", reason) for reason in change.because]
    marked += [("!", "yellow", risk) for risk in change.risks]
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
