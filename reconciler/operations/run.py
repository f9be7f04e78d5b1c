"""The verbs that talk to the API, from a folder to a value: opens the project and the connection, and closes them."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from reconciler.applying.model import ApplyResult
from reconciler.applying.run import Listener
from reconciler.applying.steps import lower
from reconciler.live.client import Connection
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import Observed, check_targets, make_plan, taking_over
from reconciler.planning.build import Planned
from reconciler.planning.model import OnDrift, Plan
from reconciler.project.endpoint import open_connection
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.review.saved import adoptions, applied_before, decision_of, narrowed, touched
from reconciler.state.lock import locked_error

FINISHING: Final = "Finishing what is under way, then stopping. Ctrl-C again stops at once."


class Progress(Listener, Protocol):
    """A listener that can also tell a person something."""

    def note(self, text: str) -> None: ...


def planned(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    endpoint: str | None = None,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
    edited: Mapping[str, str] | None = None,
) -> Planned:
    """Plan the project at or above `start`, with `edited` as for `open_workspace`."""

    async def run() -> Planned:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint, edited=edited)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            return (await _observed(workspace, connection, on_drift, targets)).planned

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
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: str,
) -> ApplyResult | Plan:
    """Plan and apply; gives the plan back where it refuses something or `confirm` says no.

    `saved` is a plan made earlier: exactly its changes are applied, if they still are what they were; it brings its
    environment, its targets and what to do about drift. `confirm` is asked only where there is something to do;
    `listen` is told how many steps there are.
    """

    async def run() -> ApplyResult | Plan:
        workspace = open_workspace(start, environ, env=env or _environment(saved, environ), endpoint=endpoint)
        check_unlocked(workspace)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            if saved is None:
                observed = await _observed(workspace, connection, on_drift, targets)
            else:
                _check_identity(workspace, saved)
                observed = await make_plan(workspace, connection, on_drift=decision_of(saved), targets=touched(saved))
                if adopted := adoptions(observed.snapshot, saved):
                    observed = await taking_over(workspace, observed, adopted)
                if before := applied_before(observed.planned, observed.snapshot, saved):
                    return ApplyResult(saved.identity, saved.digest, (), already_applied=before)
                observed = replace(observed, planned=narrowed(observed.planned, observed.snapshot, saved))
            return await confirmed(workspace, connection, observed, confirm, listen, resume)

    if saved is not None and saved.refusals:
        return saved
    return asyncio.run(run())


async def confirmed(
    workspace: Workspace,
    connection: Connection,
    observed: Observed,
    confirm: Callable[[Plan], bool],
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: str,
) -> ApplyResult | Plan:
    """Apply a plan once it is confirmed; gives it back where it refuses something or `confirm` says no."""
    plan = observed.planned.plan
    if plan.refusals or (plan.work and not _asked(confirm, plan)):
        return plan
    with listen(len(lower(observed.planned))) as progress:
        connection.pace.tell = progress.note
        finish = partial(progress.note, FINISHING)
        return await apply_plan(workspace, connection, observed, progress, resume=resume, interrupted=finish)


async def _observed(
    workspace: Workspace, connection: Connection, on_drift: OnDrift, targets: Sequence[Address]
) -> Observed:
    observed = await make_plan(workspace, connection, on_drift=on_drift, targets=targets)
    check_targets(workspace, targets, observed.planned.matched.live)
    return observed


def _environment(saved: Plan | None, environ: Mapping[str, str]) -> str | None:
    """The environment that a saved plan is for, unless RECONCILER_ENV names one."""
    if saved is None or environ.get("RECONCILER_ENV"):
        return None
    return Identity.parse(saved.identity).environment


def _check_identity(workspace: Workspace, saved: Plan) -> None:
    if saved.identity != str(workspace.identity):
        message = f"the plan is for {saved.identity}, not for {workspace.identity}"
        hint = "Choose the project and the environment that it was made for, or plan again."
        raise ReconcilerError(Problem("other-identity", message, hint=hint))


def check_unlocked(workspace: Workspace) -> None:
    """LockedError at once where another run holds the lock, rather than after a person has read the plan."""
    lock, now = workspace.backend.held(), time.time()
    if lock is not None and not lock.is_free(now):
        raise locked_error(workspace.identity, lock, now)


def _asked(confirm: Callable[[Plan], bool], plan: Plan) -> bool:
    """Ask here, in the main thread, with Ctrl-C as it is elsewhere: asyncio's would wait for the answer first."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return confirm(plan)
    finally:
        signal.signal(signal.SIGINT, handler)
