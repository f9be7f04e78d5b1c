"""The choice of journal documents to read and to merge. Pure.

Each segment is a document, `00000042.json`. When there are many, the latest ones are also written as one merged
document, `00000007-00000042.json`, with the same contents and fewer reads. The single segments stay until the state
document contains them, because their numbers stop superseded runs from writing.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

DOCUMENTS: Final = 32
"""The maximum number of documents to read besides the state document after a run has ended."""

_NAME: Final = re.compile(r"(\d{8,})(?:-(\d{8,}))?\.json")


class Span(NamedTuple):
    """A journal document, identified by the numbers of its first and last segment."""

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
    """Return the journal documents among `names`, sorted."""
    found = filter(None, map(_NAME.fullmatch, names))
    return sorted(Span(int(name[1]), int(name[2] or name[1])) for name in found)


def smallest_cover(spans: Sequence[Span], position: int) -> list[Span]:
    """Return the fewest documents that contain every segment after `position`, in order.

    A missing segment (one in none of `spans`, with a later one present) is returned as a document of its own.
    """
    chosen: list[Span] = []
    end = max((span.last for span in spans), default=position)
    while position < end:
        reaching = (span for span in spans if span.first <= position + 1 <= span.last)
        chosen.append(max(reaching, key=lambda span: span.last, default=Span.of(position + 1)))
        position = chosen[-1].last
    return chosen


def mergeable(cover: Sequence[Span]) -> list[Span]:
    """Return the documents at the end of `cover` to merge into one; empty if there are at most `DOCUMENTS`.

    The first is the oldest that is not longer than all later ones together. Therefore each merge at least doubles the
    length of a document, and each remaining document is longer than all later ones, which keeps their number small.
    """
    if len(cover) <= DOCUMENTS:
        return []
    end = cover[-1].last
    return next((list(cover[index:]) for index, span in enumerate(cover) if span.length <= end - span.last), [])
