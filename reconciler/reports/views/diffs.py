"""Two texts as a unified diff that shows the words that changed, in prompts whose paragraphs are one long line too."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from reconciler.reports.style import Look, Style, cells, count, fold, plain

CONTEXT: Final = 2
MOST_LINES: Final = 20
_LOOKS: Final[dict[str, Look]] = {"+": "green", "-": "red", "@": "cyan"}
_SENTENCE_END: Final = re.compile(r"(?<=[.!?]) (?=\S)")


class _Piece(NamedTuple):
    """A line, or a sentence of a line that is too long to be shown as one."""

    text: str
    begins: bool
    """True at the beginning of its line: a new line break is a difference too."""


def unified(
    before: Sequence[str], after: Sequence[str], style: Style, *, indent: int, most: int = MOST_LINES
) -> list[str]:
    """The lines that differ, with two lines around them; at most `most` lines, then how many more there are."""
    room = max(style.width - indent - 2, 20)
    old, new = _pieces(before, room), _pieces(after, room)
    lines = [line for hunk in _hunks(old, new) for line in _hunk_lines(hunk, room)]
    if len(lines) > most + 1:
        lines[most:] = [f"… {count(len(lines) - most, 'more line')}"]
    return [_painted(" " * indent, line, style) for line in lines]


def _pieces(lines: Sequence[str], room: int) -> list[_Piece]:
    return [
        _Piece(text, begins=index == 0)
        for line in lines
        for index, text in enumerate(_SENTENCE_END.split(line) if cells(line) > room else [line])
    ]


def _hunks(old: list[_Piece], new: list[_Piece]) -> Iterator[list[tuple[str, str]]]:
    """Pairs of sign and text, a heading before those that do not start at the top."""
    skipped, old_part, new_part = _differing(old, new)
    for opcodes in SequenceMatcher(None, old_part, new_part).get_grouped_opcodes(CONTEXT):
        start = skipped + (opcodes[0][3] if new else opcodes[0][1])
        line = sum(piece.begins for piece in (new or old)[: start + 1])
        hunk = [("@", f"line {line}")] if start else []
        for tag, old_start, old_end, new_start, new_end in opcodes:
            if tag == "equal":
                hunk += [(" ", _shown(piece)) for piece in new_part[new_start:new_end]]
            else:
                hunk += [("-", _shown(piece)) for piece in old_part[old_start:old_end]]
                hunk += [("+", _shown(piece)) for piece in new_part[new_start:new_end]]
        yield hunk


def _differing(old: list[_Piece], new: list[_Piece]) -> tuple[int, list[_Piece], list[_Piece]]:
    """Return the number of equal pieces at the beginning, and the rest without the equal pieces at the end, both
    without the context: a large text in which one line differs is compared as fast as that line.
    """
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    first, last = max(head - CONTEXT, 0), max(tail - CONTEXT, 0)
    return first, old[first : len(old) - last], new[first : len(new) - last]


def _alike(left: Sequence[_Piece], right: Sequence[_Piece]) -> int:
    """Return the number of equal pieces at the beginning."""
    shorter = min(len(left), len(right))
    return next((index for index in range(shorter) if left[index] != right[index]), shorter)


def _shown(piece: _Piece) -> str:
    """Escaped, with the spaces at its end made visible."""
    text = piece.text.rstrip(" ")
    text += "·" * (len(piece.text) - len(text))
    return plain(text) if piece.begins else f"… {plain(text)}"


def _hunk_lines(hunk: list[tuple[str, str]], room: int) -> Iterator[str]:
    """Return lines in `room`; a longer text continues below its sign, further to the right."""
    for sign, text in hunk:
        for index, part in enumerate(fold(text, room - 2)):
            yield f"{sign}   {part}" if index else f"{sign} {part}".rstrip()


def _painted(indent: str, line: str, style: Style) -> str:
    return indent + style.paint(line, _LOOKS.get(line[0], "dim")) if line.strip() else ""
