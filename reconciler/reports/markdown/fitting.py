"""A document that has to fit: details of the largest things go first, then the ends of lists, and it says so."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias

from reconciler.reports.style import counted

LIMIT: Final = 64_512
"""Characters, at most. GitHub takes 65,536 in a comment; what is left is for the lines that `ci comment` adds.

Those beyond the basic plane count as two, to be on the safe side.
"""
_LONGER: Final = re.compile(r"^[^\S\n]*::|##\[", re.MULTILINE)
"""Text that printing makes three characters longer, so that it is no command to a runner: see `cli.output.inert`."""
_ROOM_TO_SAY_SO: Final = 1_000
_ROOM_FOR_MORE: Final = 200
VITAL: Final = 5
"""The worth from which on a section keeps its details while others have any, and more than a few items."""
_FEW: Final = 20


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a section."""

    full: str
    brief: str
    """Without its details; equal to `full` where there are none."""
    word: str
    """The noun under which it is counted if it is left out."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its items. A section without items is not shown."""

    head: str
    items: tuple[Item, ...]
    worth: int = 0
    """The sections of least worth are shortened first."""
    joint: str = "\n\n"
    """The text between two items."""
    hidden: int = 0
    """The number of items that are left out at the end."""
    briefed: frozenset[int] = frozenset()
    """The positions of the items without details."""

    @property
    def text(self) -> str:
        shown = self.items[: len(self.items) - self.hidden]
        texts = (item.brief if index in self.briefed else item.full for index, item in enumerate(shown))
        return "\n\n".join(filter(None, [self.head, self.joint.join(filter(None, texts)), self.more]))

    @property
    def more(self) -> str:
        """The number of items left out at the end; empty if all are shown."""
        words = Counter(item.word for item in self.items[len(self.items) - self.hidden :])
        return f"… and {self.hidden} more: {counted(dict(sorted(words.items())))}." if self.hidden else ""


_Step: TypeAlias = Callable[[Section, int], Section]


def fitted(top: Sequence[str], sections: Sequence[Section], bottom: Sequence[str], full: str, limit: int) -> str:
    """All of it in at most `limit` characters; `full` says where the rest is, as a sentence of Markdown.

    `top` and `bottom` are never shortened: they have to be short.
    """
    present = [section for section in sections if section.items]
    whole = _document(top, present, bottom)
    if size(whole) <= limit:
        return whole
    room = limit - size(_document(top, (), bottom)) - _ROOM_TO_SAY_SO
    squeezed = _squeezed(present, room)
    return _document(top, squeezed, [_said(squeezed, full), *bottom])


def size(text: str) -> int:
    """In UTF-16 code units, once it is printed."""
    units = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    return units + 3 * sum(1 for _ in _LONGER.finditer(text))


def _document(top: Sequence[str], sections: Sequence[Section], bottom: Sequence[str]) -> str:
    return "\n\n".join(filter(None, [*top, *(section.text for section in sections), *bottom])) + "\n"


def _needed(section: Section) -> int:
    return size(section.text) + 2


def _squeezed(sections: Sequence[Section], room: int) -> list[Section]:
    """`sections` made shorter until they fit, step by step, what is vital last."""
    found = list(sections)
    by_worth = sorted(range(len(found)), key=lambda index: (found[index].worth, -index))
    for step, index in _steps(found, by_worth):
        over = sum(map(_needed, found)) - room
        if over <= 0:
            break
        found[index] = step(found[index], over)
    return found


def _steps(sections: Sequence[Section], by_worth: Sequence[int]) -> Iterator[tuple[_Step, int]]:
    """Details go first, then the ends of lists but for the first few items; at last, whole lists."""
    light = [index for index in by_worth if sections[index].worth < VITAL]
    vital = [index for index in by_worth if sections[index].worth >= VITAL]
    for group in (light, vital):
        yield from ((_without_details, index) for index in group)
        yield from ((partial(_shortened, keep=_FEW), index) for index in group)
    yield from ((partial(_shortened, keep=0), index) for index in by_worth)


def _without_details(section: Section, over: int) -> Section:
    """Without the largest details, as many of them as takes away `over` characters."""
    saved = {number: size(item.full) - size(item.brief) for number, item in enumerate(section.items)}
    chosen = []
    for number in sorted(saved, key=lambda number: (-saved[number], number)):
        if over <= 0 or saved[number] <= 0:
            break
        chosen.append(number)
        over -= saved[number]
    return replace(section, briefed=frozenset(chosen))


def _shortened(section: Section, over: int, *, keep: int) -> Section:
    """As many of the first items as takes away `over` characters, and at least `keep` of them."""
    left = _needed(section) - over - _ROOM_FOR_MORE - size(section.head)
    for number, item in enumerate(section.items):
        left -= size(item.brief if number in section.briefed else item.full) + len(section.joint)
        if left < 0 and number >= keep:
            return replace(section, hidden=len(section.items) - number)
    return section


def _said(sections: Sequence[Section], full: str) -> str:
    """Return a note with the numbers of details and entries that were left out."""
    shown = ((len(section.items) - section.hidden, section.briefed) for section in sections)
    details = sum(number < end for end, briefed in shown for number in briefed)
    entries = sum(section.hidden for section in sections)
    missing = [f"the details of {details} of these"] if details else []
    missing += [f"{entries} entries of the lists"] if entries else []
    return f"> Left out, because a comment must be short: {' and '.join(missing)}. {full}"
