"""Loading of the manifests of a project, with the cache of the user. All commands load a project here."""

from collections.abc import Mapping
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
