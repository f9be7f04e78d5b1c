"""Parsed Markdown and HTML: visible text, and elements that are active."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

OURS = re.compile(
    r"<!-- reconciler:\w+ [\w./@ -]+ -->"
    r"|<details><summary>(<code>[^<>]*</code>|Or add this consent, with a reason and an expiry date)?[^<>]*</summary>"
    r"|</details>"
)
ACTIVE = re.compile(r"[@#<`*_~|\[\]\\]|(?<!-)>|\$(?!\d)|://|www\.|:\w+:|GH-\d|\b[0-9a-f]{40}\b")
"""Characters that GitHub interprets outside of code."""
QUIET = {"paragraph", "heading", "bullet_list", "list_item", "strong", "blockquote"}


@dataclass
class Read:
    """The parts of a Markdown document."""

    text: str = ""
    code: list[str] = field(default_factory=list)
    fences: list[tuple[str, str]] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    other: set[str] = field(default_factory=set)


def markdown(document: str) -> Read:
    read = Read()
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    blocks = parser.parse(document)
    for before, token in zip([None, *blocks], blocks, strict=False):
        if before is not None and before.type == "heading_open":
            read.headings.append(token.content)
        for one in _flat(token):
            _note(one, read)
    return read


def _flat(token: Token) -> Iterator[Token]:
    yield from token.children if token.children is not None else [token]


def _note(token: Token, read: Read) -> None:
    if token.type == "text":
        read.text += token.content + "\n"
    elif token.type == "code_inline":
        read.code.append(token.content)
    elif token.type == "fence":
        read.fences.append((token.info, token.content))
    elif token.type in ("html_block", "html_inline"):
        read.html += filter(None, token.content.strip().split("\n"))
    elif token.type.removesuffix("_open").removesuffix("_close") not in {*QUIET, "softbreak", "hr"}:
        read.other.add(token.type.removesuffix("_open").removesuffix("_close"))


class Page(HTMLParser):
    """An HTML document: its elements with their attributes, and its text by element."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        where = self._open[-1] if self._open else ""
        self.text[where] = self.text.get(where, "") + data

    @property
    def all_text(self) -> str:
        return "\n".join(text for name, text in self.text.items() if name != "style")
