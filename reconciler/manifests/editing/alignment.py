"""Alignment of the items of a list with those of its new value."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from reconciler.resources.values import JSON, same

_MOST_PAIRS: Final = 10_000
"""Largest number of comparisons of items. Items of longer lists are paired in order."""


def alignment(before: list[JSON], after: list[JSON]) -> tuple[dict[int, JSON], list[int], dict[int, list[JSON]]]:
    """Return the new values of the items that are kept, by index; the indices of the removed items; and the added
    items, by the index that they precede.

    Changed items are matched by the values that they still have in common.
    """
    kept: dict[int, JSON] = {}
    added: dict[int, list[JSON]] = {}
    for start, end, new_start, new_end in _blocks(before, after):
        partners = dict(_partners(before[start:end], after[new_start:new_end]))
        above = start
        for at, item in enumerate(after[new_start:new_end]):
            if at in partners:
                above = start + partners[at] + 1
                kept[above - 1] = item
            else:
                added.setdefault(above, []).append(item)
    removed = [index for index in range(len(before)) if index not in kept]
    return kept, removed, added


def _blocks(before: list[JSON], after: list[JSON]) -> list[tuple[int, int, int, int]]:
    """Return corresponding ranges of items: equal items, and those between them."""
    old, new = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    moved = sum(block[2] - block[1] for block in blocks if block[0] == "equal")
    if len(old) == len(new) and sum(map(str.__eq__, old, new)) >= moved:
        return [(0, len(old), 0, len(new))]
    return [block[1:] for block in blocks]


def _partners(old: Sequence[JSON], new: Sequence[JSON]) -> Iterator[tuple[int, int]]:
    """Yield the index of a `new` item and of its `old` item, in order, for the largest total likeness."""
    if len(old) == len(new) or len(old) * len(new) > _MOST_PAIRS:
        yield from ((index, index) for index in range(min(len(old), len(new))))
        return
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + _likeness(old[i], new[j]))
    i = j = 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j + 1] + _likeness(old[i], new[j]):
            yield j, i
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _likeness(old: JSON, new: JSON) -> int:
    if isinstance(old, dict) and isinstance(new, dict):
        return 1 + sum(1 for key in old.keys() & new.keys() if same(old[key], new[key]))
    return int(type(old) is type(new))
