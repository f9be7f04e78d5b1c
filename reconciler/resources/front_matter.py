"""Front matter of Markdown files: YAML between two lines `---` at the top of a file."""

import re
from dataclasses import dataclass
from typing import Final

LINE_BREAK: Final = re.compile(r"\r\n?|\n")
"""A line break of any system."""
API_VERSION: Final = "reconciler/v1"
"""The `apiVersion` of manifests."""
_OPENING: Final = re.compile(r"\ufeff?(?:\s|<!--.*?-->)*+---[ \t]*(?:\r\n?|\n)", re.DOTALL)
_CLOSING: Final = re.compile(r"(?<=[\r\n])---[ \t]*(?:\r\n?|\n|\Z)")
_DECLARATION: Final = re.compile(
    rf"""(?:^|[{{,][ \t]*)["']?apiVersion["']?[ \t]*:[ \t]*["']?{API_VERSION}(?![\w./-])""", re.MULTILINE
)
_CODE_BLOCK: Final = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A text in its parts, which are together the whole text."""

    opening: str
    """The line `---` above the YAML, with its line break, and what is above it."""
    yaml: str
    closing: str
    """The line `---` below the YAML, with its line break; empty if there is none, so that the YAML is not closed."""
    body: str

    @property
    def is_at_top(self) -> bool:
        """True if there is nothing above the first line `---` but a byte order mark. Otherwise other software takes the
        front matter for text.
        """
        return self.opening.startswith(("---", "\ufeff---"))

    @property
    def declares_manifest(self) -> bool:
        """True if the YAML, which may not be valid, has the `apiVersion` of manifests. Code blocks do not count."""
        return API_VERSION in self.yaml and declares(_CODE_BLOCK.sub("", _with_newlines(self.yaml)))


def declares(yaml: str) -> bool:
    """Return True if YAML, which may not be valid, has the `apiVersion` of manifests."""
    return API_VERSION in yaml and _DECLARATION.search(_with_newlines(yaml)) is not None


def _with_newlines(text: str) -> str:
    return LINE_BREAK.sub("\n", text) if "\r" in text else text


def split(text: str) -> FrontMatter | None:
    """Return the front matter and the body of a text; None if it does not begin with a line `---`, or with empty lines
    and HTML comments above one.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None
    start = opening.end()
    closing = _CLOSING.search(text, start)
    if closing is None:
        return FrontMatter(opening[0], text[start:], "", "")
    return FrontMatter(opening[0], text[start : closing.start()], closing[0], text[closing.end() :])
