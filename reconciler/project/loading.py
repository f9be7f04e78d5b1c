"""Loading of the manifests of a project, with the cache of the user. All commands load a project here."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.manifests import Loaded, load
from reconciler.project.caching import cache_of


def load_project(
    folder: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    edited: Mapping[str, str] | None = None,
    removed: bool = False,
) -> Loaded:
    """Load the manifests in `folder`, as `load` does, and do not parse those that the cache has. Raises ReconcilerError
    if the cache is in a folder that cannot be used.
    """
    return load(folder, env=env, edited=edited, removed=removed, cache=cache_of(environ, folder))


def load_each(
    folder: Path, environ: Mapping[str, str], *, edited: Mapping[str, str] | None = None
) -> tuple[Loaded, ...]:
    """Load the manifests in `folder` for each environment; once for a project without environments."""
    first = load_project(folder, environ, env=None, edited=edited)  # of several environments, the first
    others = list(first.project.spec.environments)[1:]
    reported = tuple(problem for problem in first.problems if problem.code != "environment-required")
    loads = (load_project(folder, environ, env=name, edited=edited) for name in others)
    return (replace(first, problems=reported), *loads)
