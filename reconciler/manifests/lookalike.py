"""Texts that look like manifests in Markdown and are not read as such, because of a mistake in their first lines.

The lines are searched for fields, because a mistake in a line may be one in the syntax. Code blocks are quotations.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from reconciler.resources.front_matter import API_VERSION, LINE_BREAK, FrontMatter, split
from reconciler.resources.name_lists import similar

EXAMINED: Final = 2**12
"""Number of characters in which the fields are searched."""
_VERSION, _KIND, _METADATA = "apiversion", "kind", "metadata"
_NAMESPACE: Final = API_VERSION.partition("/")[0] + "/"
_INVISIBLE: Final = re.compile("[\0\u200b-\u200f\u2060\ufeff]")
_FENCE: Final = re.compile(r"[ \t]*(```+|~~~+)")
_FIELD: Final = re.compile(r"""\s*[{"']{0,2}([A-Za-z][\w. -]{0,20}?)["']?\s*:\s*["']?([^\s"'#}]*)""")
_NAME: Final = re.compile(r"""(?:^\s*|[{,]\s*)["']?name["']?\s*:\s*["']?([\w.-]+)""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lookalike:
    """The object that a text would define if it were read."""

    line: int
    """Line of the field that shows it."""
    declared: bool
    """True if it has an `apiVersion` of manifests, even a wrong one, in the place of one."""
    kind: str
    """The kind that is written; empty without one that is similar to a known one."""
    kinds: tuple[str, ...]
    """The known kinds that may be meant."""
    names: tuple[str, ...]
    """The names that may be that of the manifest."""


def lookalike(text: str, kinds: Collection[str] = ()) -> Lookalike | None:
    """Return what a text looks like that is not a manifest; None if it has nothing of a manifest.

    With `kinds`, a text without an `apiVersion` of manifests is one too if it has one of these kinds, even misspelt.
    """
    low = text[:EXAMINED].lower().replace("\0", "")
    if not any(part in low for part in (_NAMESPACE, _METADATA, _KIND)):
        return None
    head = LINE_BREAK.sub("\n", _INVISIBLE.sub("", text[:EXAMINED]).replace("\xa0", " "))
    lines = head.split("\n")
    parts = split(head)
    end = head[: len(head) - len(parts.body)].count("\n") if parts and _is_of_other_software(parts) else len(lines)
    fields = list(_fields(lines, whole=len(text) <= EXAMINED))
    versions = [one for one in fields if one.key == _VERSION and one.value.lower().startswith(_NAMESPACE)]
    is_declared = any(one.line <= end for one in versions) and not _is_quoted(lines)
    of_kind = [(one, tuple(near)) for one in fields if one.key == _KIND and (near := similar(one.value, kinds))]
    if not is_declared:
        is_front = parts is not None and parts.closing != ""
        has_more = bool(versions) or any(one.key == _METADATA for one in fields)
        of_kind = [one for one in of_kind if has_more or (is_front and one[0].line <= end)]
    kind = of_kind[0][0] if of_kind else None
    meant = of_kind[0][1] if of_kind else tuple(kinds)
    shown = versions[0] if versions and (is_declared or kind is None) else kind
    if shown is None or not (is_declared or kinds):
        return None
    return Lookalike(shown.line, is_declared, kind.value if kind else "", meant, tuple(_NAME.findall(head)))


@dataclass(frozen=True, slots=True)
class _Field:
    line: int
    key: str
    """The field of a manifest that it probably is."""
    value: str


def _fields(lines: list[str], *, whole: bool) -> Iterator[_Field]:
    for number, line in _unquoted(lines, whole=whole):
        for part in line.split(",") if line.startswith("{") else [line]:
            field = _FIELD.match(part)
            key = _key(field[1], field[2]) if field else None
            if field and key:
                yield _Field(number, key, field[2])


def _key(written: str, value: str) -> str | None:
    """Return the field of a manifest that a key probably is."""
    letters = re.sub(r"[\W_]", "", written).lower()
    found = get_close_matches(letters, [_VERSION, _KIND, _METADATA], 1, 0.75)
    if not found and "version" in letters and value.lower().startswith(_NAMESPACE):
        return _VERSION
    return found[0] if found else None


def _is_of_other_software(parts: FrontMatter) -> bool:
    if not (parts.closing and parts.is_at_top and parts.yaml.strip()):
        return False
    return not any((found := _FIELD.match(line)) and _key(found[1], found[2]) for line in parts.yaml.split("\n"))


def _is_quoted(lines: list[str]) -> bool:
    """Return True if the text begins with a code block, which may be all of it."""
    return next((_FENCE.match(line) is not None for line in lines if line.strip()), False)


def _unquoted(lines: list[str], *, whole: bool) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line that is not in a code block, and not indented further than all are.

    A code block that a whole text does not end is none, nor is one at the top that begins with front matter.
    """
    written = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if _is_quoted(lines) and written[1:] and written[1][1].strip() == "---":
        del written[0]
    margin = min((len(line) - len(line.lstrip()) for _, line in written), default=0)
    fence, inside = "", []
    for number, full in written:
        line = full[margin:]
        mark = _FENCE.match(line)
        if fence:
            inside.append((number, line))
            if mark and mark[1].startswith(fence):
                fence, inside = "", []
        elif mark:
            fence = mark[1]
        elif line[0].strip():
            yield number, line
    if whole:
        yield from ((number, line) for number, line in inside if line[0].strip())
