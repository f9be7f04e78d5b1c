"""Hidden files that would be manifests if their names, and those of the folders around them, did not begin with a dot.

Only files with the extension of a manifest are read. The folders of version control, of virtual environments, of caches
and of other projects are left out.
"""

import os
from collections.abc import Iterator
from typing import Final

from reconciler.files.search import MARKDOWN, PROJECT_FILE, YAML, start_of
from reconciler.manifests.folder import joined
from reconciler.manifests.tree import HIDDEN, Tree, UnreadableEntry
from reconciler.resources.address import composed
from reconciler.resources.front_matter import declares, split

MAX_HIDDEN: Final = 2_000
"""Number of entries of hidden folders that are looked at in one project."""
_BY_TOOLS: Final = (".#", ".~", "._")
"""Starts of the names of files that editors and file systems write beside others: locks, backups and attributes."""
_FOLDERS: Final = frozenset({".git", ".hg", ".svn", ".venv", ".reconciler", ".schemas", ".github", ".gitlab"})
_OTHERS: Final = frozenset({".git", "pyvenv.cfg", "CACHEDIR.TAG", PROJECT_FILE})
"""Entries of folders that are not part of the project: checkouts, virtual environments, caches and other projects."""


def hidden_manifests(tree: Tree) -> Iterator[UnreadableEntry]:
    """Yield the hidden files of the project folder that declare a manifest."""
    left, folders = MAX_HIDDEN, list[str]()
    for path, is_folder in tree.hidden:
        if is_folder:
            folders.append(path)
        elif _declares(tree, path):
            yield _entry(path)
    while folders and left > 0:
        folder = folders.pop()
        if folder.rpartition("/")[2] in _FOLDERS:
            continue
        found = _inside(tree, folder)
        left -= len(found)
        if _OTHERS & {name for name, _ in found}:
            continue
        for name, is_folder in found[: max(left, 0)]:
            path = joined(folder, name)
            if is_folder:
                folders.append(path)
            elif _declares(tree, path):
                yield _entry(path)


def _inside(tree: Tree, folder: str) -> list[tuple[str, bool]]:
    """Return the names of the files and folders in a folder, and True for each folder; none of links."""
    try:
        with os.scandir(tree.root / folder) as found:
            entries = [(one.name, one.is_dir(follow_symlinks=False)) for one in found if not one.is_symlink()]
    except OSError:
        return []
    return sorted(entries)


def _declares(tree: Tree, path: str) -> bool:
    name = path.rpartition("/")[2]
    if name.startswith(_BY_TOOLS) or not name.endswith((MARKDOWN, *YAML)):
        return False
    text = start_of(tree.root / path).decode("utf-8", "replace")
    if not name.endswith(MARKDOWN):
        return declares(text)
    parts = split(text)
    return parts is not None and parts.declares_manifest


def _entry(path: str) -> UnreadableEntry:
    visible = "/".join(part.lstrip(".") or part for part in path.split("/"))
    message = "is not read as a manifest, because files and folders whose names begin with a dot are not read"
    hint = f"rename it to `{visible}`, or move it out of the project folder"
    return UnreadableEntry(composed(path), HIDDEN, message, hint)
