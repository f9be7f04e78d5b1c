"""Did you mean …? For what somebody typed on the command line."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The known names like `wrong`, or the one that differs in case only; empty where there is none."""
    names = sorted(set(known))
    same = [name for name in names if name.casefold() == wrong.casefold()]
    close = same or get_close_matches(wrong, names, n=3)
    meant = " or ".join(f"'{name}'" for name in close)
    return f"Did you mean {meant}?" if close else ""
