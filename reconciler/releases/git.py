"""What Git keeps of a project: which files exactly, and which releases there have ever been."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
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
        """Ids of the blobs that have the very bytes of these files, which are relative to the project folder.

        Missing is what the index does not have, and what Git stores otherwise than it lies here: by a filter (LFS), or
        with other line ends. A file that has changed since it was last added counts: the commit will have it.
        """
        names = {path: (self.project / path).resolve().relative_to(self.top).as_posix() for path in paths}
        tracked = set(self._lines("ls-files", "-z", "--", _literal(self._prefix)))
        plain = self._unfiltered(name for name in names.values() if name in tracked)
        stored, raw = self._hashes(plain), self._hashes(plain, "--no-filters")
        return {path: raw[name] for path, name in names.items() if name in raw and raw[name] == stored[name]}

    def releases(self, chatbot: str) -> set[int]:
        """Numbers of all releases that any commit of any branch has ever had, deleted ones too."""
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

    def _lines(self, *words: str, data: str = "") -> list[str]:
        return [line for line in self._run(*words, data=data).split("\0") if line]

    def _run(self, *words: str, data: str = "") -> str:
        """What Git prints; ReconcilerError with its own words where it fails."""
        done = subprocess.run(  # noqa: S603 - no shell; words are ours, paths come behind `--` or on stdin
            ["git", "-C", str(self.top), *words],  # noqa: S607 - the user's own git
            input=data.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ").partition("\n")[0]
            hint = f"`git -C {self.top} {words[0]}` says more; --vendor does not need Git to keep the files."
            raise ReconcilerError(Problem("git", f"git {words[0]} failed: {said}", hint=hint))
        return done.stdout.decode("utf-8", "surrogateescape")


def repository(project: Project) -> Repository | None:
    """None where the project is in no repository, or where there is no Git to ask."""
    has_git = (project.repository / ".git").exists() and shutil.which("git") is not None
    return Repository(project.repository.resolve(), project.root.resolve()) if has_git else None


def _literal(path: str) -> str:
    return f":(top,literal){path}"
