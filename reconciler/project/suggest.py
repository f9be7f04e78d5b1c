"""Did you mean …? For what somebody typed on the command line."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return a question with the names that are similar to `wrong`; empty if there is none."""
    meant = " or ".join(f"'{name}'" for name in similar(wrong, known))
    return f"Did you mean {meant}?" if meant else ""


def similar(wrong: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are similar to `wrong`, or those that differ in case only."""
    names = sorted(set(known))
    same = [name for name in names if name.casefold() == wrong.casefold()]
    return same or get_close_matches(wrong, names, n=3)
