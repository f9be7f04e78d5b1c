"""YAML text of values in a given style, if that style can represent them."""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

from reconciler.manifests.libyaml import fast_events
from reconciler.manifests.parsing import parse_document
from reconciler.manifests.scalars import needs_quotes
from reconciler.resources.values import JSON

_UNPRINTABLE: Final = re.compile(
    "[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Characters that YAML does not allow without an escape, or reads as line breaks."""


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
    if not quoted and _plain_enough(key) and reads_as(f"{{ {key}: 1 }}", {key: 1}):
        return key
    return double(key)


def _text(text: str, style: str, flow: bool) -> str:
    if style == DOUBLE:
        return double(text)
    if style != SINGLE and _plain_enough(text) and reads_as(f"[ {text} ]" if flow else f"- {text}", [text]):
        return text
    single_fits = "\n" not in text and not _UNPRINTABLE.search(text)
    if single_fits and (style == SINGLE or ((DOUBLE in text or "\\" in text) and SINGLE not in text)):
        return SINGLE + text.replace(SINGLE, SINGLE * 2) + SINGLE
    return double(text)


def _plain_enough(text: str) -> bool:
    return "\n" not in text and not _UNPRINTABLE.search(text) and not needs_quotes(text)


def reads_as(text: str, value: JSON) -> bool:
    """Return True if parsers of all versions of YAML read the text as `value`."""
    try:
        deque(fast_events(text), maxlen=0)
    except MarkedYAMLError:
        return False
    document = parse_document(text, "")
    return not document.problems and document.value == value


def double(text: str) -> str:
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
    return ["|" + indicators(text, first, column - parent), *indented(lines, column)]


def body(text: str) -> list[str]:
    """Return the lines of a block scalar."""
    return text.removesuffix("\n").split("\n")


def indicators(text: str, first: str, depth: int) -> str:
    """Return the indicators after `|` or `>`: the indentation, if the first line begins with white space, and the
    handling of line breaks at the end.
    """
    shown = str(depth) if first[0] in " \t" else ""
    return shown + ("+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-")


def indented(lines: Sequence[str], column: int) -> list[str]:
    return [" " * column + line if line else "" for line in lines]
