"""The texts of codes, read from the page `docs/codes.md`: one section for each code.

A section is a heading with the code, the meaning, an example as a code block, and the way out. The heading above it
states whether its codes are those of errors, warnings, refusals or risks.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from reconciler.explanations.model import CodeClass, CodeExplanation

_CLASSES: Final[Mapping[str, CodeClass]] = {
    "errors": "error",
    "warnings": "warning",
    "refusals": "refusal",
    "risks": "risk",
}
"""Classes by the last word of the heading above a code."""
_SECTION: Final = re.compile(
    r"^## .*?(?P<group>\w+)$|^### `(?P<code>[a-z0-9-]+)`\n\n(?P<meaning>.+?)\n\n```\w*\n(?P<example>.+?)\n```\n\n"
    r"(?P<solution>.+?)(?=\n+#{2,3} |\s*\Z)",
    re.MULTILINE | re.DOTALL,
)
_LINK: Final = re.compile(r"\[([^\]]+)\]\([\w./#-]+\)")
_REFERENCE: Final = re.compile(r"\b([Ss]ee) \[([^\]]+)\]\(([\w-]+)\.md[\w#-]*\)")
"""A reference to a section of another page."""
_EMPHASIS: Final = re.compile(r"`[^`]*`|\*{1,2}(\w[^*`]*)\*{1,2}")
"""Emphasised words, in the group; or code, in which a `*` is one."""
_CODE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PRINTED: Final = re.compile(r"(?:error|warning|refused|refusal|risk)\[(.+)\]:?|(?:high|medium|low) (.+?):?")
"""A code as a message shows it."""


def page(name: str = "codes.md") -> str:
    """Return the text of a page, in a checkout or in the installed package."""
    installed = Path(__file__).parent / name
    file = installed if installed.is_file() else Path(__file__).parents[2] / "docs" / name
    return file.read_text(encoding="utf-8")


def explanations(text: str) -> Iterator[CodeExplanation]:
    """Yield the explanations on a page."""
    is_a: CodeClass | None = None
    for found in _SECTION.finditer(text):
        if found["group"]:
            is_a = _CLASSES.get(found["group"].lower())
        elif is_a:
            yield CodeExplanation(
                found["code"], is_a, prose(found["meaning"]), found["example"], prose(found["solution"])
            )


def prose(text: str) -> str:
    """Return paragraphs on one line each, without marks of emphasis, and with the texts of links: a terminal cannot
    open the pages of a checkout. References to a section name the page.
    """
    joined = "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    joined = _REFERENCE.sub(r'\1 "\2" on the page "\3" of the documentation', joined)
    return _EMPHASIS.sub(lambda found: found[1] or found[0], _LINK.sub(r"\1", joined))


def code_in(topic: str) -> str | None:
    """Return the code in a topic, which may be copied from a message (`error[no-project]`); None without a code."""
    topic = topic.strip().removeprefix("! ")
    printed = _PRINTED.fullmatch(topic)
    code = (printed[1] or printed[2]) if printed else topic.removesuffix(":")
    return code if _CODE.fullmatch(code) else None
