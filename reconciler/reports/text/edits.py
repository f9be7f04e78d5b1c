"""Edits of files as unified diffs."""

import difflib
import re
from typing import Final

from reconciler.project.edits import Edit
from reconciler.reports.style import Style, plain

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


def edit_text(edit: Edit, *, style: Style | None = None) -> str:
    """Return a unified diff with characters escaped that a terminal interprets."""
    before, after = (text.removesuffix("\n").split("\n") if text else [] for text in (edit.before, edit.after))
    lines = difflib.unified_diff(before, after, f"a/{edit.path}", f"b/{edit.path}", lineterm="")
    return "\n".join(_painted(line[:1] + plain(line[1:].removesuffix("\r")), style or Style()) for line in lines)


def edit_patch(edit: Edit) -> str:
    """Return a unified diff with exact lines, for programs such as `git apply`."""
    before, after = (_LINE.findall(text or "") for text in (edit.before, edit.after))
    lines = difflib.unified_diff(before, after, f"a/{edit.path}", f"b/{edit.path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _painted(line: str, style: Style) -> str:
    if line.startswith(("---", "+++")):
        return style.paint(line, "bold")
    if line.startswith("@@"):
        return style.paint(line, "cyan")
    return style.paint(line, "red") if line.startswith("-") else style.paint(line, "green") if line[:1] == "+" else line
