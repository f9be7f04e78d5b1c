"""Files that a user names for the output of a command: an existing file is replaced only if a command wrote it."""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_STATE: Final = ".reconciler"
_HEAD: Final = 1 << 24
"""Bytes by which a document is recognised: most have their format first, bundles have it after the assistants."""
_OPEN_FILE: Final = re.compile(r"/dev/(fd/\d+|stdin|stdout|stderr)|/proc/(self|thread-self|\d+)/fd/\d+")
_DOCUMENT: Final = r'\s*\{\s*"format"\s*:\s*"reconciler/'
_BEGINNINGS: Final = {
    "result": _DOCUMENT + "(plan|apply|drift|status|graph)/v",
    "event": _DOCUMENT + "event/v",
    "state": _DOCUMENT + "state/v",
    "export": r'\{\n  "address": "[^\n]*",\n(?s:.*)\n  "format": "reconciler/export/v',
    "html": r'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" ',
    "svg": r'<svg role="img" aria-labelledby="picture-title" ',
    "dot": r'digraph "[^\n]*" \{\n  rankdir=LR;\n',
    "mermaid": r"flowchart LR\n(  n\d+\b|  \w+ )",
    "status-table": r"[^\n]+ at [^\n]+; (last apply|never applied)",
    "conversation": r'\{"(items|metadata)": ?[\[{]',
    "schema": r'\{\s*"\$schema"\s*:\s*"[^"]*",\s*"(\$id"\s*:\s*"urn:assistant-reconciler:|title"\s*:\s*"[Rr]econciler)',
}
"""The beginnings of the documents that commands write, by kind."""


def objection(file: Path, kinds: Iterable[str], inputs: Iterable[Path] = ()) -> str | None:
    """Return the reason why a command must not write its output to a file, or None.

    The file is new, empty, or begins as a document of one of these kinds, which an earlier run wrote. It is not a link,
    not below `.reconciler`, and none of the `inputs` of the command. Pipes, devices and open files are permitted.
    """
    if is_open_file(file):
        return None
    if any(part.casefold() == _STATE for part in Path(os.path.realpath(file.parent)).parts):
        return f"it is in {_STATE}, which has the state"
    if any(_is_same(file, one) for one in inputs):
        return "the same command also names it as another file"
    try:
        return _objection_to_content(file, kinds)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return error.strerror


def _objection_to_content(file: Path, kinds: Iterable[str]) -> str | None:
    about = file.lstat()
    if stat.S_ISLNK(about.st_mode) and (file.is_file() or not file.exists()):
        return "it is a symbolic link"
    if not stat.S_ISREG(about.st_mode) or not about.st_size:
        return None
    with file.open("rb") as opened:
        head = opened.read(_HEAD).decode(errors="replace")
    if any(re.match(_BEGINNINGS[kind], head) for kind in kinds):
        return None
    return "it exists, and its content is not an earlier output of this command"


def is_open_file(file: Path) -> bool:
    """Return True for a path that names an open file of a process, such as /dev/stdout."""
    return bool(_OPEN_FILE.fullmatch(os.path.abspath(file)))  # noqa: PTH100 - resolve() would follow the link


def _is_same(file: Path, other: Path) -> bool:
    try:
        return file.samefile(other) and file.is_file()
    except OSError:
        return os.path.realpath(file) == os.path.realpath(other)
