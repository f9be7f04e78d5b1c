"""Text of several lines that replaces another text and keeps the lines that are in both."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from reconciler.manifests.editing.styles import DOUBLE, SINGLE, body, double, indented, indicators, literal, reads_as

_LONGEST_LINE: Final = 110
_SHORTEST_WIDTH: Final = 60
_MOST_WORDS: Final = 4000
"""Largest number of words of a changed passage. In longer passages, all lines are written again."""
_WORD: Final = re.compile(r"\\n|(?:(?!\\n)\S)+")
"""A word. The escape of a line break is a word of its own."""
_SPACE: Final = re.compile(r"(?<=\S) (?=\S)")
_INNER_BREAKS: Final = re.compile(r"(?<=\S)(\n+)(?=\S)")
_ESCAPED: Final = "\\"


@dataclass(slots=True)
class _Folded:
    """Lines, joined as YAML joins them."""

    lines: Sequence[str]
    text: str = ""
    breaks: dict[int, str] = field(default_factory=dict)
    """Ends of lines that are not line breaks of the text, by position: `" "`, or a backslash that hides them."""

    @property
    def width(self) -> int:
        return max([*map(len, self.lines), _SHORTEST_WIDTH]) if len(self.lines) > 1 else _LONGEST_LINE


def block_scalar(text: str, style: str, old: str, parent: int, column: int) -> list[str] | None:
    """Return `text` as a replacement of the block scalar `old`, with its indentation and with the lines that are in
    both. `parent` is the column of the entry; `column` is that of the content if `old` has none.
    """
    raw = [line.rstrip("\r") for line in old.split("\n")[1:]]
    full = [line for line in raw if line.strip(" ")]
    column = _depth(old, full, parent) if full else column
    stripped = [line[column:] for line in raw]
    lines = folded(text, stripped) if style == ">" else None
    fresh = literal(text, column, parent)
    if fresh is None:
        return None
    if lines is not None:
        first = next(line for line in lines if line)
        fresh = [">" + indicators(text, first, column - parent), *indented(lines, column)]
    return [fresh[0], *_restored(raw, stripped, [line[column:] for line in fresh[1:]], fresh[1:])]


def _depth(old: str, full: Sequence[str], parent: int) -> int:
    """Return the column of the content of a block scalar."""
    explicit = re.match(r"[|>][-+]?([1-9])", old)
    return max(parent, 0) + int(explicit[1]) if explicit else len(full[0]) - len(full[0].lstrip(" "))


def _restored(raw: Sequence[str], old: Sequence[str], new: Sequence[str], made: list[str]) -> list[str]:
    """Return the lines `made`, but with the `raw` lines, and their spaces, where `new` has the same lines as `old`."""
    if max(len(old), len(new)) > _MOST_WORDS:
        return made
    for at, place, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        made[place : place + size] = raw[at : at + size]
    return made


def folded(text: str, old: Sequence[str]) -> list[str] | None:
    """Return the lines of a folded block for `text`, with as many `old` lines as possible; None if a folded block
    cannot represent it.
    """
    paragraphs = body(text)
    if paragraphs[0][:1] in {"", " ", "\t"}:
        return None
    before = _joined(old)
    kept = _kept(before, "\n".join(paragraphs))
    made: list[str] = []
    at, above = 0, ""
    for paragraph in paragraphs:
        if not paragraph:
            made.append("")
        else:
            if above and not _is_indented(above) and not _is_indented(paragraph):
                made.append("")
            made += [paragraph] if _is_indented(paragraph) else _lines(paragraph, at, kept, before)
            above = paragraph
        at += len(paragraph) + 1
    return made


def _is_indented(line: str) -> bool:
    """Return True for a line that a folded block does not join with its neighbours."""
    return line[:1] in {" ", "\t"}


def _joined(old: Sequence[str]) -> _Folded:
    """Join the lines of a folded block."""
    made = _Folded(old)
    above, blank = "", 0
    for line in old:
        if not line:
            blank += 1
            continue
        if not above:
            made.text = "\n" * blank
        elif _is_indented(line) or _is_indented(above):
            made.text += "\n" * (blank + 1)
        else:
            if not blank:
                made.breaks[len(made.text)] = " "
            made.text += "\n" * blank or " "
        made.text += line
        above, blank = line, 0
    return made


def reflowed(old: str, text: str, style: str) -> list[str] | None:
    """Return `text` as a replacement of the plain or quoted scalar `old`, in the same style and with the lines that are
    in both; None if `old` is one line, or if the style cannot represent the text. All other lines are indented.
    """
    first, *others = old.replace("\r\n", "\n").split("\n")
    margin = next((re.match(r"[ \t]*", line)[0] for line in others if line.strip()), "")  # type: ignore[index]
    quote = style if style in {SINGLE, DOUBLE} else ""
    before = _unquoted([first, *others], quote)
    source = _source(text, quote, breaks="\n" in before.text)
    if not others or source is None:
        return None
    kept = _kept(before, source)
    made: list[str] = []
    at = 0
    for number, part in enumerate(_INNER_BREAKS.split(source)):
        if number % 2:
            made += [""] * len(part)
        else:
            made += _lines(part, at, kept, before)
        at += len(part)
    made = [quote + made[0], *made[1:-1], made[-1] + quote] if len(made) > 1 else [quote + made[0] + quote]
    lines = [made[0], *(margin + line if line else "" for line in made[1:])]
    lines = _restored([first, *others], before.lines, [line.strip() for line in lines], lines)
    return lines if reads_as("- " + "\n".join([lines[0], *(f" {line}" for line in lines[1:])]), [text]) else None


def _unquoted(old: Sequence[str], quote: str) -> _Folded:
    """Join the lines of a scalar without its quotes. Only the escapes of line breaks, and of spaces after them, go."""
    inner = list(old)
    if quote:
        inner[0] = inner[0][1:]
        inner[-1] = inner[-1][:-1]
    made = _Folded([line.strip() for line in old])
    blank, hidden = 0, False
    for number, raw in enumerate(inner):
        line = raw.lstrip(" \t") if number else raw
        ends = quote == DOUBLE and number < len(inner) - 1 and len(line) - len(line.rstrip(_ESCAPED)) & 1
        line = line[:-1] if ends else line if number == len(inner) - 1 else line.rstrip(" \t")
        if hidden:
            made.breaks[len(made.text)] = _ESCAPED
            line = line.removeprefix(_ESCAPED) if line.startswith(_ESCAPED + " ") else line
        elif number and not line and not ends and number < len(inner) - 1:
            blank += 1
            continue
        elif number:
            if not blank:
                made.breaks[len(made.text)] = " "
            made.text += "\n" * blank or " "
        made.text += line
        blank, hidden = 0, bool(ends)
    return made


def _source(text: str, quote: str, *, breaks: bool) -> str | None:
    """Return `text` as it is written between quotes, with line breaks between words as such if `breaks`."""
    if quote == DOUBLE:
        parts = _INNER_BREAKS.split(text) if breaks else [text]
        return "".join(part if number % 2 else double(part)[1:-1] for number, part in enumerate(parts))
    if text != text.strip() or re.search(r"[ \t]\n|\n[ \t]", text):
        return None
    return text.replace(SINGLE, SINGLE * 2) if quote else text


def _kept(before: _Folded, new: str) -> dict[int, str]:
    """Return the ends of lines in `new` at the words at which `before` has them, by position."""
    words, new_words = list(_WORD.finditer(before.text)), list(_WORD.finditer(new))
    pairs = dict(_matches([word[0] for word in words], [word[0] for word in new_words]))
    starts = [word.start() for word in words]
    kept: dict[int, str] = {}
    for at, end in before.breaks.items():
        following = bisect_left(starts, at)
        if following in pairs:
            place = new_words[pairs[following]].start() - (starts[following] - at)
        elif following - 1 in pairs:
            place = new_words[pairs[following - 1]].end()
        else:
            continue
        if 0 < place < len(new) and (end == _ESCAPED or _is_space(new, place)):
            kept[place] = end
    return kept


def _is_space(text: str, at: int) -> bool:
    return _SPACE.match(text, at) is not None


def _matches(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the indices of the words that are in both texts, in order."""
    start, shared = 0, min(len(old), len(new))
    while start < shared and old[start] == new[start]:
        start += 1
    end = 0
    while end < shared - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield from ((index, index) for index in range(start))
    yield from ((len(old) - index, len(new) - index) for index in range(end, 0, -1))
    middle, new_middle = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle), len(new_middle)) <= _MOST_WORDS:
        for a, b, size in SequenceMatcher(None, middle, new_middle, autojunk=False).get_matching_blocks():
            yield from ((start + a + index, start + b + index) for index in range(size))


def _lines(text: str, at: int, kept: Mapping[int, str], before: _Folded) -> list[str]:
    """Return a passage in lines, with the ends of lines in `kept`; `at` is its position. Long new lines are wrapped."""
    made: list[str] = []
    start = 0
    known = set(before.lines)
    for place in [*sorted(place for place in kept if at < place < at + len(text)), at + len(text)]:
        end = kept.get(place, "")
        line = text[start : place - at]
        line = _ESCAPED + line if made and line.startswith(" ") else line
        line += _ESCAPED if end == _ESCAPED and place < at + len(text) else ""
        made += [line] if line in known else _wrapped(line, before.width)
        start = place - at + (end == " ")
    return made


def _wrapped(text: str, width: int) -> list[str]:
    made: list[str] = []
    for word in _SPACE.split(text):
        if made and len(made[-1]) + 1 + len(word) <= width:
            made[-1] += f" {word}"
        else:
            made.append(word)
    return made
