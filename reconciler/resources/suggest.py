"""Suggestions in error messages: known names that are similar to an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_COMPARED: Final = 10_000
_LONGEST: Final = 60


def similar(wrong: str, known: Iterable[str]) -> list[str]:
    """Return the known names that differ from `wrong` in case only; without any, up to three similar names."""
    names = sorted(set(known))[:_COMPARED]
    same = [name for name in names if name.casefold() == wrong.casefold()]
    return same or get_close_matches(wrong[:_LONGEST], names, n=3)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the known names that are similar to `wrong`; empty if there are none."""
    names = " or ".join(f"`{name}`" for name in similar(wrong, known))
    return f"did you mean {names}?" if names else ""
