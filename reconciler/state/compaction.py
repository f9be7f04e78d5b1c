"""Which documents of a journal are read, and which of them become one. Pure.

A segment is a document of its own, `00000042.json`. Where there are many, the latest are written once more as one
document, `00000007-00000042.json`, which is quicker to read and says nothing else. The segments themselves stay until
they are in the state document, as their numbers hold back whoever was superseded.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

DOCUMENTS: Final = 32
"""Documents that are read besides the state document, at most, once a run has ended."""

_NAME: Final = re.compile(r"(\d{8,})(?:-(\d{8,}))?\.json")


class Span(NamedTuple):
    """A document of a journal, by the numbers of its segments."""

    first: int
    last: int

    @classmethod
    def of(cls, number: int) -> "Span":
        """Return the span of one segment."""
        return cls(number, number)

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    @property
    def name(self) -> str:
        return f"{self.first:08}.json" if self.length == 1 else f"{self.first:08}-{self.last:08}.json"


def spans_in(names: Iterable[str]) -> list[Span]:
    """The documents among `names`."""
    found = filter(None, map(_NAME.fullmatch, names))
    return sorted(Span(int(name[1]), int(name[2] or name[1])) for name in found)


def smallest_cover(spans: Sequence[Span], position: int) -> list[Span]:
    """The fewest documents that have every segment after `position`, in order.

    A segment that is in none of `spans`, although there is one after it, is named as a document of its own.
    """
    chosen: list[Span] = []
    end = max((span.last for span in spans), default=position)
    while position < end:
        reaching = (span for span in spans if span.first <= position + 1 <= span.last)
        chosen.append(max(reaching, key=lambda span: span.last, default=Span.of(position + 1)))
        position = chosen[-1].last
    return chosen


def mergeable(cover: Sequence[Span]) -> list[Span]:
    """The documents at the end of `cover` that are to become one, if there are too many.

    They begin with the oldest that is not longer than all after it together. So what was merged is merged again only
    into a document of twice its length; and those that are left are each longer than all after it, so they are few.
    """
    if len(cover) <= DOCUMENTS:
        return []
    end = cover[-1].last
    return next((list(cover[index:]) for index, span in enumerate(cover) if span.length <= end - span.last), [])
