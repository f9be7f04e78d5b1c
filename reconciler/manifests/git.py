"""Queries of the Git repository of a project: its index, the blobs of files, and all releases in the history."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from reconciler.resources.problems import Problem, ReconcilerError

LINK: Final = "120000"
SUBMODULE: Final = "160000"
_TIMEOUT: Final = 120
_OF_HOOKS: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
)
"""Variables that Git sets for hooks, which would redirect a query to another repository or index."""
_VENDOR: Final = " To release without Git, pass --vendor."
_VERSION: Final = re.compile(r"/v([1-9][0-9]{0,8})\.ya?ml$")


class Entry(NamedTuple):
    """An entry of the index."""

    path: str
    """Relative to the project folder."""
    mode: str
    blob: str
    skipped: bool
    """True if a sparse checkout leaves the file out of the working tree."""


@dataclass(frozen=True)
class Repository:
    """The Git repository around a project folder."""

    top: Path
    project: Path

    def index(self) -> list[Entry]:
        """Return the entries of the index in the project folder; raises ReconcilerError if Git fails."""
        prefix = f"{self._prefix}/" if self._prefix else ""
        lines = self._lines("ls-files", "-z", "-t", "--stage", "--", _literal(self._prefix), hint="")
        return [_entry(line, prefix) for line in lines]

    def blobs(self, files: Mapping[str, str]) -> dict[str, str]:
        """Return the ids of the Git blobs with the exact content of these files, given the place of each in the project
        folder by its path.

        Files are left out if they are not in the index, or if Git stores them with other content: through a filter
        (LFS) or with other line endings. A file that has changed since `git add` is included.
        """
        names = {
            path: (self.project / place).resolve().relative_to(self.top).as_posix() for path, place in files.items()
        }
        tracked = set(self._lines("ls-files", "-z", "--", _literal(self._prefix)))
        plain = self._unfiltered(name for name in names.values() if name in tracked)
        stored, raw = self._hashes(plain), self._hashes(plain, "--no-filters")
        return {path: raw[name] for path, name in names.items() if name in raw and raw[name] == stored[name]}

    def releases(self, chatbot: str) -> set[int]:
        """Return the numbers of all releases in any commit of any branch, including deleted ones."""
        folder = _literal(f"{self._prefix}/releases/{chatbot}".lstrip("/"))
        names = self._lines("log", "--all", "--no-renames", "--format=", "--name-only", "-z", "--", folder)
        return {int(found[1]) for name in names if (found := _VERSION.search(name))}

    @property
    def _prefix(self) -> str:
        prefix = self.project.relative_to(self.top).as_posix()
        return "" if prefix == "." else prefix

    def _unfiltered(self, names: Iterable[str]) -> list[str]:
        words = self._lines("check-attr", "-z", "--stdin", "filter", data="".join(f"{name}\0" for name in names))
        return [name for name, value in zip(words[::3], words[2::3], strict=True) if value in ("unspecified", "unset")]

    def _hashes(self, names: Sequence[str], *options: str) -> dict[str, str]:
        if not names:
            return {}
        found = self._run("hash-object", *options, "--stdin-paths", data="".join(f"{name}\n" for name in names))
        return dict(zip(names, found.split(), strict=True))

    def _lines(self, *words: str, data: str = "", hint: str = _VENDOR) -> list[str]:
        return [line for line in self._run(*words, data=data, hint=hint).split("\0") if line]

    def _run(self, *words: str, data: str = "", hint: str = _VENDOR) -> str:
        """Return the output of Git; raises ReconcilerError with its message if it fails."""
        try:
            done = subprocess.run(  # noqa: S603 - no shell; words are ours, paths come behind `--` or on stdin
                ["git", "-C", str(self.top), *words],  # noqa: S607 - the user's own git
                input=data.encode("utf-8", "surrogateescape"),
                env={name: value for name, value in os.environ.items() if name not in _OF_HOOKS},
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ReconcilerError(Problem("git", f"git {words[0]} failed: {error}", hint=hint.strip())) from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ").partition("\n")[0]
            more = f"For details, run `git -C {self.top} {words[0]}`.{hint}"
            raise ReconcilerError(Problem("git", f"git {words[0]} failed: {said}", hint=more))
        return done.stdout.decode("utf-8", "surrogateescape")


def repository(folder: Path, root: Path) -> Repository | None:
    """Return the repository in `folder` around the project in `root`; None without one, or if Git is not installed."""
    inside = folder / ".git"
    has_git = (inside.is_file() or (inside / "HEAD").exists()) and shutil.which("git") is not None
    return Repository(folder.resolve(), root.resolve()) if has_git else None


def _entry(line: str, prefix: str) -> Entry:
    """Return the entry in a line of `ls-files -t --stage`: tag, mode, id, stage, a tab, and the path."""
    head, _, path = line.partition("\t")
    tag, mode, blob, _ = head.split(" ")
    return Entry(path.removeprefix(prefix), mode, blob, tag in ("S", "s"))


def _literal(path: str) -> str:
    return f":(top,literal){path}"
