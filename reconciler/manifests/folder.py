"""The files of a project folder, found in one walk."""

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.manifests.reading import UNNAMEABLE, UnreadableError, locate
from reconciler.resources.problems import Problem, ReconcilerError

PROJECT_FILE: Final = "project.yaml"
MAX_ENTRIES: Final = 200_000


@dataclass(frozen=True)
class Fault:
    """What is wrong with an entry of the folder."""

    path: str
    code: str
    message: str
    hint: str = ""


@dataclass
class Tree:
    """Paths relative to the project folder, sorted. Nothing hidden; linked folders are not entered."""

    root: Path
    files: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def under(self, folder: str) -> Iterator[str]:
        """Files below `folder`; all for an empty one."""
        prefix = f"{folder}/" if folder else ""
        for index in range(bisect_left(self.files, prefix), len(self.files)):
            if not self.files[index].startswith(prefix):
                return
            yield self.files[index]

    def has(self, path: str) -> bool:
        index = bisect_left(self.files, path)
        return index < len(self.files) and self.files[index] == path

    def manifests(self) -> list[str]:
        return [path for path in self.files if is_manifest_name(path)]


def is_manifest_name(path: str) -> bool:
    return path.endswith((".yaml", ".yml"))


def walk(root: Path) -> Tree:
    """Every file of the folder that manifests may use."""
    tree = Tree(root)
    links: list[str] = []
    pending = [""]
    seen = 0
    while pending:
        for entry in _entries(tree, pending.pop()):
            seen += 1
            _sort_in(tree, entry, pending, links)
        if seen > MAX_ENTRIES:
            hint = "keep manifests and knowledge in a folder of their own"
            tree.faults.append(
                Fault("", "too-large", f"the project folder has more than {MAX_ENTRIES:,} entries", hint)
            )
            break
    known = set(tree.files)
    for link in links:
        _add_link(tree, link, known)
    tree.files.sort()
    return tree


def _entries(tree: Tree, folder: str) -> list[tuple[str, "os.DirEntry[str]"]]:
    try:
        with os.scandir(tree.root / folder) as found:
            visible = [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        tree.faults.append(Fault(folder, "unreadable-file", f"cannot be read: {(error.strerror or '').lower()}"))
        return []
    return [(f"{folder}/{entry.name}" if folder else entry.name, entry) for entry in visible]


def _sort_in(tree: Tree, named: tuple[str, "os.DirEntry[str]"], pending: list[str], links: list[str]) -> None:
    path, entry = named
    if UNNAMEABLE.search(entry.name):
        safe = path.encode("unicode_escape", "replace").decode()
        tree.faults.append(Fault(safe, "bad-path", "its name cannot be written in a manifest", "rename it"))
    elif entry.is_symlink():
        links.append(path)
    elif not entry.is_dir(follow_symlinks=False):
        if entry.is_file(follow_symlinks=False):
            tree.files.append(path)
        elif is_manifest_name(path):
            tree.faults.append(Fault(path, "not-a-file", "is no regular file"))
    elif is_manifest_name(path):
        tree.faults.append(Fault(path, "not-a-file", "is a folder; only manifests are called so"))
    else:
        pending.append(path)


def _add_link(tree: Tree, path: str, known: set[str]) -> None:
    """A link to a manifest that is found anyway adds nothing; a link that leads outside is never followed."""
    try:
        real = locate(tree.root, path)
    except UnreadableError as error:
        tree.faults.append(Fault(path, error.code, f"is a link that {error.message}", "replace the link by the file"))
        return
    target = real.relative_to(os.path.realpath(tree.root)).as_posix()
    if real.is_file() and not (is_manifest_name(path) and target in known and is_manifest_name(target)):
        tree.files.append(path)
    elif is_manifest_name(path) and not real.is_file():
        tree.faults.append(Fault(path, "missing-file", "is a link that leads to no file"))


def find_project(start: Path) -> Path:
    """The project folder for commands run in `start`; raises `ReconcilerError` where `project_around` finds none."""
    found = project_around(start)
    if found is None:
        hint = "run `reconciler init` to make one, or name the folder with -C"
        message = f"no {PROJECT_FILE} in {start.resolve()}, above it or in manifests/"
        raise ReconcilerError(Problem("no-project", message, None, hint))
    return found


def project_around(start: Path) -> Path | None:
    """The closest folder upwards that has a `project.yaml`, within the Git repository; or `start/manifests`."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
        if (folder / ".git").exists():
            break
    inside = start / "manifests"
    return inside if (inside / PROJECT_FILE).is_file() else None


def repository_of(folder: Path) -> Path:
    """The closest folder upwards that has a `.git`; `folder` itself where there is none."""
    folder = folder.absolute()
    return next((at for at in (folder, *folder.parents) if (at / ".git").exists()), folder)
