"""The terms of the page `docs/glossary.md`: one section for each term, and the words in the tables of a section.

The words are those that plans and reports print, such as the classes of drift.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from reconciler.explanations.codes import page, prose
from reconciler.explanations.model import TermExplanation

_SECTION: Final = re.compile(r"^### (?P<term>.+?)\n\n(?P<text>.+?)(?=\n+#{2,3} |\s*\Z)", re.MULTILINE | re.DOTALL)
_WORD: Final = re.compile(r"`([a-z$/ ~+-]+)`")
_BAR: Final = re.compile(r"(?<!\\)\|")


def terms() -> tuple[TermExplanation, ...]:
    """Return the terms of the glossary, each with one explanation for each section that defines it."""
    return tuple(_terms(page("glossary.md")))


def key(term: str) -> str:
    """Return the form of a term by which it is found: `In sync`, `in-sync` and `in_sync` are one term."""
    return re.sub(r"[\s_-]+", "-", term.strip().lower())


def _terms(text: str) -> Iterator[TermExplanation]:
    for found in _SECTION.finditer(text):
        blocks = found["text"].split("\n\n")
        rows = [row for block in blocks if block.startswith("|") for row in _rows(block)]
        paragraphs = [
            part for block in blocks for part in (map(_line, _rows(block)) if block.startswith("|") else [block])
        ]
        yield TermExplanation(found["term"].lower(), "", prose("\n\n".join(paragraphs)))
        words = [(word[1], row) for row in rows if (word := _WORD.fullmatch(row[0][1]))]
        for word, group in groupby(words, key=lambda pair: pair[0]):
            if word == found["term"].lower():
                continue
            lines = "\n\n".join(_meaning(row) for _, row in group)
            yield TermExplanation(word, found["term"].lower(), prose(lines))


_Row = list[tuple[str, str]]
"""The cells of a row, each after the title of its column."""


def _rows(block: str) -> Iterator[_Row]:
    titles, _, *rows = (
        [cell.strip() for cell in _BAR.split(line.strip().strip("|"))] for line in block.strip().splitlines()
    )
    for row in rows:
        yield list(zip(titles, row, strict=False))


def _line(row: _Row) -> str:
    return f"{row[0][1]}: {_meaning(row)}"


def _meaning(row: _Row) -> str:
    """Return the cells after the first, each after the title of its column, without that of the second."""
    _, (_, meaning), *others = row
    return "; ".join((meaning, *_titled(others)))


def _titled(cells: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"{title}: {cell}" for title, cell in cells)
