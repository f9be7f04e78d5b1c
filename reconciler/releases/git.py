"""Queries of the Git repository of a project: the blobs of files, the last commit, and all releases in the history."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.manifests.project import Project
from reconciler.resources.problems import Problem, ReconcilerError

_TIMEOUT: Final = 120
_VERSION: Final = re.compile(r"/v([1-9][0-9]{0,8})\.ya?ml$")


@dataclass(frozen=True)
class Repository:
    """The Git repository around a project folder."""

    top: Path
    project: Path

    def blobs(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the ids of the Git blobs with the exact content of these files, relative to the project folder.

        Files are left out if they are not in the index, or if Git stores them with other content: through a filter
        (LFS) or with other line endings. A file that has changed since `git add` is included.
        """
        names = {path: (self.project / path).resolve().relative_to(self.top).as_posix() for path in paths}
        tracked = set(self._lines("ls-files", "-z", "--", _literal(self._prefix)))
        plain = self._unfiltered(name for name in names.values() if name in tracked)
        stored, raw = self._hashes(plain), self._hashes(plain, "--no-filters")
        return {path: raw[name] for path, name in names.items() if name in raw and raw[name] == stored[name]}

    def releases(self, chatbot: str) -> set[int]:
        """Return the numbers of all releases in any commit of any branch, including deleted ones."""
        folder = _literal(f"{self._prefix}/releases/{chatbot}".lstrip("/"))
        names = self._lines("log", "--all", "--no-renames", "--format=", "--name-only", "-z", "--", folder)
        return {int(found[1]) for name in names if (found := _VERSION.search(name))}

    def uncommitted(self) -> dict[str, str]:
        """Return the text in the last commit of each file of the project that differs from it, by path relative to the
        project folder; empty for a file that the commit does not have, such as a file that Git ignores.
        """
        folder = _literal(self._prefix)
        others = self._lines("ls-files", "--others", "-z", "--", folder)
        if self._run("rev-parse", "--revs-only", "HEAD"):
            changed = self._lines("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", "HEAD", "--", folder)
            texts = self._committed([name for name in changed if "\n" not in name])
        else:
            texts = dict.fromkeys(self._lines("ls-files", "-z", "--", folder), "")
        return {self._inside(name): text for name, text in {**dict.fromkeys(others, ""), **texts}.items()}

    def keep(self, text: str) -> str:
        """Store a text as a blob that no commit has, and return its id: `git cat-file -p ID` prints it."""
        return self._run("hash-object", "-w", "--stdin", data=text).strip()

    def _committed(self, names: Sequence[str]) -> dict[str, str]:
        """Return the texts of files in the last commit; empty for a file that it does not have."""
        asked = "".join(f"HEAD:{name}\n" for name in names)
        found = self._run("cat-file", "--batch", data=asked).encode("utf-8", "surrogateescape") if names else b""
        texts: dict[str, str] = {}
        for name in names:
            header, _, found = found.partition(b"\n")
            size = 0 if header.endswith(b" missing") else int(header.rpartition(b" ")[2])
            texts[name] = found[:size].decode("utf-8", "replace")
            found = found if header.endswith(b" missing") else found[size + 1 :]
        return texts

    def _inside(self, name: str) -> str:
        """Return the path of a file relative to the project folder."""
        return name.removeprefix(f"{self._prefix}/")

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

    def _lines(self, *words: str, data: str = "") -> list[str]:
        return [line for line in self._run(*words, data=data).split("\0") if line]

    def _run(self, *words: str, data: str = "") -> str:
        """Return the output of Git; raises ReconcilerError with its message if it fails."""
        done = subprocess.run(  # noqa: S603 - no shell; words are ours, paths come behind `--` or on stdin
            ["git", "-C", str(self.top), *words],  # noqa: S607 - the user's own git
            input=data.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ").partition("\n")[0]
            hint = f"For details, run `git -C {self.top} {words[0]}`. To release without Git, pass --vendor."
            raise ReconcilerError(Problem("git", f"git {words[0]} failed: {said}", hint=hint))
        return done.stdout.decode("utf-8", "surrogateescape")


def repository(project: Project) -> Repository | None:
    """Return the repository of a project; None if there is none, or if Git is not installed."""
    has_git = (project.repository / ".git").exists() and shutil.which("git") is not None
    return Repository(project.repository.resolve(), project.root.resolve()) if has_git else None


def uncommitted(project: Project) -> dict[str, str] | None:
    """Return `Repository.uncommitted` of a project; None without a repository that Git can read."""
    git = repository(project)
    try:
        return git.uncommitted() if git else None
    except ReconcilerError:  # such as a repository of another user
        return None


def keep(project: Project, texts: Mapping[str, str]) -> dict[str, str]:
    """Store the texts that are about to be removed from these files and that the last commit does not have as blobs.

    Return their ids by path. Without a repository, nothing is stored.
    """
    git, committed = repository(project), uncommitted(project) if texts else None
    lost = {path: text for path, text in texts.items() if committed and text.strip() not in committed.get(path, text)}
    return {path: git.keep(text) for path, text in lost.items()} if git else {}


def _literal(path: str) -> str:
    return f":(top,literal){path}"
