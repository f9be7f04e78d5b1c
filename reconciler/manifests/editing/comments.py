"""Comments of a document, and those that are kept when it is removed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ruamel.yaml.events import AliasEvent, ScalarEvent

from reconciler.manifests.libyaml import events

OF_FILE: Final = re.compile(r"copyright|licen[cs]e|spdx|yaml-language-server|-\*-|\bvim:", re.IGNORECASE)
"""Words of comments that are about the file."""
_COMMENT: Final = re.compile(r"(?<![^\s])#[^\r\n]*")
_ABOVE: Final = re.compile(r"(?:[ \t]*+(?:#[^\r\n]*+)?\r?\n)*+")
"""Comments and empty lines."""
_DIRECTLY: Final = re.compile(r"(?:[ \t]*#[^\r\n]*\r?\n)*\Z")
"""Comments directly above what follows."""
_AT_END: Final = re.compile(
    r"(?:(?<=\n)\.\.\.(?=[ \t\r\n])|(?<=\n)[ \t]*\r?\n(?=#))(?:[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z))*\Z"
)
"""Comments at the end of a text, below an empty line or the end of its document."""
_BELOW: Final = re.compile(r"(?<=\n)[ \t]*\r?\n((?:#[^\r\n]*\r?\n)+)\Z")
"""Comments at the end of a text, below an empty line."""


def comments(text: str) -> Iterator[re.Match[str]]:
    """Yield the comments of a document that can be read, in order."""
    at = 0
    for event in events(text):
        if not isinstance(event, ScalarEvent | AliasEvent):
            continue
        start, end = event.start_mark.index, event.end_mark.index
        if getattr(event, "style", "") in {"|", ">"}:
            line = text.find("\n", start, end)
            start = end if line < 0 else line
        yield from _COMMENT.finditer(text, at, start)
        at = end
    yield from _COMMENT.finditer(text, at)


def of_end(text: str) -> str:
    """Return the comments at the end of the last document of a file that are not about the document: those below an
    empty line or `...`, and a last comment that names a licence or sets up an editor.
    """
    found = _AT_END.search(text)
    if found:
        return found[0] if "#" in found[0] else ""
    last = _DIRECTLY.search(text if text.endswith("\n") else text + "\n")
    return text[last.start() :] if last and OF_FILE.search(last[0]) else ""


def lost(text: str, result: str, removed: Sequence[tuple[int, int]]) -> int | None:
    """Return the position of the first comment of `text` that is not in `result`, although it is outside of the spans
    that were removed; None if there is none.
    """
    left = Counter(part for found in comments(result) for part in _parts(found[0]))
    for found in comments(text):
        if any(start <= found.start() < end for start, end in removed):
            continue
        parts = _parts(found[0])
        left.subtract(parts)
        if any(left[part] < 0 for part in parts):
            return found.start()
    return None


def _parts(comment: str) -> list[str]:
    """Return the comments that are on one line, because an edit may have put them there."""
    return re.split(r"[ \t]+(?=#)", comment.rstrip())


def of_file(text: str) -> str:
    """Return the comments above the first document of a file that are about the file: those that an empty line or `---`
    separates from the document, and a first comment that names a licence or sets up an editor.
    """
    found = _ABOVE.match(text)
    head = found[0] if found else ""
    if not text.startswith(("---", "%"), len(head)):
        own = _DIRECTLY.search(head)
        above = head[: own.start()] if own else head
        head = above if above.strip() or not OF_FILE.search(head) else head
    return head if head.strip() else ""


def of_next(text: str) -> str:
    """Return the comments at the end of a document that are about the next one: those directly above its `---`, below
    an empty line.
    """
    found = _BELOW.search(text)
    return found[1] if found else ""
