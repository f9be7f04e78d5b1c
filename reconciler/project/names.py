"""The names in a project, read from the text of its files for completion in shells.

Nothing is parsed or checked, because a shell waits for the answer. What is written in an unusual way is not found.

The text of the files is the only source that has what a user has just written, and no other is faster. The state has
only what was applied, and may be in a bucket. The cache of manifests has entries by the text of a file, which must be
read to find one, and entries of other branches beside them. To find out which files have changed since a list of names
was made takes as long as to read most of them.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from reconciler.files.search import MARKDOWN, PROJECT_FILE, manifest_files, project_around

_USUAL: Final = re.compile(
    rb"(?:apiVersion: [^\n]*\n)?kind: (\w+)\nmetadata:(?: \{|\n +)name: ([\w.-]+)[ ]*(?:[\n,}#]|\Z)"
)
"""The start of nearly all manifests, which needs no further search."""
_PART: Final = 2**16
"""Number of bytes that are read at once."""
_MOST_PARTS: Final = 16
"""Number of parts of a file that are read."""
_MARKER: Final = b"\n---"
"""Most files do not have it, because they have one document."""
_DOCUMENTS: Final = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_KIND: Final = re.compile(r"""^["']?kind["']?:[ \t]*["']?(\w+)""", re.MULTILINE)
_METADATA: Final = re.compile(
    r"""^["']?metadata["']?:[ \t]*
    (?:\{(?P<flow>(?:[^{}]|\{[^{}]*\})*)|[^\n]*\n(?P<block>(?:(?:[ \t][^\n]*|\#[^\n]*)?(?:\n|\Z))*))""",
    re.MULTILINE | re.VERBOSE,
)
_NESTED: Final = re.compile(r"\{[^{}]*\}")
_NAME: Final = re.compile(r"""(?:^|,)(\s*)["']?name["']?:[ \t]*["']?([^\s"',}#]+)""", re.MULTILINE)
_ENVIRONMENTS: Final = re.compile(r"""^([ \t]*)["']?environments["']?:[ \t]*(\{)?[^\n]*\n?""", re.MULTILINE)
_KEY: Final = re.compile(r"""[ \t]*["']?([\w-]+)["']?[ \t]*:""")


def manifests(start: Path) -> Iterator[tuple[str, str]]:
    """Yield the kind and the name of each manifest of the project around a folder."""
    root = project_around(start)
    for file in manifest_files(root) if root else ():
        data = _data(file)
        usual = _USUAL.match(data)
        if usual and _MARKER not in data:
            yield usual[1].decode(), usual[2].decode()
        else:
            yield from _found(_text(data), is_markdown=file.endswith(MARKDOWN))


def _found(text: str, *, is_markdown: bool) -> Iterator[tuple[str, str]]:
    documents = _DOCUMENTS.split(text)
    for document in documents[1:2] if is_markdown else documents:
        kind, metadata = _KIND.search(document), _METADATA.search(document)
        fields = _NESTED.sub("", metadata["flow"] or metadata["block"] or "") if metadata else ""
        found = _NAME.findall(fields)
        if kind and found:
            yield kind[1], min(found, key=_column)[1]


def _column(found: tuple[str, str]) -> int:
    """Return the column of a name, given the spaces before it and the name."""
    return len(found[0].rpartition("\n")[2])


def environments(start: Path) -> list[str]:
    """Return the names of the environments of the project around a folder."""
    root = project_around(start)
    text = _text(_data(root / PROJECT_FILE)) if root else ""
    found = _ENVIRONMENTS.search(text)
    if found is None:
        return []
    if found[2]:
        return list(_flow_keys(text[found.end(2) :]))
    return list(_block_keys(text[found.end() :], len(found[1])))


def environments_with_state(start: Path) -> list[str]:
    """Return the names of the environments that have a local state, of the project around a folder."""
    root = project_around(start)
    found = root.glob(".reconciler/state/*/*") if root else ()
    return [one.name for one in found if one.name != "journal" and any(map(Path.exists, _documents(one)))]


def _documents(folder: Path) -> tuple[Path, Path]:
    return folder / "state.json", folder / "journal"


def _flow_keys(text: str) -> Iterator[str]:
    """Yield the keys of a flow mapping, after its opening bracket."""
    depth, part = 0, ""
    for char in text:
        if char == "}" and not depth:
            break
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(char, 0)
        part = "" if char == "," and not depth else part + char
        key = _KEY.fullmatch(part.lstrip()) if not depth else None
        if key:
            yield key[1]


def _block_keys(text: str, column: int) -> Iterator[str]:
    """Yield the keys of the block mapping that is indented deeper than a column, up to its end."""
    inner = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if indent <= column:
            break
        inner = indent if inner is None else inner
        key = _KEY.match(line)
        if indent == inner and key:
            yield key[1]


def _data(file: str | Path) -> bytes:
    """Return the content of a file, without waiting for a pipe; empty if it cannot be read."""
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            data = part = os.read(opened, _PART)
            for _ in range(_MOST_PARTS - 1):
                if len(part) < _PART:
                    break
                part = os.read(opened, _PART)
                data += part
        finally:
            os.close(opened)
    except OSError:
        return b""
    return data


def _text(data: bytes) -> str:
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n") if "\r" in text else text
