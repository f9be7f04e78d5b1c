"""Plan and apply from a project folder, with a connection that is opened and closed here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from reconciler.applying.model import ApplyResult
from reconciler.applying.run import Listener
from reconciler.applying.steps import lower
from reconciler.live.client import Connection
from reconciler.operations.apply import apply_plan
from reconciler.operations.opening import Opened, opened
from reconciler.operations.plan import Observed, adoption_plan, make_plan, observed_targets
from reconciler.operations.supervision import interruptible
from reconciler.planning.model import OnDrift, Plan
from reconciler.planning.settings import settings_address
from reconciler.project.connection import connected, run_async, time_limit
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.review.saved_plans import adoptions, applied_before, changed_addresses, on_drift_of, restricted
from reconciler.state.lock import LockedError
from reconciler.state.lock_wait import LOCK_WAIT

T = TypeVar("T")

FINISHING: Final = "Finishing operations in flight. Press Ctrl-C again to stop immediately."
LATE: Final = "The time limit is reached. Finishing operations in flight."


class Progress(Listener, Protocol):
    """A listener that also shows messages."""

    def note(self, text: str) -> None: ...


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
    """Plan and apply; returns the plan if it is refused, or if `confirm` returns False.

    `saved` is a saved plan: exactly its changes are applied if they are still current, with its environment, targets
    and drift decision. `confirm` is called only if there are changes; `listen` is called with the number of steps.
    """

    async def observe(now: Opened) -> Observed:
        if saved is None:
            return await observed_targets(now, on_drift, targets, applies=True)
        workspace, connection, ahead = now
        observed = await make_plan(
            workspace,
            connection,
            on_drift=on_drift_of(saved),
            targets=(*changed_addresses(saved), settings_address(workspace.identity)),
            applies=True,
            ahead=ahead,
        )
        adopted = adoptions(observed.snapshot, saved)
        return await adoption_plan(workspace, observed, adopted) if adopted else observed

    def limit(observed: Observed, saved: Plan) -> Observed:
        return replace(observed, planned=restricted(observed.planned, observed.snapshot, saved))

    async def conclude(workspace: Workspace, connection: Connection, observed: Observed) -> ApplyResult | Plan:
        return await confirmed(workspace, connection, observed, confirm, listen, resume)

    opening = opened(start, environ, env=env or environment_of(saved, environ), endpoint=endpoint)
    return run_plan(opening, saved, observe, limit, conclude)


def run_plan(
    opening: AbstractAsyncContextManager[Opened],
    saved: Plan | None,
    observe: Callable[[Opened], Awaitable[Observed]],
    limit: Callable[[Observed, Plan], Observed],
    conclude: Callable[[Workspace, Connection, Observed], Awaitable[T]],
) -> ApplyResult | Plan | T:
    """Open the project, wait for the lock, make the plan with `observe`, and do the rest with `conclude`.

    A saved plan is checked: it is returned if it was refused, and is not applied twice; `limit` returns the plan of now
    with its changes only, or raises StaleError. All of it is done again if another run takes the lock meanwhile.
    """

    async def run() -> ApplyResult | Plan | T:
        async with opening as now:
            return await while_unlocked(now, once)

    async def once(now: Opened) -> ApplyResult | Plan | T:
        if saved is not None:
            check_identity(now.workspace, saved)
        observed = await observe(now)
        if saved is not None:
            if before := applied_before(observed.planned, observed.snapshot, saved):
                return ApplyResult(saved.identity, saved.digest, (), already_applied=before)
            observed = limit(observed, saved)
        return await conclude(now.workspace, now.connection, observed)

    if saved is not None and saved.refusals:
        return saved
    return run_async(run())


async def confirmed(
    workspace: Workspace,
    connection: Connection,
    observed: Observed,
    confirm: Callable[[Plan], bool],
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: str,
) -> ApplyResult | Plan:
    """Apply a plan after confirmation; returns the plan if it is refused, or if `confirm` returns False."""
    plan = observed.planned.plan
    if plan.refusals or (plan.work and not _asked(confirm, plan)):
        return plan
    with listen(len(lower(observed.planned))) as progress:
        connection.pace.tell = progress.note
        for problem in () if plan.work else workspace.loaded.of_checkout:  # a plan without work is not shown
            progress.note(f"{problem.severity}[{problem.code}]: {problem.message}: {problem.hint}")
        return await apply_plan(
            workspace,
            connection,
            observed,
            progress,
            resume=resume,
            interrupted=partial(progress.note, FINISHING),
            seconds=time_limit(),
            late=partial(progress.note, LATE),
        )


def environment_of(saved: Plan | None, environ: Mapping[str, str]) -> str | None:
    """Return the environment of a saved plan; None without a plan, or if RECONCILER_ENV is set."""
    if saved is None or environ.get("RECONCILER_ENV"):
        return None
    return Identity.parse(saved.identity).environment


def check_identity(workspace: Workspace, saved: Plan) -> None:
    if saved.identity != str(workspace.identity):
        message = f"the plan is for {saved.identity}, not for {workspace.identity}"
        hint = f"Pass -C and --env for {saved.identity}, or create a new plan."
        raise ReconcilerError(Problem("other-identity", message, hint=hint))


def check_unlocked(workspace: Workspace) -> bool:
    """Return when no other run holds the lock, before a plan is made and confirmed, and whether one did; raise
    LockedError if that takes longer than `--lock-timeout` allows.
    """
    with interruptible():
        return workspace.backend.wait_until_free()


async def while_unlocked(now: Opened, work: Callable[[Opened], Awaitable[T]]) -> T:
    """Do `work`, which plans and applies, when no other run holds the lock. If another run takes the lock after the
    plan was made, the plan is made again: the run may change what it is based on. So it may what was read ahead.

    Raises LockedError if the lock is held for longer than `--lock-timeout` allows.
    """
    is_current = True
    while True:
        is_current = not check_unlocked(now.workspace) and is_current
        try:
            if is_current:
                return await work(now)
            async with connected(now.workspace) as connection:
                return await work(Opened(now.workspace, connection))
        except LockedError:
            if not LOCK_WAIT.get().left:
                raise
            is_current = False


def _asked(confirm: Callable[[Plan], bool], plan: Plan) -> bool:
    with interruptible():
        return confirm(plan)
