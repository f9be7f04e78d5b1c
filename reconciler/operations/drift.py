"""`drift`: report drift, and the shutdown dates of models in use."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.live.client import Connection
from reconciler.operations.plan import check_targets, make_plan
from reconciler.operations.shutdowns import written
from reconciler.planning.build import Planned
from reconciler.planning.drift import DriftReport, drift_report, running
from reconciler.planning.model import Refusal
from reconciler.project.endpoint import open_connection, run_async
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address


def drift(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    endpoint: str | None = None,
    targets: Sequence[Address] = (),
) -> DriftReport | Refusal:
    """Return the drift report of the project at or above `start`. Takes no lock and writes nothing."""

    async def run() -> DriftReport | Refusal:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            return await drift_of(workspace, connection, targets)

    return run_async(run())


async def drift_of(
    workspace: Workspace, connection: Connection, targets: Sequence[Address] = ()
) -> DriftReport | Refusal:
    """Return the drift report of an open project, with the requests of a plan and one request for shutdown dates.

    For another OpenAI project, in which all objects would seem to be deleted, the refusal is returned instead.
    """
    planned = (await make_plan(workspace, connection, targets=targets, models=_of_interest)).planned
    check_targets(workspace, targets, planned.matched.live)
    for refusal in planned.plan.refusals:
        if refusal.rule == "wrong-project":
            return refusal
    return drift_report(planned)


def _of_interest(planned: Planned) -> Iterator[str]:
    yield from written(planned)
    yield from running(planned)
