"""Edits of text with variables that keep the variables whose values are unchanged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from reconciler.manifests.variables import Variables
from reconciler.resources.variables import PREFIX

_PART: Final = re.compile(r"(?P<escaped>\$\$\{var\.)|(?P<variable>\$\{var\.[^{}\s]*\})|(?P<literal>[^$]+|\$)")
_WORD: Final = re.compile(r"\w+|\s|[^\w\s]")
_MOST_WORDS: Final = 4000
"""Largest number of words of a changed passage. Longer passages are compared by line only."""


class LostVariableError(Exception):
    """A variable whose value is not in the new text."""

    def __init__(self, variable: str) -> None:
        super().__init__(variable)
        self.variable = variable


@dataclass(frozen=True)
class _Use:
    """A variable in a text, and the span of its value in the text with all values inserted."""

    written: str
    start: int
    end: int


def escaped(text: str) -> str:
    """Escape `text` for a manifest, so that no part of it is read as a variable."""
    return text.replace(PREFIX, "$" + PREFIX)


def rewritten(raw: str, new: str, variables: Variables) -> str:
    """Return the text `raw`, changed so that its value is `new` with the same variables.

    Raises `LostVariableError` if the value of a variable has changed: the user must decide whether to change the
    variable or the text.
    """
    old, uses = _expanded(raw, variables)
    made: list[str] = []
    at = 0
    blocks = list(_equal(old, new)) if uses else []
    for use in uses:
        start = next(
            (there + use.start - here for here, there, size in blocks if here <= use.start and use.end <= here + size),
            None,
        )
        if start is None or start < at:
            raise LostVariableError(use.written)
        made += [escaped(new[at:start]), use.written]
        at = start + use.end - use.start
    return "".join([*made, escaped(new[at:])])


def _expanded(raw: str, variables: Variables) -> tuple[str, list[_Use]]:
    parts: list[str] = []
    uses: list[_Use] = []
    at = 0
    for found in _PART.finditer(raw):
        text = found[0][1:] if found["escaped"] else found[0]
        if found["variable"]:
            text = str(variables.substitute(f"{text}\n")[0])[:-1]
            uses.append(_Use(found[0], at, at + len(text)))
        parts.append(text)
        at += len(text)
    return "".join(parts), uses


def _equal(old: str, new: str) -> Iterator[tuple[int, int, int]]:
    """Yield the common passages of both texts: their positions in the old and in the new text, and their length."""
    for start, end, new_start, new_end, same in _compared(old.splitlines(True), new.splitlines(True)):
        if same:
            yield start, new_start, end - start
            continue
        words, new_words = _WORD.findall(old[start:end]), _WORD.findall(new[new_start:new_end])
        if max(len(words), len(new_words)) <= _MOST_WORDS:
            for a, b, c, _, equal in _compared(words, new_words):
                if equal:
                    yield start + a, new_start + c, b - a


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yield the blocks of a comparison of parts as positions in the joined texts."""
    here, there = _offsets(old), _offsets(new)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield here[a], here[b], there[c], there[d], tag == "equal"


def _offsets(parts: Sequence[str]) -> list[int]:
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return offsets
