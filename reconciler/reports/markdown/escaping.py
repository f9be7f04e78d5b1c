"""Values in Markdown: what manifests and live objects contain is text, and mentions, links and runs nothing.

Values stand in code, which neither Markdown nor GitHub looks into. In a sentence, every word that could mean anything
to them is set as code too: `@team`, `#12`, `GH-12`, `https://…`, `*`, `<b>`, an address, a path. A quotation, “…”, is
code as a whole if one of its words is.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from reconciler.reports.style import plain

_HARMLESS: Final = re.compile(
    r"""["'(“\u2018]*                    # opening
        (?!\w+-\d)                  # GitHub links GH-12, and whatever a team has configured
        [^\W_]+(?:['\u2019\-][^\W_]+)*   # letters and digits
        |[,;…]|->
        |[$]?\d+(?:[.,]\d+)*        # a number; a $ before a digit, after a space, begins no formula
    """,
    re.VERBOSE,
)
_CLOSING: Final = re.compile(r"""[.,:;!?)"'”\u2019…]*$""")
_COMMIT: Final = re.compile(r"[0-9a-f]{7,}")
_ITEM: Final = re.compile(r"\d+[.)]")
"""The beginning of an item of a list, where it comes first."""
_WORD: Final = re.compile(r"\(?“[^“”]+”[.,:;!?)…]*(?!\S)|(?:`[^`\n]+`|\S)+")
"""Text between backticks is one word, and so is a quotation."""
_QUOTATION: Final = re.compile(r"(\(?“)([^“”]+)(”[.,:;!?)…]*)")
_QUOTED: Final = re.compile(r"`([^`]+)`")
_MARK: Final = re.compile(r"[^\w./@ -]|--+")


def code(text: str) -> str:
    """`text` as a code span."""
    shown = plain(text) or " "
    fence = "`" * (longest_run(shown) + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{room}{shown}{room}{fence}"


def prose(text: str) -> str:
    """A sentence on one line, what is not plain words set as code, and so what stands between backticks."""
    first, *others = _WORD.findall(text) or [""]
    return " ".join([code(first) if _ITEM.fullmatch(first) else _word(first), *map(_word, others)])


def table(rows: Iterable[Iterable[str]], headers: Sequence[str]) -> str:
    """A table; its cells are escaped already, but for the `|` in them. Empty without rows."""
    body = [_row(row) for row in rows]
    return "\n".join([_row(headers), "|---" * len(headers) + "|", *body]) if body else ""


def fenced(lines: Iterable[str], language: str) -> str:
    """A block of code; the lines are escaped already."""
    body = "\n".join(lines)
    fence = "`" * max(3, longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def folded(summary: str, body: str) -> str:
    """`body` behind a line to click on; `summary` is HTML."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def html_code(text: str) -> str:
    """`text` as code where only HTML is understood, as in a summary."""
    return f"<code>{escape(plain(text)).replace('`', '&#96;')}</code>"


def marker(what: str, identity: str) -> str:
    """Return a hidden line by which programs find a comment to edit it. `what` is plan, drift or apply."""
    return f"<!-- reconciler:{what} {_MARK.sub('_', plain(identity))} -->"


def longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    r"""`text` without a `|` that ends the cell. Parsers do not agree on what `\\|` is, so that there is none."""
    return text.replace("\\|", "\\x7c").replace("|", "\\|")


def _word(word: str) -> str:
    quotation = _QUOTATION.fullmatch(word)
    if quotation:
        begin, text, finish = quotation.groups()
        words = text.split()
        return f"{begin}{' '.join(words) if all(map(_is_plain, words)) else code(' '.join(words))}{finish}"
    if _is_plain(word):
        return word
    end = _CLOSING.search(word)
    closing = end[0] if end else ""
    inner = word.removesuffix(closing) if closing else word
    quoted = _QUOTED.fullmatch(inner)
    return code(quoted[1] if quoted else inner) + closing


def _is_plain(word: str) -> bool:
    """Return True if a word means nothing to Markdown and GitHub, with the punctuation after it."""
    inner = _CLOSING.sub("", word)
    return not inner or (bool(_HARMLESS.fullmatch(inner)) and not _COMMIT.fullmatch(inner))
