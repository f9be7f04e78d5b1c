"""`status`: the sync status of every managed object, or of some with everything that they use."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.operations.drift import of_interest, report_of
from reconciler.operations.estate import estate_of
from reconciler.operations.opening import opened
from reconciler.operations.plan import check_targets, make_plan
from reconciler.operations.shutdowns import written
from reconciler.project.connection import run_async
from reconciler.project.destroyed import DestroyedError
from reconciler.project.endpoint import shown
from reconciler.project.status import Status, last_apply, object_statuses, related
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address


def status(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    addresses: Sequence[Address] = (),
    with_estate: bool = False,
) -> Status:
    """Plan, and return the sync status of each address; raise ReconcilerError for an address that does not exist.

    `with_estate` adds the estate, which takes one request for the shutdown dates of models, the states of the other
    environments and their manifests.
    """

    async def run() -> Status:
        async with opened(start, environ, env=env, endpoint=endpoint) as (workspace, connection, ahead):
            models = of_interest if with_estate else written
            try:
                observed = await make_plan(workspace, connection, models=models, ahead=ahead)
            except DestroyedError as error:
                return _of_destroyed(workspace, error)
            check_targets(workspace, addresses, observed.planned.matched.live)
            report = await report_of(observed)
        estate = await asyncio.to_thread(estate_of, workspace, observed, report) if with_estate else None
        lock = workspace.backend.held()
        objects = tuple(object_statuses(observed.planned, report))
        shown_ones = related(observed.planned, addresses) if addresses else {one.address for one in objects}
        return Status(
            identity=str(workspace.identity),
            endpoint=shown(workspace.endpoint),
            last_apply=last_apply(observed.snapshot.state),
            lock=lock if lock and lock.released is None else None,
            is_expired=lock is not None and lock.is_free(time.time()),
            objects=tuple(one for one in objects if one.address in shown_ones),
            warnings=workspace.loaded.of_checkout,
            assistants=tuple(one for one in report.assistants if one.address in shown_ones),
            chosen=frozenset(map(str, addresses)),
            estate=estate,
        )

    return run_async(run())


def _of_destroyed(workspace: Workspace, error: DestroyedError) -> Status:
    lock = workspace.backend.held()
    return Status(
        identity=str(workspace.identity),
        endpoint=shown(workspace.endpoint),
        last_apply=last_apply(error.state),
        lock=lock if lock and lock.released is None else None,
        is_expired=lock is not None and lock.is_free(time.time()),
        objects=(),
        warnings=workspace.loaded.of_checkout,
        destroyed=error.problems[0],
        destruction=error.mark,
    )
