"""Text with variables, changed where its value has changed: the variables stay where their values do."""

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
"""Of one changed passage: longer ones are compared by line only."""


class LostVariableError(Exception):
    """The variable whose value is no longer in the text."""

    def __init__(self, variable: str) -> None:
        super().__init__(variable)
        self.variable = variable


@dataclass(frozen=True)
class _Use:
    """One variable in a text, and where its value stands once it is put in."""

    written: str
    start: int
    end: int


def escaped(text: str) -> str:
    """`text` as a manifest writes it, so that nothing in it is taken for a variable."""
    return text.replace(PREFIX, "$" + PREFIX)


def rewritten(raw: str, new: str, variables: Variables) -> str:
    """The text `raw`, changed so that it reads as `new` with the same variables.

    Raises `LostVariableError` where the value of one has changed: only a person can say whether the variable should.
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
    """Passages that both texts have: where in the old, where in the new, how long."""
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
    """Blocks of a comparison as positions in the texts that the parts make up."""
    here, there = _offsets(old), _offsets(new)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield here[a], here[b], there[c], there[d], tag == "equal"


def _offsets(parts: Sequence[str]) -> list[int]:
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return offsets
