"""The layout of text: colours, width, lists, sections, and values with control characters escaped."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Look: TypeAlias = Literal["bold", "dim", "red", "green", "yellow", "cyan"]
_SGR: Final[dict[Look, int]] = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}

# Characters that Unicode calls default-ignorable and Python calls printable: they are in the text but not visible.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
_BLANK: Final = re.compile(r"[ \t\n]+")


@dataclass(frozen=True, slots=True)
class Style:
    """The abilities of a terminal."""

    color: bool = False
    width: int = 80
    """In columns."""

    def paint(self, text: str, *looks: Look) -> str:
        """`text` in colour, where there is colour. Paint last: escape codes have no width but have length."""
        if not (self.color and looks and text):
            return text
        return f"\x1b[{';'.join(str(_SGR[look]) for look in looks)}m{text}\x1b[0m"


def plain(text: str) -> str:
    r"""Return `text` on one line, with characters that a terminal interprets or hides escaped: `\x1b`, `\n`, `\u202e`.

    Escaped is what Python's `repr` escapes (controls, bidi marks, tags, separators, lone surrogates, unassigned), and
    letters without a shape. All values of manifests and live objects pass through this function before they are shown.
    """
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(char if char.isprintable() and not _UNSEEN.match(char) else _escape(char) for char in text)


def cells(text: str) -> int:
    """The columns that `text` takes: wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_char_cells, text))


def clip(text: str, room: int) -> str:
    """`text`, or as much of it as `room` columns hold, then `…`."""
    if cells(text) <= room:
        return text
    return text[: _chars_in(text, max(room - 1, 0))] + "…"


def clip_inside(text: str, room: int) -> str:
    """`text`, or its beginning and its end with `…` between them, in `room` columns."""
    if cells(text) <= room:
        return text
    end = len(text)
    while cells(text[end - 1 :]) <= max(room - 1, 0) // 2:
        end -= 1
    return clip(text, room - cells(text[end:])) + text[end:]


def pad(text: str, room: int) -> str:
    """`text` filled up with spaces to `room` columns."""
    return text + " " * (room - cells(text))


def wrap(text: str, width: int, *, lead: str = "", hang: str = "") -> list[str]:
    """Prose as escaped lines of at most `width` columns, the first after `lead`, the others after `hang`.

    A word that is longer than a line stays whole, and so does a command in backquotes that fits on a line, so that
    commands and addresses can be copied.
    """
    words = [plain(word) for word in _BLANK.split(text.strip(" \t\n"))]
    if "`" in text:
        words = _with_commands(words, width - cells(hang))
    return wrap_parts(words, width, lead=lead, hang=hang)


def _with_commands(words: list[str], room: int) -> list[str]:
    """Return the words, those of a span in backquotes that has at most `room` columns as one."""
    found: list[str] = []
    span: list[str] = []
    for word in words:
        is_mark = word.count("`") % 2 == 1
        if not span and not is_mark:
            found.append(word)
            continue
        span.append(word)
        if is_mark and len(span) > 1:
            text = " ".join(span)
            found += [text] if cells(text) <= room else span
            span = []
    return [*found, *span]


def command_lines(command: str, width: int, *, indent: str = "") -> list[str]:
    """Return a command line, which is escaped, as lines of at most `width` columns that a shell reads as one. An option
    stays beside its value.
    """
    parts: list[str] = []
    for word in command.split(" "):
        if parts and parts[-1].startswith("--") and " " not in parts[-1] and not word.startswith("-"):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    lines = [indent + parts[0]]
    for part in parts[1:]:
        if cells(lines[-1]) + cells(part) + len("  \\") > width:
            lines[-1] += " \\"
            lines.append(" " * (len(indent) + 4) + part)
        else:
            lines[-1] += f" {part}"
    return lines


def wrap_parts(parts: list[str], width: int, *, lead: str = "", hang: str = "") -> list[str]:
    """Lines of `parts`, which are never broken, with a space between two on one line; otherwise like `wrap`."""
    lines, line, empty = [], lead, not lead.strip()
    for part in parts:
        if not empty and cells(line) + cells(part) + (not line.endswith(" ")) > width:
            lines.append(line.rstrip())
            line, empty = hang, True
        line += part if empty or line.endswith(" ") else f" {part}"
        empty = False
    return [*lines, line.rstrip()]


def fold(text: str, room: int) -> Iterator[str]:
    """`text` in pieces of at most `room` columns, broken at a space where there is one: only that space is lost."""
    start = 0
    while True:
        ahead = text[start : start + 4 * room]
        end = max(_chars_in(ahead, room), 1)
        if start + end >= len(text):
            yield text[start:]
            return
        space = ahead.rfind(" ", 0, end + 1)
        if ahead[: max(space, 0)].strip():
            end = space
        yield ahead[:end]
        start += end + (ahead[end : end + 1] == " ")


def count(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counted(counts: Mapping[str, int]) -> str:
    """Return `1 create, 2 update`, without the counts that are zero."""
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)


def more(number: int, noun: str = "more") -> str:
    """Return the end of a list that was cut: `… 4 more`."""
    return f"… {number} {noun}"


def first_few(names: Sequence[str], most: int = 3) -> list[str]:
    """Return the first `most` names, escaped, each with the comma after it, then the number of the others."""
    shown = [f"{plain(name)}," for name in names[:most]]
    if len(names) > most:
        return [*shown, more(len(names) - most)]
    return [*shown[:-1], shown[-1].removesuffix(",")] if shown else []


def _chars_in(text: str, room: int) -> int:
    """Return the number of characters of `text` that fit into `room` columns."""
    if text.isascii():
        return min(len(text), room)
    used = 0
    for index, char in enumerate(text):
        used += _char_cells(char)
        if used > room:
            return index
    return len(text)


def _char_cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def joined(parts: Iterable[Sequence[str]]) -> str:
    """The parts that have lines, with an empty line between two, and a newline at the end."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def headline(verdict: str, look: Look, rest: str, style: Style) -> list[str]:
    """`verdict` in colour, and `rest` after it."""
    first, *others = wrap(rest, style.width, lead=f"{verdict} ", hang="  ")
    return [style.paint(verdict, "bold", look) + first[len(verdict) :], *others]


def section(title: str, lines: Sequence[str], style: Style) -> list[str]:
    """`lines` under a title; nothing where there are none."""
    return [*(style.paint(part, "bold") for part in wrap(title, style.width)), *lines] if lines else []
