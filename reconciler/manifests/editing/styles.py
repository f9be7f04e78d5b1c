"""YAML text of values in a given style, if that style can represent them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.manifests.parsing import parse_document
from reconciler.manifests.scalars import needs_quotes
from reconciler.resources.values import JSON

_UNPRINTABLE: Final = re.compile(
    "[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Characters that YAML does not allow without an escape, or reads as line breaks."""
_LONGEST_LINE: Final = 110


def inline(value: JSON, style: str = "", *, flow: bool = False) -> str:
    """Return a scalar, or a collection in flow style, on one line; text is in `style` if possible."""
    if isinstance(value, Mapping):
        pairs = (f"{key_text(key, style == DOUBLE)}: {inline(item, style, flow=True)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(inline(item, style, flow=True) for item in value) + "]"
    return _text(value, style, flow) if isinstance(value, str) else json.dumps(value)


DOUBLE: Final = '"'
SINGLE: Final = "'"


def key_text(key: str, quoted: bool = False) -> str:
    """Return a key, in double quotes if `quoted` or if they are necessary."""
    if not quoted and _plain_enough(key) and _reads_as(f"{{ {key}: 1 }}", {key: 1}):
        return key
    return _double(key)


def _text(text: str, style: str, flow: bool) -> str:
    if style == DOUBLE:
        return _double(text)
    if style != SINGLE and _plain_enough(text) and _reads_as(f"[ {text} ]" if flow else f"- {text}", [text]):
        return text
    single_fits = "\n" not in text and not _UNPRINTABLE.search(text)
    if single_fits and (style == SINGLE or ((DOUBLE in text or "\\" in text) and SINGLE not in text)):
        return SINGLE + text.replace(SINGLE, SINGLE * 2) + SINGLE
    return _double(text)


def _plain_enough(text: str) -> bool:
    return "\n" not in text and not _UNPRINTABLE.search(text) and not needs_quotes(text)


def _reads_as(text: str, value: JSON) -> bool:
    document = parse_document(text, "")
    return not document.problems and document.value == value


def _double(text: str) -> str:
    return _UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@dataclass(frozen=True)
class Style:
    """The indentation of a document."""

    step: int = 2
    dash: int = 2
    """Number of columns between a key and the dashes below it."""

    def lines(self, value: JSON, column: int, *, dashed: bool = False) -> list[str]:
        """Return `value` as the text after a key or a dash in `column`: the rest of that line, then whole lines."""
        if isinstance(value, Mapping) and value:
            return self._collection(self._pairs(value, column + (2 if dashed else self.step)), dashed)
        if isinstance(value, Sequence) and not isinstance(value, str) and value:
            return self._collection(self._items(value, column + (2 if dashed else self.dash)), dashed)
        if isinstance(value, str) and "\n" in value.rstrip("\n"):
            block = literal(value, column + (2 if dashed else self.step), column)
            return block if block and not block[0].endswith("+") else [inline(value)]
        return [inline(value)]

    def _pairs(self, value: Mapping[str, JSON], column: int) -> list[str]:
        return [
            line
            for key, item in value.items()
            for line in headed(f"{' ' * column}{key_text(key)}:", self.lines(item, column))
        ]

    def _items(self, value: Sequence[JSON], column: int) -> list[str]:
        return [line for item in value for line in headed(f"{' ' * column}-", self.lines(item, column, dashed=True))]

    def _collection(self, lines: list[str], dashed: bool) -> list[str]:
        """Return the lines of a collection. After a dash, the first entry is on the line of the dash."""
        return [lines[0].lstrip(" "), *lines[1:]] if dashed else ["", *lines]


def headed(head: str, lines: Sequence[str]) -> list[str]:
    """Return `lines` after a key or a dash."""
    return [f"{head} {lines[0]}" if lines[0] else head, *lines[1:]]


def literal(text: str, column: int, parent: int) -> list[str] | None:
    """Return a literal block with its content in `column`, for an entry in the column `parent`; None if a literal block
    cannot represent the text.
    """
    lines = body(text)
    first = next((line for line in lines if line), "")
    if _UNPRINTABLE.search(text) or not first.strip(" \t"):
        return None
    return ["|" + indicators(text, first, column - parent), *_indented(lines, column)]


def body(text: str) -> list[str]:
    """Return the lines of a block scalar."""
    return text.removesuffix("\n").split("\n")


def indicators(text: str, first: str, depth: int) -> str:
    """Return the indicators after `|` or `>`: the indentation, if the first line begins with white space, and the
    handling of line breaks at the end.
    """
    shown = str(depth) if first[0] in " \t" else ""
    return shown + ("+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-")


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
        fresh = [">" + indicators(text, first, column - parent), *_indented(lines, column)]
    return [fresh[0], *_reusing(raw, stripped, fresh[1:], column)]


def _depth(old: str, full: Sequence[str], parent: int) -> int:
    """Return the column of the content of a block scalar."""
    explicit = re.match(r"[|>][-+]?([1-9])", old)
    return max(parent, 0) + int(explicit[1]) if explicit else len(full[0]) - len(full[0].lstrip(" "))


def _reusing(raw: Sequence[str], stripped: Sequence[str], fresh: list[str], column: int) -> list[str]:
    """Return the fresh lines, but keep old lines at both ends that differ only in trailing spaces."""
    made = list(fresh)
    shared = min(len(raw), len(fresh))
    for order in (range(shared), range(-1, -shared - 1, -1)):
        for index in order:
            if stripped[index] != fresh[index][column:]:
                break
            made[index] = raw[index]
    return made


def _indented(lines: Sequence[str], column: int) -> list[str]:
    return [" " * column + line if line else "" for line in lines]


def folded(text: str, old: Sequence[str]) -> list[str] | None:
    """Return the lines of a folded block for `text`, with as many `old` lines as possible; None if a folded block
    cannot represent it.
    """
    paragraphs = body(text)
    if _UNPRINTABLE.search(text) or not paragraphs[0] or any(line[:1] in {" ", "\t"} for line in (*paragraphs, *old)):
        return None
    width = max([*map(len, old), 60]) if len(old) > 1 else _LONGEST_LINE
    before = _paragraphs(old)
    known = {" ".join(lines): lines for lines in before}
    made: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        if paragraph:
            hint = before[number] if number < len(before) else []
            made += [*([""] if made and number else []), *(known.get(paragraph) or _wrapped(paragraph, hint, width))]
        else:
            made.append("")
    return made


def _paragraphs(lines: Sequence[str]) -> list[list[str]]:
    """Return the groups of lines between empty lines. Each further adjacent empty line is an empty group."""
    made: list[list[str]] = [[]]
    for line in lines:
        if line:
            made[-1].append(line)
        else:
            made.append([])
    return made


def _wrapped(text: str, hint: Sequence[str], width: int) -> list[str]:
    """Return `text` in lines: those of `hint` as long as they match, then lines of at most `width` characters."""
    made: list[str] = []
    for line in hint:
        if not text.startswith(f"{line} ") or text[len(line) + 1 : len(line) + 2] in {" ", ""}:
            break
        made.append(line)
        text = text[len(line) + 1 :]
    kept = len(made)
    for word in re.split(r"(?<=\S) (?=\S)", text):
        if len(made) > kept and len(made[-1]) + 1 + len(word) <= width:
            made[-1] += f" {word}"
        else:
            made.append(word)
    return made
