"""Values as text: on one line where they are short, by their size or as lines where they are not."""

import json
import re
from collections.abc import Iterator
from typing import Final

from reconciler.reports.style import cells, clip, count, plain
from reconciler.resources.values import ABSENT, ADDRESS_KEY, JSON, Absent, is_reference, replace_references

_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}")


def whole(value: JSON) -> str:
    """`value` on one line: strings quoted, references as the address they name, hashes as their first digits."""
    return "".join(_parts(value))


def _parts(value: JSON) -> Iterator[str]:
    """Yield the parts of `whole`, in order."""
    if is_reference(value):
        yield plain(value[ADDRESS_KEY])
    elif isinstance(value, str):
        hashed = _HASH.fullmatch(value)
        yield hashed[1] if hashed else _quoted(value)
    elif isinstance(value, dict):
        yield "{"
        for number, (key, item) in enumerate(value.items()):
            yield f"{', ' if number else ''}{plain(str(key))}: "
            yield from _parts(item)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, item in enumerate(value):
            if number:
                yield ", "
            yield from _parts(item)
        yield "]"
    else:
        yield json.dumps(value)


def _whole_within(value: JSON, room: int) -> str | None:
    """Return `value` on one line, or None if it has more than `room` characters. The rest is not written: it may be
    large, and only its size is shown.
    """
    text = ""
    for part in _parts(value):
        text += part
        if len(text) > room:
            return None
    return text


def brief(value: JSON, room: int) -> str:
    """`value` in at most `room` columns: whole, else its size, or its beginning where it is one line of text."""
    if isinstance(value, str) and "\n" in value:
        return count(len(value.splitlines()), "line")
    if isinstance(value, dict | list) and not is_reference(value):
        return _whole_within(value, room) or size(value, room)
    text = whole(value)
    return text if len(text) <= room or is_reference(value) else clip(text, room)


def size(value: JSON, room: int) -> str:
    """The keys of a mapping where `room` columns hold them; else `12 keys`, or `3 items` of a list."""
    if isinstance(value, list):
        return count(len(value), "item")
    keys = ", ".join(map(plain, value))
    return keys if cells(keys) <= room else count(len(value), "key")


def lines_of(value: JSON | Absent) -> list[str]:
    """`value` as lines that can be compared: text as it is, structure as indented JSON; not escaped yet."""
    if value is ABSENT:
        return []
    if isinstance(value, str):
        return value.split("\n")
    return json.dumps(replace_references(value, str), indent=2, ensure_ascii=False).split("\n")


def bytes_text(number: int) -> str:
    """`1.2 MB`, in powers of a thousand."""
    amount, unit = float(number), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 9.95 and unit != "B" else f"{amount:.0f} {unit}"


def _quoted(text: str) -> str:
    return '"' + plain(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
