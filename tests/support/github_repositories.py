"""A bare repository, as on GitHub, with a checkout."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_WHO = {"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@acme.example"}
_ENVIRON = {
    **_WHO,
    **{name.replace("AUTHOR", "COMMITTER"): value for name, value in _WHO.items()},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Checkout:
    """A checkout of `bare`, initially on branch `main`."""

    folder: Path
    bare: Path

    @classmethod
    def make(cls, folder: Path) -> "Checkout":
        made = cls(folder / "checkout", folder / "bare.git")
        git("init", "-q", "--bare", "-b", "main", str(made.bare), cwd=folder)
        git("clone", "-q", str(made.bare), str(made.folder), cwd=folder)
        made("checkout", "-q", "-b", "main")
        return made

    def __call__(self, *words: str) -> str:
        return git(*words, cwd=self.folder)

    def commit(self, branch: str, **files: str) -> str:
        """Commit files on a branch, and push it. Create the branch if necessary; `__` in names means `/`."""
        self("checkout", "-q", *([] if self("branch", "--list", branch) else ["-b"]), branch)
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self.pushed(branch)

    def pushed(self, branch: str) -> str:
        """Commit and push all changes, and return the commit."""
        self("add", "-A")
        self("commit", "-q", "--allow-empty", "-m", branch)
        self("push", "-q", "origin", branch)
        return self("rev-parse", "HEAD")

    def merge(self, branch: str, *, squash: bool = False) -> str:
        """Merge a branch into main, as GitHub merges a pull request, and return the commit."""
        self("checkout", "-q", "main")
        self("merge", "-q", *(["--squash"] if squash else ["--no-ff", "-m", f"Merge {branch}"]), branch)
        if squash:
            self("commit", "-q", "-m", f"{branch} (squashed)")
        self("push", "-q", "origin", "main")
        return self("rev-parse", "HEAD")


def git(*words: str, cwd: Path) -> str:
    done = subprocess.run(
        ["git", *words], cwd=cwd, env={**os.environ, **_ENVIRON}, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()
