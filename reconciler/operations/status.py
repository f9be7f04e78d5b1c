"""`status`: list every managed object with its sync status."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.operations.drift import report_of
from reconciler.operations.plan import make_plan
from reconciler.project.connection import connected
from reconciler.project.endpoint import run_async, shown
from reconciler.project.status import Status, last_apply, object_statuses
from reconciler.project.workspace import open_workspace


def status(start: Path, environ: Mapping[str, str], *, env: str | None, endpoint: str | None) -> Status:
    """Plan, and return the sync status of each address."""

    async def run() -> Status:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with connected(workspace) as connection:
            observed = await make_plan(workspace, connection)
            report = await report_of(observed)
        lock = workspace.backend.held()
        return Status(
            identity=str(workspace.identity),
            endpoint=shown(workspace.endpoint),
            last_apply=last_apply(observed.snapshot.state),
            lock=lock if lock and lock.released is None else None,
            objects=tuple(object_statuses(observed.planned, report)),
            warnings=workspace.loaded.of_checkout,
            assistants=report.assistants,
        )

    return run_async(run())
