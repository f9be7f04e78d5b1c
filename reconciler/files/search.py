"""The search for the project folder and its manifests. Imports no parser, because completion in shells uses it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT_FILE: Final = "project.yaml"
YAML: Final = (".yaml", ".yml")
MARKDOWN: Final = ".md"
_FIRST: Final = 2**12
_PART: Final = 2**16
"""Numbers of bytes that are read at once: of every Markdown file, and then of a long front matter."""
_LONGEST: Final = 5 * 2**20
LFS: Final = b"version https://git-lfs.github.com/spec/v1"
"""The start of a file that Git LFS has not fetched."""
_OPENING: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->)*+---[ \t]*[\r\n]|" + re.escape(LFS), re.DOTALL)
_CLOSING: Final = re.compile(rb"(?<=[\r\n])---[ \t]*[\r\n]")
_LINES: Final = (b"\nkind", b"\nmetadata", b"\rkind", b"\rmetadata")
_FIELD: Final = re.compile(rb"""(?:\A|[\r\n])\W{0,8}(?:kind|metadata)["']?[ \t]*:""")


def project_around(start: Path) -> Path | None:
    """Return the closest folder with a `project.yaml`, at or above `start` and within the Git repository; otherwise
    `start/manifests`, if that has one.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
        if (folder / ".git").exists():
            break
    inside = start / "manifests"
    return inside if (inside / PROJECT_FILE).is_file() else None


def front_matter_of(file: str | Path) -> bytes:
    """Return the start of a file that begins with front matter, up to the end of that, and of a file that Git LFS has
    not fetched; empty for other files.
    """
    start = start_of(file)
    return start if _OPENING.match(start) else b""


def start_of(file: str | Path) -> bytes:
    """Return the start of a file as `front_matter_of`, and of a file that has fields of manifests without front matter.

    Files without front matter are not read further than that can be seen. Pipes are not waited for.
    """
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.read(opened, _FIRST)
            opening = _OPENING.match(found)
            if opening is None:
                return found if has_fields(found) else b""
            first = found
            searched = opening.end()
            while not (closing := _CLOSING.search(found, searched)) and len(found) < _LONGEST:
                searched = max(found.rfind(b"\n") - 1, searched)
                part = os.read(opened, _PART)
                if not part:
                    break
                found += part
            start = found[: closing.end()] if closing else found
            return first if closing and not has_fields(start) and has_fields(first) else start
        finally:
            os.close(opened)
    except OSError:
        return b""


def has_fields(start: bytes) -> bool:
    """Return True if a text, in UTF-8 or UTF-16, may have fields of a manifest. Every Markdown file is searched, so the
    cheap comparisons are first.
    """
    found = start.lower()
    if b"\0" in found:
        found = found.replace(b"\0", b"")
    if b"reconciler/" in found:
        return True
    begins = found.startswith((b"kind", b"metadata")) or any(line in found for line in _LINES)
    return (begins or _OPENING.match(start) is not None) and _FIELD.search(found) is not None


def manifest_files(root: Path) -> Iterator[str]:
    """Yield the paths of the YAML files and the Markdown files with front matter, without hidden ones and linked
    folders. They are texts, because a `Path` takes half as long to make as a file takes to read.
    """
    folders = [str(root)]
    while folders:
        folder = folders.pop()
        inner, names = _listed(folder)
        for name in names:
            file = f"{folder}/{name}"
            if name.endswith(YAML) or (name.endswith(MARKDOWN) and front_matter_of(file)):
                yield file
        folders += [f"{folder}/{name}" for name in reversed(inner)]


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """Return the names of the folders and of the other files in a folder, sorted, without hidden ones and linked
    folders; none if the folder cannot be read. `os.walk` takes twice as long.
    """
    inner, names = [], []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.startswith("."):
                    continue
                if not _is_folder(entry):
                    names.append(entry.name)
                elif not entry.is_symlink():
                    inner.append(entry.name)
    except OSError:
        return [], []
    return sorted(inner), sorted(names)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
