"""Pairing of the items of a list with those of its new value: by value, by declared identity, and by likeness."""

import json
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Self

from reconciler.resources.values import JSON, same

Identity = Callable[[JSON], str | None]
"""Returns the identity of an item; None for an item without one."""

_MOST_PAIRS: Final = 250_000
"""Largest number of comparisons of items. Longer lists are paired by value and by identity only."""


@dataclass(frozen=True, slots=True)
class IdentifiedBy:
    """The declaration, on the type of the items of a list, of the fields that identify an item in it.

    `list[Annotated[Tool, IdentifiedBy(("type", "name"))]]`. Fields that an item does not have are left out; dots lead
    to a field inside another. An item that is not a mapping is short for a mapping with the first field only.
    """

    fields: tuple[str, ...]

    def of(self, item: JSON) -> str | None:
        """Return the identity of an item; None if it has none of the fields."""
        values = item if isinstance(item, Mapping) else {self.fields[0]: item}
        found = [(name, value) for name in self.fields if (value := _at(values, name)) is not None]
        return json.dumps(found, sort_keys=True) if found else None


def _at(values: JSON, name: str) -> JSON:
    for part in name.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


class Items(list[JSON]):
    """The new value of a list, with the index that each item had in the old list; None for an added item."""

    def __init__(self, items: Sequence[JSON], sources: Sequence[int | None]) -> None:
        super().__init__(items)
        self.sources = tuple(sources)

    @classmethod
    def of(cls, pairs: Sequence[tuple[JSON, int | None]]) -> Self:
        return cls([item for item, _ in pairs], [source for _, source in pairs])


def sources_of(old: Sequence[JSON], new: Sequence[JSON], identity: Identity | None = None) -> list[int | None]:
    """Return the index in `old` of each item of `new`; None for an added item.

    Equal items are paired first, in order as far as possible, then items with the same identity. Mappings and lists
    without an identity are paired by the values that they have in common; other values are not paired.
    """
    found: list[int | None] = [None] * len(new)
    blocks = list(_equal(old, new, found))
    keys = identity or (lambda _item: None)
    _pair(found, [keys(item) for item in old], [keys(item) for item in new])
    used = {index for index in found if index is not None}
    for start, end, new_start, new_end in blocks:
        here = [at for at in range(start, end) if at not in used and keys(old[at]) is None]
        there = [at for at in range(new_start, new_end) if found[at] is None and keys(new[at]) is None]
        for left, right in _alike([old[at] for at in here], [new[at] for at in there]):
            found[there[right]] = here[left]
    return found


def in_order(sources: Sequence[int | None]) -> set[int]:
    """Return the positions of the largest number of items that are still in their old order."""
    tails: list[int] = []
    """For each length, the position at which the best sequence of that length ends."""
    before: dict[int, int | None] = {}
    """The position before each position in its sequence."""
    for position, source in enumerate(sources):
        if source is None:
            continue
        low = bisect_left(tails, source, key=lambda at: sources[at] or 0)
        before[position] = tails[low - 1] if low else None
        tails[low : low + 1] = [position]
    at = tails[-1] if tails else None
    kept = set[int]()
    while at is not None:
        kept.add(at)
        at = before[at]
    return kept


def additions(
    wanted: Sequence[JSON], sources: Sequence[int | None], stay: set[int]
) -> Iterator[tuple[int | None, list[tuple[JSON, int | None]]]]:
    """Yield the items that are added below each item that stays, by its old index; None for those above all others."""
    above: int | None = None
    waiting: list[tuple[JSON, int | None]] = []
    for at, (item, source) in enumerate(zip(wanted, sources, strict=True)):
        if at not in stay:
            waiting.append((item, source))
            continue
        if waiting:
            yield above, waiting
        above, waiting = source, []
    if waiting:
        yield above, waiting


def _equal(old: Sequence[JSON], new: Sequence[JSON], found: list[int | None]) -> Iterator[tuple[int, int, int, int]]:
    """Pair equal items in `found`; yield the corresponding ranges of other items."""
    left, right = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    if len(left) * len(right) <= _MOST_PAIRS:
        for tag, start, end, new_start, new_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            if tag == "equal":
                found[new_start:new_end] = range(start, end)
            elif tag == "replace":
                yield start, end, new_start, new_end
    _pair(found, left, right)


def _pair(found: list[int | None], old: Sequence[str | None], new: Sequence[str | None]) -> None:
    """Pair items that are not paired yet and have equal keys, in order."""
    used = {index for index in found if index is not None}
    free: dict[str, deque[int]] = defaultdict(deque)
    for index, key in enumerate(old):
        if key is not None and index not in used:
            free[key].append(index)
    for at, key in enumerate(new):
        if found[at] is None and key is not None and free.get(key):
            found[at] = free[key].popleft()


def _alike(old: Sequence[JSON], new: Sequence[JSON]) -> Iterator[tuple[int, int]]:
    """Yield the indices of items that have values in common, in order, for the largest total likeness. If as many items
    were added as were removed, those with the same keys are alike too.
    """
    if len(old) * len(new) > _MOST_PAIRS:
        return
    in_place = len(old) == len(new)
    like = [[_likeness(one, other, in_place) for other in new] for one in old]
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + like[i][j])
    i = j = 0
    while i < len(old) and j < len(new):
        if like[i][j] and best[i][j] == best[i + 1][j + 1] + like[i][j]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _likeness(old: JSON, new: JSON, in_place: bool) -> int:
    """Return a measure of the values that two mappings or lists have in common; 0 for other values."""
    if isinstance(old, dict) and isinstance(new, dict):
        return 2 * _common(old, new) ** 2 + (in_place and not old.keys().isdisjoint(new))
    if isinstance(old, list) and isinstance(new, list):
        return 2 * _common(old, new) ** 2 + in_place
    return 0


def _common(old: JSON, new: JSON) -> int:
    if isinstance(old, dict) and isinstance(new, dict):
        return sum(_common(old[key], new[key]) for key in old.keys() & new.keys())
    if isinstance(old, list) and isinstance(new, list):
        return sum(_common(one, other) for one, other in zip(old, new, strict=False))
    return int(same(old, new))
