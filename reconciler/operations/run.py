"""The verbs that talk to the API, from a folder to a value: opens the project and the connection, and closes them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from reconciler.applying.model import ApplyResult
from reconciler.applying.run import Listener
from reconciler.operations.apply import applied_before, apply_plan, narrowed
from reconciler.operations.endpoint import open_connection
from reconciler.operations.plan import check_targets, make_plan
from reconciler.operations.workspace import Workspace, open_workspace
from reconciler.planning.build import Planned
from reconciler.planning.model import OnDrift, Plan
from reconciler.resources.address import Address


def planned(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    endpoint: str | None = None,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
) -> Planned:
    """Plan the project at or above `start`."""

    async def run() -> Planned:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            observed = await make_plan(workspace, connection, on_drift=on_drift, targets=targets)
            check_targets(workspace, targets, observed.planned.matched.live)
            return observed.planned

    return asyncio.run(run())


def applied(
    start: Path,
    environ: Mapping[str, str],
    env: str | None,
    endpoint: str | None,
    on_drift: OnDrift,
    targets: Sequence[Address],
    *,
    saved: Plan | None,
    confirm: Callable[[Plan], bool],
    listen: Callable[[Plan], AbstractContextManager[Listener]],
    resume: str,
) -> ApplyResult | Plan:
    """Plan and apply; gives the plan back where it refuses something or `confirm` says no.

    `saved` is a plan made earlier: exactly its changes are applied, if they still are what they were. `confirm` is
    asked only where there is something to do.
    """

    async def run() -> ApplyResult | Plan:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            observed = await make_plan(workspace, connection, on_drift=on_drift, targets=targets)
            check_targets(workspace, targets, observed.planned.matched.live)
            if saved is not None:
                if before := applied_before(observed, saved.digest):
                    return ApplyResult(saved.identity, saved.digest, (), already_applied=before)
                observed = narrowed(observed, saved)
            plan = observed.planned.plan
            if plan.refusals or (plan.work and not await asyncio.to_thread(confirm, plan)):
                return plan
            with listen(plan) as listener:
                return await apply_plan(workspace, connection, observed, listener, resume=resume)

    return asyncio.run(run())


def opened(start: Path, environ: Mapping[str, str], env: str | None = None) -> Workspace:
    """The project at or above `start`, without a connection."""
    return open_workspace(start, environ, env=env)
