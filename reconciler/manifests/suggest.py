"""Did you mean …? For names in manifests."""

from collections.abc import Collection, Iterable
from typing import Final

from reconciler.resources import name_lists

SUGGESTIONS: Final = 100
"""Maximum suggestions of one run among names of the user; each is a comparison with every name."""
_SHOWN: Final = 12
_LONGEST: Final = 60


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the known names that are similar to `wrong`; without any, the list of the known names if
    it is short.
    """
    names = set(known)
    return name_lists.did_you_mean(wrong, names) or listed(names)


def similar(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the known names that are similar to `wrong`; empty without any."""
    return name_lists.did_you_mean(wrong, known)


def listed(names: Collection[str]) -> str:
    """Return the list of the known names; empty if there are none, or too many."""
    return f"known are {', '.join(f'`{name}`' for name in sorted(names))}" if 0 < len(names) <= _SHOWN else ""


def shown(text: str) -> str:
    """Return `text` between backticks, shortened if it is long."""
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"
