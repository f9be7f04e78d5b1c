"""The applied state and bundles of a project, opened without reading its manifests."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reconciler.manifests.folder import find_project
from reconciler.manifests.project import Project
from reconciler.manifests.project_file import read_project
from reconciler.project.endpoint import choose, is_embedded
from reconciler.resources.address import Identity
from reconciler.state.backend import Backend, StoreOutlet, open_store


@dataclass(frozen=True)
class StoredProject:
    """The state and the bundles of a project in one environment."""

    project: Project
    backend: Backend

    @property
    def identity(self) -> Identity:
        return self.project.identity

    @cached_property
    def built_in_outlet(self) -> StoreOutlet:
        """The outlet beside the state, from which bundles are read."""
        return StoreOutlet(self.backend.store)


def open_stored(start: Path, environ: Mapping[str, str], *, env: str | None) -> StoredProject:
    """Open what was applied of the project at or above `start`.

    Manifests are not read, so that their errors are not reported: what was applied does not depend on them. If
    `project.yaml` has errors, raises ReconcilerError with those of all manifests, as other commands do.
    """
    project = read_project(find_project(start), env=env or environ.get("RECONCILER_ENV") or None)
    if project is None:
        from reconciler.project.workspace import open_workspace  # which imports all kinds

        project = open_workspace(start, environ, env=env).loaded.project
    return StoredProject(project, backend_of(project, choose(project, None, environ), environ))


def backend_of(project: Project, endpoint: str | None, environ: Mapping[str, str]) -> Backend:
    """Return the state of a project. The state of the embedded API is that of this machine, also in CI."""
    store = open_store(project.root, project.spec.state.url, environ, embedded=is_embedded(endpoint))
    return Backend(store, project.identity)
