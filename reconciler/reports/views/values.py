"""Values as text: on one line where they are short, by their size or as lines where they are not."""

import json
import re
from typing import Final

from reconciler.reports.style import cells, clip, count, plain
from reconciler.resources.values import ABSENT, ADDRESS_KEY, JSON, Absent, is_reference, replace_references

_HASH: Final = re.compile(r"(?:sha256:)?([0-9a-f]{12})[0-9a-f]{52}")


def whole(value: JSON) -> str:
    """`value` on one line: strings quoted, references as the address they name, hashes as their first digits."""
    if is_reference(value):
        return plain(value[ADDRESS_KEY])
    if isinstance(value, str):
        hashed = _HASH.fullmatch(value)
        return hashed[1] if hashed else _quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(str(key))}: {whole(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(whole, value)) + "]"
    return json.dumps(value)


def brief(value: JSON, room: int) -> str:
    """`value` in at most `room` columns: whole, else its size, or its beginning where it is one line of text."""
    if isinstance(value, str) and "\n" in value:
        return count(len(value.splitlines()), "line")
    text = whole(value)
    if len(text) <= room or is_reference(value):
        return text
    return size(value, room) if isinstance(value, dict | list) else clip(text, room)


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
