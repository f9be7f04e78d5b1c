"""The default branch of a repository, without a request to its server."""

from pathlib import Path
from typing import Final

from reconciler.git.command import run
from reconciler.resources.problems import Problem, ReconcilerError

_USUAL: Final = ("main", "master")
_HEADS: Final = "refs/heads/"


def default_branch(repository: Path) -> str:
    """Return the branch that `origin` has as its default, as of the last fetch. Without one: `main`, `master`, or the
    only branch. Raises ReconcilerError if there are several others.
    """
    known = _output(repository, "rev-parse", "--abbrev-ref", "origin/HEAD").removeprefix("origin/")
    if known and known != "HEAD":
        return known
    for prefix in ("refs/remotes/origin", "refs/heads"):
        for name in _USUAL:
            if _output(repository, "rev-parse", "--verify", "--quiet", f"{prefix}/{name}"):
                return name
    branches = _output(repository, "rev-parse", "--symbolic", "--branches").split()
    names = [name.removeprefix(_HEADS) for name in branches] or [_unborn(repository)]
    if len(names) == 1:
        return names[0]
    message = "the default branch of the repository is not known"
    first = "" if _output(repository, "config", "--get", "remote.origin.url") else "git remote add origin URL && "
    hint = f"Run `{first}git fetch origin && git remote set-head origin --auto`."
    raise ReconcilerError(Problem("default-branch", message, hint=hint))


def _unborn(repository: Path) -> str:
    """Return the branch of a repository without commits."""
    head = repository / ".git" / "HEAD"
    text = head.read_text(encoding="utf-8").strip() if head.is_file() else ""
    return text.partition(f"ref: {_HEADS}")[2] or _USUAL[0]


def _output(repository: Path, *words: str) -> str:
    done = run(repository, *words)
    return done.text if done.code == 0 else ""
