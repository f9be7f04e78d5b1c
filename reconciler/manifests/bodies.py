"""The body of a manifest in Markdown, which is the text of one field of `spec`.

| in the file                                | in the field                                                       |
|--------------------------------------------|--------------------------------------------------------------------|
| an empty line directly below the `---`     | not part of the text                                               |
| the line break at the end                  | not part of the text                                               |
| line breaks of Windows, carriage returns   | line feeds, as in YAML: a checkout may have converted those of Git |
| nothing but spaces, tabs and line breaks   | no text: the front matter may have the field                       |

Everything else is the text as it is. A text that a body cannot represent is written to the front matter.
"""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from reconciler.resources.front_matter import LINE_BREAK
from reconciler.resources.problems import Place

_BLANK: Final = " \t\n"
_CONTROL: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but tabs and line feeds."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a manifest."""

    field: str
    """Field of `spec` that it is the text of."""
    file: str
    above: int
    """Number of lines of the file above the body."""
    closing: str
    """The line `---` that ends the front matter, with its line break if it has one."""
    written: str
    """The body as it is in the file."""
    newline: str
    """Line break of the front matter."""

    @property
    def source(self) -> str:
        """The part of the file from the end of the front matter on."""
        return self.closing + self.written

    @property
    def text(self) -> str | None:
        """The text of the field; None without one."""
        lines = self._lines
        return lines.removeprefix("\n").removesuffix("\n") if lines.strip(_BLANK) else None

    @property
    def _lines(self) -> str:
        return LINE_BREAK.sub("\n", self.written) if "\r" in self.written else self.written

    def place_of(self, offset: int = 0) -> Place:
        """Return the place of a character of the text."""
        text = self.text or ""
        first = self.above + 1 + self._lines.startswith("\n")
        start = text.rfind("\n", 0, offset) + 1
        return Place(self.file, first + text.count("\n", 0, offset), offset - start + 1)

    def with_text(self, text: str | None) -> str:
        """Return `source` with another text, which `can_hold` accepts. Line breaks, the empty line above the text and
        the line break below it are kept.
        """
        if text == self.text:
            return self.source
        if text is None:
            return self.closing
        lines, is_new = self._lines, self.text is None
        above = "\n" if is_new or lines.startswith("\n") or text.startswith("\n") else ""
        below = "\n" if is_new or lines.endswith("\n") or text.endswith("\n") else ""
        closing = self.closing if LINE_BREAK.search(self.closing) else self.closing + self.newline
        return closing + self._with_line_breaks(above + text + below)

    def _with_line_breaks(self, lines: str) -> str:
        """Return lines with the line breaks of the body: of unchanged lines their own, of others the most frequent.

        Lone carriage returns are kept only in a body without other line breaks: one above an empty line would become
        a part of another line break.
        """
        found = Counter(LINE_BREAK.findall(self.written)) or Counter([self.newline])
        if len(found) == 1 or self.newline == "\r":
            return lines.replace("\n", "\r" if self.newline == "\r" else next(iter(found)))
        found.pop("\r", None)
        usual = found.most_common(1)[0][0]
        old, new = _LINE.findall(self.written), _LINE.findall(lines)
        plain = [LINE_BREAK.sub("\n", line) for line in old]
        made: list[str] = []
        for tag, start, end, first, last in SequenceMatcher(None, plain, new, autojunk=False).get_opcodes():
            kept = old[start:end] if tag == "equal" else new[first:last]
            made += (LINE_BREAK.sub(usual, line) if tag != "equal" or line.endswith("\r") else line for line in kept)
        return "".join(made)


def can_hold(text: str) -> bool:
    """Return True if a body with this text is read back unchanged, and the file is one of text for Git and editors."""
    return not _CONTROL.search(text) and bool(text.strip(_BLANK))
