"""The folder of the cache of manifests, and the cases in which there is none."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.files.private_folder import objection, user_cache
from reconciler.manifests.folder import repository_of
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.store import runs_in_ci

NO_CACHE: Final = "RECONCILER_NO_CACHE"
FOLDER: Final = "RECONCILER_CACHE_DIR"
_NAME: Final = "reconciler"
_WORKSPACES: Final = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Variables with the folder that a job has checked the repository out to."""
_OFF: Final = ("", "0", "false")


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder of the cache; None if it is off, with the reason."""

    folder: Path | None
    reason: str = ""


def cache_of(environ: Mapping[str, str], project: Path) -> Path | None:
    """Return the folder of the cache for a project; None if the cache is off. Raises ReconcilerError for a folder in
    RECONCILER_CACHE_DIR that others may write to.
    """
    return chosen_cache(environ, project).folder


def chosen_cache(environ: Mapping[str, str], project: Path) -> Cache:
    """Return the folder of the cache for a project, or the reason why it is off."""
    if environ.get(NO_CACHE, "").lower() not in _OFF:
        return Cache(None, f"{NO_CACHE} is set")
    named = environ.get(FOLDER, "")
    if named:
        folder = Path(named).absolute()
        wrong = _objection(folder, _checkouts(environ, project))
        if wrong:
            hint = "Choose a folder outside of the repository that only you can write to, or set RECONCILER_NO_CACHE=1."
            message = f"the cache folder {folder} of {FOLDER} cannot be used: {wrong}"
            raise ReconcilerError(Problem("bad-cache", message, hint=hint))
        return Cache(folder)
    if runs_in_ci(environ):
        return Cache(None, f"CI is set, and {FOLDER} is not")
    default = user_cache(environ, _NAME)
    if default is None:
        return Cache(None, "the cache folder of the user is unknown")
    wrong = _objection(default, [repository_of(Path(os.path.realpath(project)))])
    return Cache(None, f"{default}: {wrong}") if wrong else Cache(default)


def _objection(folder: Path, checkouts: Iterable[Path]) -> str:
    """Return the reason why a folder cannot have the cache; empty if it can."""
    if any(_is_inside(folder, checkout) for checkout in checkouts):
        return "it is inside the repository"  # a pull request could add entries
    return objection(folder)


def _checkouts(environ: Mapping[str, str], project: Path) -> Iterator[Path]:
    """Yield the folder of the repository; without a `.git`, all folders that may be it, such as in a copy of its files.

    A folder around the home folder of the user is none of them.
    """
    folder = Path(os.path.realpath(project))
    repository = repository_of(folder)
    yield repository
    if (repository / ".git").exists():
        return
    home = environ.get("HOME") or environ.get("LOCALAPPDATA") or os.sep
    workspaces = (Path(named) for name in _WORKSPACES if (named := environ.get(name)))
    for one in (folder.parent, Path.cwd(), *workspaces):
        if not _is_inside(Path(home), one) and one != Path(one.anchor):
            yield one


def _is_inside(path: Path, folder: Path) -> bool:
    """Return True if a path, which need not exist, is a folder or inside of it, whatever names and links lead there."""
    try:
        about = folder.stat()
    except OSError:
        return False
    real = Path(os.path.realpath(path))
    for one in (real, *real.parents):
        with suppress(OSError):
            if os.path.samestat(one.stat(), about):
                return True
    return False
