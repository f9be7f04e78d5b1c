"""The folder of the cache of manifests, and the cases in which there is none."""

import os
from collections.abc import Mapping
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
        wrong = _objection(folder, project)
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
    wrong = _objection(default, project)
    return Cache(None, f"{default}: {wrong}") if wrong else Cache(default)


def _objection(folder: Path, project: Path) -> str:
    """Return the reason why a folder cannot have the cache; empty if it can."""
    real, checkout = os.path.realpath(folder), os.path.realpath(repository_of(project))
    if os.path.commonpath([real, checkout]) == checkout:
        return "it is inside the repository"  # a pull request could add entries
    return objection(folder)
