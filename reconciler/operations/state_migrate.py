"""The state to another backend."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.operations.run import check_unlocked
from reconciler.project.endpoint import EMBEDDED
from reconciler.project.workspace import open_workspace
from reconciler.state.backend import open_store
from reconciler.state.backend_migration import StateMigration, migrate
from reconciler.state.lock import this_process


def migrate_backend(start: Path, environ: Mapping[str, str], to: str, *, env: str | None) -> StateMigration:
    """Take the state of one identity from the backend that is configured to the one that `to` names.

    The configuration is for people to change; whoever goes on with the old one is told where the state is.
    """
    workspace = open_workspace(start, environ, env=env)
    check_unlocked(workspace)
    others = {name: value for name, value in environ.items() if name != "RECONCILER_STATE"}
    target = open_store(workspace.root, to, others, embedded=workspace.endpoint == EMBEDDED)
    return migrate(workspace.backend, target, this_process(environ))
