"""The fields of one change, each with its value before and after."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.planning.model import FieldChange, Origin
from reconciler.reports.style import Look, Style, cells, count, plain, wrap_parts
from reconciler.reports.text.diffs import unified
from reconciler.reports.text.folding import FOLD_ABOVE, was
from reconciler.reports.text.values import brief, lines_of, size, whole
from reconciler.resources.registry import members
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import ABSENT, ADDRESS_KEY, JSON, Absent, Keys, is_reference, path_text

_BRIEF: Final = 40
MARKS: Final = {"both": " (changed here and by hand)", "unknown": " (nobody knows who changed it)"}
_LOOKS: Final[dict[str, Look]] = {"+": "green", "-": "red", "~": "yellow"}
_WORDS: Final = {"+": "added", "-": "removed", "~": "changed"}


@dataclass(frozen=True, slots=True)
class ShownField:
    """A value that differs, in the order in which a report shows it; `ABSENT` on the side that has none."""

    keys: Keys
    before: JSON | Absent
    after: JSON | Absent
    origin: Origin = "manifest"

    @property
    def path(self) -> str:
        return path_text(self.keys)


Order: TypeAlias = Callable[[FieldChange], ShownField]


def live_first(item: FieldChange) -> ShownField:
    """The order of a plan: from the live value to the one that applying writes."""
    return ShownField(item.keys, item.live, item.desired, item.origin)


def desired_first(item: FieldChange) -> ShownField:
    """The order of a drift report: from the value in the manifest to the one that is live instead."""
    return ShownField(item.keys, item.desired, item.live, item.origin)


def field_lines(fields: Sequence[ShownField], style: Style, *, indent: int) -> list[str]:
    """A line per field, with a diff below it where a line does not do; many files of a store are folded."""
    single, files = split_files(fields)
    return [*(line for item in single for line in _field(item, style, indent)), *fold_lines(files, style, indent)]


def split_files(fields: Sequence[ShownField]) -> tuple[Sequence[ShownField], Sequence[ShownField]]:
    """Fields to show one by one, and those of the files of a store if they are more than anybody reads."""
    files = [item for item in fields if _is_of_file(item)]
    if len({item.keys[1] for item in files}) <= FOLD_ABOVE:
        return fields, ()
    return [item for item in fields if not _is_of_file(item)], files


def summary_lines(fields: Sequence[ShownField], style: Style, *, indent: int) -> list[str]:
    """The fields of something that comes or goes whole, side by side."""
    if not fields:
        return []
    values = ((item, item.before if item.after is ABSENT else item.after) for item in fields)
    parts = [_summary(item, value) for item, value in values if value is not ABSENT]
    listed = [f"{part}," for part in parts[:-1]] + parts[-1:]
    return [style.paint(line, "dim") for line in wrap_parts(listed, style.width, lead=" " * indent, hang=" " * indent)]


def _summary(item: ShownField, value: JSON) -> str:
    held = members().get(item.keys[0]) if len(item.keys) == 1 else None
    if held and isinstance(value, dict):
        return count(len(value), held.noun)
    return f"{field_label(item)}: {brief(value, _BRIEF)}"


def field_label(item: ShownField) -> str:
    """The path as people call it: what has another hash has another content."""
    *above, last = item.keys
    return plain(path_text((*above, "content")) if last == CONTENT else item.path)


def moved_path(item: ShownField) -> str:
    """`docs/one.md (was kb/one.md)` of a file of a store that has another path now; empty for anything else."""
    if len(item.keys) != 3 or item.keys[0] not in members():
        return ""
    if not (is_reference(item.before) and is_reference(item.after)):
        return ""
    before, after = (side[ADDRESS_KEY].partition("/")[2] for side in (item.before, item.after))
    return was(item.keys[1], before if after == item.keys[1] else after)


def _field(item: ShownField, style: Style, indent: int) -> Iterator[str]:
    if moved_path(item):
        yield f"{' ' * indent}{style.paint('~', _LOOKS['~'])} {plain(moved_path(item))}"
        return
    sign, mark = _sign(item), MARKS.get(item.origin, "")
    start = f"{' ' * indent}{style.paint(sign, _LOOKS[sign])} {field_label(item)}:"
    room = style.width - indent - cells(f"{sign} {field_label(item)}: {mark}")
    end = style.paint(mark, "yellow")
    text = _one_line(item, room)
    if text is not None:
        yield f"{start} {text}{end}"
        return
    yield start + end
    yield from _block(item, style, indent + 2)


def _one_line(item: ShownField, room: int) -> str | None:
    """The values on one line; None where they need more than `room` or have lines of their own."""
    if has_lines(item):
        return None
    before_after = [side for side in (item.before, item.after) if side is not ABSENT]
    text = " -> ".join(map(whole, before_after))
    if cells(text) <= room:
        return text
    only = before_after[0] if len(before_after) == 1 else None
    return size(only, room) if isinstance(only, dict | list) and item.keys[0] in members() else None


def _block(item: ShownField, style: Style, indent: int) -> list[str]:
    """Both values on a line of their own, or, where they do not fit, the lines in which they differ."""
    if not has_lines(item):
        before_after = (("-", item.before), ("+", item.after))
        lines = [f"{sign} {whole(side)}" for sign, side in before_after if side is not ABSENT]
        if all(cells(line) <= style.width - indent for line in lines):
            return [" " * indent + style.paint(line, _LOOKS[line[0]]) for line in lines]
    return unified(lines_of(item.before), lines_of(item.after), style, indent=indent)


def has_lines(item: ShownField) -> bool:
    """Whether a side is text of several lines."""
    return any(isinstance(side, str) and "\n" in side for side in (item.before, item.after))


def _sign(item: ShownField) -> str:
    return "+" if item.before is ABSENT else "-" if item.after is ABSENT else "~"


def _is_of_file(item: ShownField) -> bool:
    """Whether it is about one file of a store; one that is marked is always shown."""
    return len(item.keys) > 1 and item.keys[0] in members() and item.origin not in MARKS


def fold_lines(files: Sequence[ShownField], style: Style, indent: int) -> Iterator[str]:
    """Files of a store, counted by what happens to them."""
    by_sign: dict[str, dict[str, None]] = {"+": {}, "~": {}, "-": {}}
    moved = {item.keys[1]: name for item in files if (name := moved_path(item))}
    for item in files:
        by_sign[_sign(item) if len(item.keys) == 2 else "~"][moved.get(item.keys[1], item.keys[1])] = None
    for sign, names in by_sign.items():
        if names:
            lead = " " * indent + f"{sign} files: {len(names)} {_WORDS[sign]}:"
            yield from wrap_parts(first_few(list(names)), style.width, lead=lead, hang=" " * (indent + 2))


def first_few(names: Sequence[str], most: int = 3) -> list[str]:
    """The first of `names`, escaped, each with the comma after it, then how many more there are."""
    shown = [f"{plain(name)}," for name in names[:most]]
    if len(names) > most:
        return [*shown, f"… {len(names) - most} more"]
    return [*shown[:-1], shown[-1].removesuffix(",")] if shown else []
