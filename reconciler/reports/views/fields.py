"""The fields of one change as reports show them: label, order of the two values, marks, and folded files of stores."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.planning.model import FieldChange, Origin
from reconciler.reports.style import count, first_few, plain, wrap_parts
from reconciler.reports.views.values import brief
from reconciler.resources.registry import members
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import ABSENT, ADDRESS_KEY, JSON, Absent, Keys, is_reference, path_text

FOLD_ABOVE: Final = 8
"""The number of files above which files are counted instead of listed."""
_BRIEF: Final = 40
_MARKS: Final = {"both": "changed in the manifest and live", "unknown": "origin unknown"}
_WORDS: Final = {"+": "added", "-": "removed", "~": "changed"}


@dataclass(frozen=True, slots=True)
class ShownField:
    """A value that differs, in the order in which a report shows it; `ABSENT` on a side without a value."""

    keys: Keys
    before: JSON | Absent
    after: JSON | Absent
    origin: Origin = "manifest"

    @property
    def path(self) -> str:
        return path_text(self.keys)

    @property
    def label(self) -> str:
        """The escaped path; the hash of a content is called `content`."""
        *above, last = self.keys
        return plain(path_text((*above, "content")) if last == CONTENT else self.path)

    @property
    def sign(self) -> str:
        return "+" if self.before is ABSENT else "-" if self.after is ABSENT else "~"

    @property
    def mark(self) -> str:
        """The remark on who changed the field; empty for an ordinary change."""
        return _MARKS.get(self.origin, "")

    @property
    def has_lines(self) -> bool:
        """True if one of the values is text of several lines."""
        return any(isinstance(side, str) and "\n" in side for side in (self.before, self.after))

    @property
    def moved(self) -> str:
        """`docs/one.md (was kb/one.md)` for a file of a store whose path changed; empty for any other field."""
        if len(self.keys) != 3 or self.keys[0] not in members():
            return ""
        if not (is_reference(self.before) and is_reference(self.after)):
            return ""
        before, after = (side[ADDRESS_KEY].partition("/")[2] for side in (self.before, self.after))
        return was(self.keys[1], before if after == self.keys[1] else after)

    @property
    def is_of_file(self) -> bool:
        """True if the field may be folded with others: it is of one file of a store and has no mark."""
        return len(self.keys) > 1 and self.keys[0] in members() and not self.mark


Order: TypeAlias = Callable[[FieldChange], ShownField]


def live_first(item: FieldChange) -> ShownField:
    """Return a field in the order of a plan: the live value, then the value that apply writes."""
    return ShownField(item.keys, item.live, item.desired, item.origin)


def desired_first(item: FieldChange) -> ShownField:
    """Return a field in the order of a drift report: the value in the manifest, then the live value."""
    return ShownField(item.keys, item.desired, item.live, item.origin)


def was(name: str, former: str) -> str:
    """Return `docs/one.md (was kb/one.md)`."""
    return f"{name} (was {former})"


def split_files(fields: Sequence[ShownField]) -> tuple[Sequence[ShownField], Sequence[ShownField]]:
    """Return the fields to show one by one, and the fields of files of a store if there are too many to list."""
    files = [item for item in fields if item.is_of_file]
    if len({item.keys[1] for item in files}) <= FOLD_ABOVE:
        return fields, ()
    return [item for item in fields if not item.is_of_file], files


def fold_lines(files: Sequence[ShownField], width: int, indent: int) -> Iterator[str]:
    """Return lines with the number of files of a store that are added, changed and removed."""
    by_sign: dict[str, dict[str, None]] = {"+": {}, "~": {}, "-": {}}
    moved = {item.keys[1]: name for item in files if (name := item.moved)}
    for item in files:
        by_sign[item.sign if len(item.keys) == 2 else "~"][moved.get(item.keys[1], item.keys[1])] = None
    for sign, names in by_sign.items():
        if names:
            lead = " " * indent + f"{sign} files: {len(names)} {_WORDS[sign]}:"
            yield from wrap_parts(first_few(list(names)), width, lead=lead, hang=" " * (indent + 2))


def summary_lines(fields: Sequence[ShownField], width: int, indent: int) -> list[str]:
    """Return the fields of an object that is created or deleted as a list of short values, separated by commas."""
    if not fields:
        return []
    values = ((item, item.before if item.after is ABSENT else item.after) for item in fields)
    parts = [_summary(item, value) for item, value in values if value is not ABSENT]
    listed = [f"{part}," for part in parts[:-1]] + parts[-1:]
    return wrap_parts(listed, width, lead=" " * indent, hang=" " * indent)


def _summary(item: ShownField, value: JSON) -> str:
    held = members().get(item.keys[0]) if len(item.keys) == 1 else None
    if held and isinstance(value, dict):
        return count(len(value), held.noun)
    return f"{item.label}: {brief(value, _BRIEF)}"
