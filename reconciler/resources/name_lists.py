"""Lists of names in messages: shortened, and similar to an unknown name."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

_COMPARED: Final = 10_000
_LONGEST: Final = 60


def few(names: Sequence[object], most: int = 3) -> str:
    """Return the first of `names`, and the number of the others: `a, b, c and 4 more`."""
    more = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {more:,} more" if more > 0 else "")


def similar(wrong: str, known: Iterable[str]) -> list[str]:
    """Return the known names that differ from `wrong` in case only; without any, up to three similar names."""
    names = sorted(set(known))[:_COMPARED]
    same = [name for name in names if name.casefold() == wrong.casefold()]
    return same or get_close_matches(wrong[:_LONGEST], names, n=3)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the known names that are similar to `wrong`; empty if there are none."""
    names = " or ".join(f"`{name}`" for name in similar(wrong, known))
    return f"did you mean {names}?" if names else ""
