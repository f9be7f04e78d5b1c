"""Texts of CI files: `@NAME@` is replaced by a value, and a line `#: NAME` by a block of lines, which may be empty."""

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Final

FOLDER: Final = Path(__file__).parent / "templates"
_BLOCK: Final = re.compile(r"^( *)#: ([a-z-]+)\n", re.MULTILINE)
_VALUE: Final = re.compile(r"@([A-Z_]+)@")


def filled(template: str, blocks: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Return the text of a template; raises KeyError for an unknown block or value."""

    def block(found: re.Match[str]) -> str:
        lines = blocks[found[2]].strip("\n")
        return indent(lines, found[1]) + "\n" if lines else ""

    text = _BLOCK.sub(block, (FOLDER / template).read_text(encoding="utf-8"))
    while _BLOCK.search(text):  # a block may contain others
        text = _BLOCK.sub(block, text)
    return _VALUE.sub(lambda found: values[found[1]], text)
