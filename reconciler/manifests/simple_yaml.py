"""Reading of the simple YAML in which most manifests are written, line by line.

libyaml makes an object with two positions for each key, value and bracket, which takes most of the time of a load. This
reads a document in half of that time, but only if every line of it has one of a few forms that have one meaning only:
`key: value` and `- value` in block style, with plain text or quotes without escapes on the same line, a flow collection
of such values, or text below `|`. Everything else is left to libyaml, which also decides on every error.
"""

import re
import sys
from functools import lru_cache
from typing import Any, Final, TypeAlias

from reconciler.manifests.scalars import Unclear, plain
from reconciler.resources.values import JSON

_DEPTH: Final = 32
"""Largest number of open collections, less than `limits.MAX_DEPTH`."""
_KEY: Final = r"[A-Za-z_][A-Za-z0-9_.-]*"
_FIRST: Final = r"""[^ \n\-?:,\[\]{}\#&*!|>'"%@`]"""
_QUOTED: Final = r""""[^"\\\n]*"|'[^'\n]*'"""
_IN_FLOW: Final = rf"{_FIRST}[^,\[\]{{}}\#:?\n]*|{_QUOTED}"
_ITEMS: Final = re.compile(rf"(?:({_KEY}):[ ])?({_IN_FLOW})(?:,[ ])?")
_LINE: Final = re.compile(
    rf"""
    (?:[ ]*(?:\#[^\n]*)?\n)*                        # empty lines and comments
    ([ ]*) (-[ ])? (?:({_KEY}):(?=[ \n]))?
    (?:[ ]*(
        {_FIRST}(?:[^\#:\n]|:(?=[^ \n]))*
        | {_QUOTED}
        | \{{(?:{_KEY}:[ ](?:{_IN_FLOW})(?:,[ ]{_KEY}:[ ](?:{_IN_FLOW}))*)?\}}
        | \[(?:(?:{_IN_FLOW})(?:,[ ](?:{_IN_FLOW}))*)?\]
        | \|-?
    ))?[ ]*\n
    """,
    re.VERBOSE,
)
"""A line with the lines without a value above it: its indentation, dash, key and value."""
_Open: TypeAlias = tuple[int, Any]
"""An open collection: the column of its keys or dashes, and its value."""
_END: Final = re.compile(r"(?:[ ]*(?:#[^\n]*)?\n)*\Z")
_INDENT: Final = re.compile(r" *(?=[^ \n])")
_EMPTY: Final = re.compile(r" *\n")


class NotSimpleError(Exception):
    """A text that libyaml must read."""


def simple_mapping(text: str) -> tuple[dict[str, JSON], int]:
    """Return the value of a document that is a mapping, and the offset of its first key; raises NotSimpleError."""
    # Tabs, carriage returns and the line breaks of other standards are not printable either.
    if text[-1:] != "\n" or not text.replace("\n", "").isprintable():
        raise NotSimpleError
    root: dict[str, JSON] = {}
    stack: list[_Open] = [(0, root)]
    pending: str | None = None
    first = -1
    at = 4 if text.startswith("---\n") else 0
    while line := _LINE.match(text, at):
        indent, dash, key, value = line.groups()
        if key is None and (not dash or value is None or value[0] == "|"):
            raise NotSimpleError
        column, at = len(indent), line.end()
        first = line.start(1) if first < 0 else first
        container = _container(stack, column, bool(dash), pending)
        if dash and key is not None:
            item: dict[str, JSON] = {}
            container.append(item)
            container, column = item, column + 2
            stack.append((column, item))
        pending = None
        if key is None:
            container.append(_value(value))
            continue
        _add(container, key, None)
        if value is None:
            pending = key
        elif value[0] == "|":
            container[key], at = _block(text, at, column, value)
        else:
            container[key] = _value(value)
    if first < 0 or not _END.match(text, at):
        raise NotSimpleError
    return root, first


def _container(stack: list[_Open], column: int, is_item: bool, pending: str | None) -> Any:
    """Return the collection that a line at a column belongs to: a new one below a key, or one that is still open."""
    top, container = stack[-1]
    if pending is not None and (column > top or (is_item and column == top)):
        made: Any = [] if is_item else {}
        container[pending] = made
        stack.append((column, made))
        if len(stack) > _DEPTH:
            raise NotSimpleError
        return made
    while column < top or (column == top and not is_item and container.__class__ is list):
        stack.pop()
        top, container = stack[-1]
    if column != top or (container.__class__ is list) != is_item:
        raise NotSimpleError
    return container


def _add(fields: dict[str, JSON], key: str, value: JSON) -> None:
    if key in fields or plain(key) is not key:
        raise NotSimpleError
    fields[sys.intern(key)] = value


def _value(text: str) -> JSON:
    if text[0] == "[":
        return [_scalar(item) for _, item in _ITEMS.findall(text[1:-1])]
    if text[0] != "{":
        return _scalar(text)
    fields: dict[str, JSON] = {}
    for key, item in _ITEMS.findall(text[1:-1]):
        _add(fields, key, _scalar(item))
    return fields


def _scalar(text: str) -> JSON:
    # Texts on one line are often the same in many manifests: types, models, descriptions.
    if text[0] in "\"'":
        return sys.intern(text[1:-1])
    value = plain(text.rstrip(" "))
    if value.__class__ is Unclear:
        raise NotSimpleError
    return sys.intern(value) if value.__class__ is str else value


def _block(text: str, at: int, column: int, header: str) -> tuple[str, int]:
    """Return the text below `|` or `|-`, and its end. Lines of spaces are left to libyaml, unless they are empty."""
    indent = _INDENT.match(text, at)
    width = len(indent[0]) if indent else 0
    lines = _body(width).match(text, at) if width > column else None
    if lines is None or _EMPTY.match(text, lines.end()):
        raise NotSimpleError
    value = lines[0].replace("\n" + " " * width, "\n")[width:].rstrip("\n")
    return value if header == "|-" else value + "\n", lines.end()


@lru_cache(maxsize=64)
def _body(width: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[ ]{{{width}}}[^\n]*[^ \n][^\n]*\n|\n)+")
