"""Patterns of paths: `*`, `?` and `[…]` within a name, `**` across folders."""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache
from typing import Final

_WILD: Final = re.compile(r"[*?\[]")


def matches(path: str, pattern: tuple[str, ...]) -> bool:
    """Return True if the path matches. All positions in the pattern are tracked at once, in polynomial time."""
    names = path.split("/")
    if not _fits(pattern[-1], names[-1]):
        return False
    states = _skip({0}, pattern)
    for name in names:
        states = _skip(_following(states, name, pattern), pattern)
    return len(pattern) in states


def may_match_below(folder: str, pattern: tuple[str, ...]) -> bool:
    """Return True if the pattern matches some path inside the folder."""
    states = _skip({0}, pattern)
    for name in folder.split("/"):
        states = _skip(_following(states, name, pattern), pattern)
    return any(state < len(pattern) for state in states)


def _skip(states: set[int], pattern: tuple[str, ...]) -> set[int]:
    """Add the positions after each `**`, which also matches no folder."""
    for start in sorted(states):
        end = next((at for at in range(start, len(pattern)) if pattern[at] != "**"), len(pattern))
        states.update(range(start, end + 1))
    return states


def _following(states: set[int], name: str, pattern: tuple[str, ...]) -> set[int]:
    return {at if pattern[at] == "**" else at + 1 for at in states if at < len(pattern) and _fits(pattern[at], name)}


@lru_cache(maxsize=4096)
def _matcher(part: str) -> Callable[[str], object]:
    """Return a function that is true for the names that match a part. Most parts are names themselves, and compiling
    them would take longer than all comparisons.
    """
    return re.compile(translate(part)).match if _WILD.search(part) else part.__eq__


def _fits(part: str, name: str) -> bool:
    return part == "**" or bool(_matcher(part)(name))
