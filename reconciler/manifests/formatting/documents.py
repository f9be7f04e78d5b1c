"""Formatting of the documents of a file. A step that would change a value or a comment is left out."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from reconciler.manifests.editing.comments import comments
from reconciler.manifests.editing.nodes import Node, compose
from reconciler.manifests.formatting.ends import trimmed
from reconciler.manifests.formatting.indentation import indented
from reconciler.manifests.formatting.order import ordered, ordered_metadata
from reconciler.manifests.formatting.quotes import requoted
from reconciler.manifests.formatting.spacing import spaced
from reconciler.manifests.libyaml import BYTE_ORDER_MARK
from reconciler.manifests.parsing import Document, parse, parse_document
from reconciler.resources.values import same

Step: TypeAlias = Callable[[str, Node], str]
"""Returns the text of a document with one property of the layout, given its text and its root."""
_STEPS: Final[tuple[Step, ...]] = (ordered, ordered_metadata, indented, spaced, requoted, trimmed)
_MOST_ROUNDS: Final = 5
"""A step may become possible by a later one."""
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
"""A line break of old systems. Such texts are not formatted."""


def formatted(text: str) -> str:
    """Return the text of a file with all manifests in the canonical layout. Documents that cannot be read, and those
    that are not manifests, are unchanged.
    """
    return format_documents(tuple(parse(text, "")))


def format_documents(documents: Sequence[Document]) -> str:
    """Return the text of the file that has the documents, as `formatted`. The body of a manifest in Markdown is
    unchanged.
    """
    last = len(documents) - 1
    return "".join(
        _document(document, is_last=at == last) + document.source.removeprefix(document.text)
        for at, document in enumerate(documents)
    )


def _document(document: Document, *, is_last: bool) -> str:
    text = document.text
    is_manifest = isinstance(document.value, dict) and {"apiVersion", "kind"} <= document.value.keys()
    if document.problems or not is_manifest or _LONE_RETURN.search(text):
        return text
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    body = text.removeprefix(mark)
    root = compose(body)[0].node
    for _ in range(_MOST_ROUNDS):
        before = body
        for step in (_ended, *_STEPS) if is_last else _STEPS:
            after = step(body, root)
            if after != body and _keeps(body, after):
                body, root = after, compose(after)[0].node
        if body == before:
            break
    return mark + body


def _ended(text: str, _root: Node) -> str:
    """Return a text with one line break at its end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return text.rstrip("\r\n") + newline


def _keeps(before: str, after: str) -> bool:
    """Return True if a text has the same values and comments after a step."""
    old, new = parse_document(before, ""), parse_document(after, "")
    return not new.problems and same(old.value, new.value) and _comments(before) == _comments(after)


def _comments(text: str) -> Counter[str]:
    return Counter(found[0].rstrip() for found in comments(text))
