"""JSON values as YAML for people: block style, short lists and mappings on one line, quotes only where they are needed.

What is emitted is read back as the same value by every YAML reader, of version 1.1 too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.manifests.scalars import plain
from reconciler.resources.values import JSON

Notes: TypeAlias = Mapping[tuple[str, ...], str]
"""Comments by the way to the value they stand behind; an index of a list is written as text."""

WIDTH: Final = 100
"""Columns up to which a list or a mapping of scalars stands on one line."""
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off"})
"""Text in YAML 1.2 and truth values in 1.1, in any case."""
_IN_FLOW: Final = re.compile(r"[^\W\d][\w./@+$-]*(?: [\w./@+$()-]+)*|\$file")
_IN_BLOCK: Final = re.compile(r"[^\W\d](?:[^:#]|:(?=\S)|(?<=\S)#)*")


@dataclass(frozen=True)
class _Notes:
    at: Notes
    around: frozenset[tuple[str, ...]]
    """The ways to values that have a comment inside."""


def emit(value: Mapping[str, JSON], notes: Notes | None = None, indent: int = 0) -> str:
    """The lines of a mapping, each `indent` columns from the left, with a newline at the end.

    Raises ValueError for a number that is not finite.
    """
    known = notes or {}
    around = frozenset(path[:length] for path in known for length in range(len(path)))
    lines = _mapping(value, (), _Notes(known, around), " " * indent)
    return "".join(f"{line}\n" for line in lines)


def comment(text: str, indent: int = 0) -> str:
    """`text` as comment lines of their own."""
    return "".join(f"{' ' * indent}# {_visible(line)}".rstrip() + "\n" for line in text.splitlines())


def _mapping(value: Mapping[str, JSON], path: tuple[str, ...], notes: _Notes, margin: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{margin}{_key(key)}:", item, (*path, key), notes, margin)


def _entry(lead: str, value: JSON, path: tuple[str, ...], notes: _Notes, margin: str) -> Iterator[str]:
    """The lines of one value after its key."""
    note = f"  # {_visible(notes.at[path])}" if path in notes.at else ""
    line = _line(value, path, notes, WIDTH - len(lead))
    if line is not None:
        yield f"{lead} {line}{note}"
    elif isinstance(value, str) and _is_block(value):
        yield f"{lead} {_header(value)}{note}"
        yield from (f"{margin}  {text}" if text else "" for text in value.removesuffix("\n").split("\n"))
    elif isinstance(value, str):
        first, *others = _quoted_lines(value)
        yield f"{lead} {first}"
        yield from (f"{margin}  {text}" for text in others)
    else:
        yield lead + note
        yield from _inside(value, path, notes, f"{margin}  ")


def _inside(value: JSON, path: tuple[str, ...], notes: _Notes, margin: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _mapping(value, path, notes, margin)
        return
    for index, item in enumerate(value):
        yield from _item(item, (*path, str(index)), notes, margin)


def _item(value: JSON, path: tuple[str, ...], notes: _Notes, margin: str) -> Iterator[str]:
    """A mapping begins on the line of its dash."""
    if not (isinstance(value, Mapping) and value) or _line(value, path, notes, WIDTH - len(margin) - 2) is not None:
        yield from _entry(f"{margin}-", value, path, notes, margin)
        return
    if path in notes.at:
        yield f"{margin}# {_visible(notes.at[path])}"
    first, *rest = _mapping(value, path, notes, f"{margin}  ")
    yield f"{margin}- {first[len(margin) + 2 :]}"
    yield from rest


def _line(value: JSON, path: tuple[str, ...], notes: _Notes, room: int) -> str | None:
    """`value` without a line break; None where it reads better with, or has comments inside."""
    if isinstance(value, Mapping | list) and value and path in notes.around:
        return None
    if isinstance(value, str):
        # A comment cannot stand inside a quoted text: with one, it stays on its line.
        has_lines = _is_block(value) or (len(value) > room and "\n" in value[:-1] and path not in notes.at)
        return None if has_lines else _scalar(value, _IN_BLOCK)
    if not isinstance(value, Mapping | list):
        return _scalar(value, _IN_BLOCK)
    items = list(value.values()) if isinstance(value, Mapping) else value
    if any(_is_block(item) if isinstance(item, str) else item and isinstance(item, Mapping | list) for item in items):
        return None
    line = _flow(value)
    return line if len(line) <= room or not value else None


def _flow(value: JSON) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value, _IN_FLOW)


def _key(key: str) -> str:
    return _scalar(key, _IN_FLOW)


def _scalar(value: JSON, unquoted: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        return json.dumps(value, allow_nan=False)
    is_plain = unquoted.fullmatch(value) and value.isprintable() and not value.endswith((" ", ":"))
    return value if is_plain and plain(value) == value and value.lower() not in _WORDS else _quoted(value)


def _quoted(text: str) -> str:
    """In double quotes, with an escape for whatever cannot be seen."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _quoted_lines(text: str) -> Iterator[str]:
    """The same with a line for each line of `text`: an escaped line break in quotes is none."""
    first, *others = re.split(r"(?<=\n)(?=.)", text, flags=re.DOTALL)
    lines = [_quoted(first)[1:-1], *(_indented(_quoted(line)[1:-1]) for line in others)]
    for index, line in enumerate(lines):
        yield ('"' if index == 0 else "") + line + ('"' if index == len(lines) - 1 else "\\")


def _indented(line: str) -> str:
    """White space at the start of a quoted line is dropped where it is not escaped."""
    return f"\\{line}" if line.startswith(" ") else line


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return known.get(char) or (f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")


def _visible(text: str) -> str:
    """`text` on one line of a comment."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _is_block(text: str) -> bool:
    """Whether `text` can be a literal block: several lines of which all characters may stand as they are."""
    lines = text.removesuffix("\n").split("\n")
    shown = all(line.replace("\t", " ").isprintable() for line in lines)
    return len(lines) > 1 and shown and any(line.strip(" \t") for line in lines)


def _header(text: str) -> str:
    """Before a block: its indentation where that cannot be seen, and what to do with line breaks at the end."""
    first = next(line for line in text.split("\n") if line)
    end = "+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-"
    return f"|2{end}" if first.startswith((" ", "\t")) else f"|{end}"
