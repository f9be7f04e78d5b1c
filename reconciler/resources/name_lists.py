"""Lists of names in messages: shortened, and similar to an unknown name."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Final

SUGGESTIONS: Final = 100
"""Maximum suggestions of one run among names of the user; each is a comparison with every name."""
_LISTED: Final = 12
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


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return a question with similar names; without any, the list of the known names if it is short."""
    names = set(known)
    return did_you_mean(wrong, names) or listed(names)


def listed(names: Collection[str]) -> str:
    """Return the list of the known names; empty if there are none, or too many."""
    return f"known are {', '.join(f'`{name}`' for name in sorted(names))}" if 0 < len(names) <= _LISTED else ""


def shown(text: str) -> str:
    """Return `text` between backticks, shortened if it is long."""
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"
