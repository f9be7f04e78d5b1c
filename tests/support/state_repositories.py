"""Git repositories for tests of the state: a bare remote repository, and clones of it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ENVIRON = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_DATE": "2026-11-01T12:00:00Z",
}
WORK = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *WORK, *words], cwd=folder, env=ENVIRON, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Remote:
    """A bare repository whose default branch has one commit; counts the pushes that reach it."""

    folder: Path

    @classmethod
    def make(cls, at: Path) -> "Remote":
        at.mkdir(parents=True)
        git(at, "init", "--quiet", "--bare", "--initial-branch=main")
        remote = cls(at)
        first = remote.clone(at.parent / "first")
        git(first, "checkout", "--quiet", "-B", "main")
        (first / "README.md").write_text("manifests\n")
        for message in ("first", "second"):
            git(first, "add", ".")
            git(first, "commit", "--quiet", "--allow-empty", "-m", message)
        git(first, "push", "--quiet", "origin", "main")
        remote.hook("update", 'echo "$1" >> pushes')
        return remote

    def copied(self, at: Path) -> "Remote":
        shutil.copytree(self.folder, at)
        return Remote(at)

    def clone(self, at: Path, *options: str) -> Path:
        git(self.folder.parent, "clone", "--quiet", *options, self.folder.as_uri(), str(at))
        return at

    def hook(self, name: str, script: str) -> None:
        file = self.folder / "hooks" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    @property
    def pushes(self) -> int:
        """The number of pushes to a branch, including rejected pushes."""
        file = self.folder / "pushes"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def subjects(self, branch: str = "reconciler-state") -> list[str]:
        """Return the subjects of the commits on a branch, latest first."""
        return git(self.folder, "log", "--format=%s", branch).splitlines()


def bare_layout(folder: Path, program: str) -> None:
    """Write what Git takes for a bare repository, and what a commit can contain. Every program in it is `program`."""
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True)
        (folder / name / "keep").touch()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f'\tfsmonitor = "{program}"\n\tsshCommand = "{program}"\n\tpager = "{program}"\n'
        f'[diff]\n\texternal = "{program}"\n[remote "origin"]\n\turl = .\n\tuploadpack = "{program}"\n'
    )
