"""A document that has to fit: details of the largest things go first, then the ends of lists, and it says so."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.reports.text.parts import counted

LIMIT: Final = 65_536
"""Characters of a comment at GitHub, at most. Those beyond the basic plane count as two, to be on the safe side."""
_ROOM_TO_SAY_SO: Final = 1_000
_ROOM_FOR_MORE: Final = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a section."""

    full: str
    brief: str
    """Without its details; equal to `full` where there are none."""
    word: str
    """What it is counted as where it is left out."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its items. Without items there is no section."""

    head: str
    items: tuple[Item, ...]
    worth: int = 0
    """The sections of least worth are shortened first."""
    joint: str = "\n\n"
    """What stands between two items."""
    hidden: int = 0
    """How many items are left out at the end."""
    briefed: frozenset[int] = frozenset()
    """Which items have lost their details."""

    @property
    def text(self) -> str:
        shown = self.items[: len(self.items) - self.hidden]
        texts = (item.brief if index in self.briefed else item.full for index, item in enumerate(shown))
        return "\n\n".join(filter(None, [self.head, self.joint.join(filter(None, texts)), self.more]))

    @property
    def more(self) -> str:
        """What is left out at the end, in numbers."""
        words = Counter(item.word for item in self.items[len(self.items) - self.hidden :])
        return f"… and {self.hidden} more: {counted(dict(sorted(words.items())))}." if self.hidden else ""


def fitted(top: Sequence[str], sections: Sequence[Section], bottom: Sequence[str], full: str, limit: int) -> str:
    """All of it in at most `limit` characters; `full` says where the rest is, as a sentence of Markdown.

    `top` and `bottom` are never shortened: they have to be short.
    """
    present = [section for section in sections if section.items]
    whole = _document(top, present, bottom)
    if size(whole) <= limit:
        return whole
    room = limit - size(_document(top, (), bottom)) - _ROOM_TO_SAY_SO
    shortened = _cut(_briefed(present, room), room)
    return _document(top, shortened, [_said(shortened, full), *bottom])


def size(text: str) -> int:
    """In UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _document(top: Sequence[str], sections: Sequence[Section], bottom: Sequence[str]) -> str:
    return "\n\n".join(filter(None, [*top, *(section.text for section in sections), *bottom])) + "\n"


def _needed(section: Section) -> int:
    return size(section.text) + 2


def _briefed(sections: Sequence[Section], room: int) -> list[Section]:
    """Details left out until it fits: those of the section of least worth first, and there the largest."""
    found = list(sections)
    over = sum(map(_needed, found)) - room
    for index in sorted(range(len(found)), key=lambda index: (found[index].worth, -index)):
        items = found[index].items
        saved = {number: size(item.full) - size(item.brief) for number, item in enumerate(items)}
        chosen = []
        for number in sorted(saved, key=lambda number: (-saved[number], number)):
            if over <= 0 or saved[number] <= 0:
                break
            chosen.append(number)
            over -= saved[number]
        found[index] = replace(found[index], briefed=frozenset(chosen))
    return found


def _cut(sections: Sequence[Section], room: int) -> list[Section]:
    """The ends of lists left out until it fits, from the section of least worth up."""
    found = list(sections)
    over = sum(map(_needed, found)) - room
    for index in sorted(range(len(found)), key=lambda index: (found[index].worth, -index)):
        if over > 0:
            before = _needed(found[index])
            found[index] = _shortened(found[index], before - over - _ROOM_FOR_MORE)
            over -= before - _needed(found[index])
    return found


def _shortened(section: Section, room: int) -> Section:
    """As many of the first items as `room` holds."""
    left = room - size(section.head) - 2
    for number, item in enumerate(section.items):
        left -= size(item.brief if number in section.briefed else item.full) + 2
        if left < 0:
            return replace(section, hidden=len(section.items) - number)
    return section


def _said(sections: Sequence[Section], full: str) -> str:
    """What is missing, and where it is."""
    shown = ((len(section.items) - section.hidden, section.briefed) for section in sections)
    details = sum(number < end for end, briefed in shown for number in briefed)
    entries = sum(section.hidden for section in sections)
    missing = [f"the details of {details} of these"] if details else []
    missing += [f"{entries} entries of the lists"] if entries else []
    return f"> Left out, because a comment must be short: {' and '.join(missing)}. {full}"
