"""Did you mean …?"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

SUGGESTIONS: Final = 100
"""As many per run are looked for among names that users make; each costs a comparison with every name."""
_SHOWN: Final = 12
_COMPARED: Final = 10_000
_LONGEST: Final = 60


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the known names that are similar to `wrong`; without any, the list of the known names if
    it is short.
    """
    names = sorted(set(known))
    return similar(wrong, names) or listed(names)


def similar(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the known names that are similar to `wrong`; empty without any."""
    close = get_close_matches(wrong[:_LONGEST], sorted(set(known))[:_COMPARED], n=3, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""


def listed(names: Collection[str]) -> str:
    """Return the list of the known names; empty if there are none, or too many."""
    return f"known are {', '.join(f'`{name}`' for name in sorted(names))}" if 0 < len(names) <= _SHOWN else ""


def shown(text: str) -> str:
    """`text` in a message: between backticks, and not all of it where it is long."""
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"
