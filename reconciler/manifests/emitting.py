"""Output of JSON values as readable YAML: block style, short lists and mappings on one line, quotes only if needed.

Every YAML parser, including those for version 1.1, reads the output back as the same value.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.manifests.scalars import needs_quotes
from reconciler.resources.values import JSON

Notes: TypeAlias = Mapping[tuple[str, ...], str]
"""Comments by the path of the value that they follow; indices of lists are texts."""

WIDTH: Final = 100
"""Largest number of columns of a list or a mapping of scalars on one line."""
_IN_FLOW: Final = re.compile(r"[^\W\d][\w./@+$-]*(?: [\w./@+$()-]+)*|\$file")
_IN_BLOCK: Final = re.compile(r"[^\W\d](?:[^:#]|:(?=\S)|(?<=\S)#)*")


@dataclass(frozen=True)
class _Notes:
    at: Notes
    around: frozenset[tuple[str, ...]]
    """Paths of the values that contain a value with a comment."""


def emit(value: Mapping[str, JSON], notes: Notes | None = None, indent: int = 0) -> str:
    """Return the lines of a mapping, indented by `indent` columns, with a newline at the end.

    Raises ValueError if a number is not finite.
    """
    known = notes or {}
    around = frozenset(path[:length] for path in known for length in range(len(path)))
    lines = _mapping(value, (), _Notes(known, around), " " * indent)
    return "".join(f"{line}\n" for line in lines)


def comment(text: str, indent: int = 0) -> str:
    """Return `text` as comment lines."""
    return "".join(f"{' ' * indent}# {visible(line)}".rstrip() + "\n" for line in text.splitlines())


def _mapping(value: Mapping[str, JSON], path: tuple[str, ...], notes: _Notes, margin: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{margin}{_key(key)}:", item, (*path, key), notes, margin)


def _entry(lead: str, value: JSON, path: tuple[str, ...], notes: _Notes, margin: str) -> Iterator[str]:
    """Yield the lines of one value, after its key or dash `lead`."""
    note = f"  # {visible(notes.at[path])}" if path in notes.at else ""
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
    """Yield the lines of one list item. A mapping begins on the line of its dash."""
    if not (isinstance(value, Mapping) and value) or _line(value, path, notes, WIDTH - len(margin) - 2) is not None:
        yield from _entry(f"{margin}-", value, path, notes, margin)
        return
    if path in notes.at:
        yield f"{margin}# {visible(notes.at[path])}"
    first, *rest = _mapping(value, path, notes, f"{margin}  ")
    yield f"{margin}- {first[len(margin) + 2 :]}"
    yield from rest


def _line(value: JSON, path: tuple[str, ...], notes: _Notes, room: int) -> str | None:
    """Return `value` on one line; None if it is more readable on several lines or contains comments."""
    if isinstance(value, Mapping | list) and value and path in notes.around:
        return None
    if isinstance(value, str):
        # A quoted text of several lines cannot be followed by a comment.
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
    return value if _is_plain(value, unquoted) else _quoted(value)


def is_plain(text: str, *, in_flow: bool) -> bool:
    """Return True if `text` is written without quotes."""
    return _is_plain(text, _IN_FLOW if in_flow else _IN_BLOCK)


def _is_plain(text: str, unquoted: re.Pattern[str]) -> bool:
    fits = unquoted.fullmatch(text) and text.isprintable() and not text.endswith((" ", ":"))
    return bool(fits) and not needs_quotes(text)


def _quoted(text: str) -> str:
    """Return `text` in double quotes, with escapes for characters that are not printable."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _quoted_lines(text: str) -> Iterator[str]:
    """Yield `text` in double quotes, with one line for each of its lines; the added line breaks are escaped."""
    first, *others = re.split(r"(?<=\n)(?=.)", text, flags=re.DOTALL)
    lines = [_quoted(first)[1:-1], *(_indented(_quoted(line)[1:-1]) for line in others)]
    for index, line in enumerate(lines):
        yield ('"' if index == 0 else "") + line + ('"' if index == len(lines) - 1 else "\\")


def _indented(line: str) -> str:
    """Escape a space at the start of a quoted line; it would be dropped otherwise."""
    return f"\\{line}" if line.startswith(" ") else line


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return known.get(char) or (f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")


def visible(text: str) -> str:
    """Return `text` on one line, for a comment."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _is_block(text: str) -> bool:
    """Return True if `text` can be a literal block: it has several lines and no character that needs an escape."""
    lines = text.removesuffix("\n").split("\n")
    shown = all(line.replace("\t", " ").isprintable() for line in lines)
    return len(lines) > 1 and shown and any(line.strip(" \t") for line in lines)


def _header(text: str) -> str:
    """Return the header of a literal block: an indentation indicator, if the first line begins with white space, and
    the handling of line breaks at the end.
    """
    first = next(line for line in text.split("\n") if line)
    end = "+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-"
    return f"|2{end}" if first.startswith((" ", "\t")) else f"|{end}"
