"""`destroy`: remove everything of one environment, mark its state as destroyed, and undo the mark."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.applying.model import ApplyResult
from reconciler.applying.write import StaleError
from reconciler.live.client import Connection
from reconciler.operations.opening import Opened
from reconciler.operations.plan import Observed, make_plan
from reconciler.operations.run import Progress, confirmed, environment_of, run_plan
from reconciler.operations.state_edits import rewritten
from reconciler.planning.codec import seal_plan
from reconciler.planning.model import Change, Plan
from reconciler.project.connection import connected, run_async
from reconciler.project.destroyed import open_to_destroy, open_to_undo, silent
from reconciler.project.workspace import Workspace
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.problems import Problem, env_option
from reconciler.review.saved_plans import unfinished
from reconciler.state.edits import StateEdit
from reconciler.state.lock import this_process
from reconciler.state.model import Destruction, Snapshot, State


@dataclass(frozen=True, slots=True)
class NothingToDestroy:
    """The result for an environment that is destroyed already, or to which nothing was ever applied."""

    plan: Plan
    mark: Destruction | None


_Key: TypeAlias = tuple[str, str, str | None]
"""Address, action and id of a change."""
_REFERRERS: Final = "referrers"


def check_environment(start: Path, environ: Mapping[str, str], env: str | None, endpoint: str | None) -> None:
    """Raise ReconcilerError if no environment, or one that does not exist, is named."""
    open_to_destroy(start, environ, env=env, endpoint=endpoint)


def planned(
    start: Path, environ: Mapping[str, str], env: str | None, endpoint: str | None, *, is_confirmed: bool
) -> Plan:
    """Return the plan that removes everything of an environment, for `--out`. Takes no lock and writes nothing."""

    async def run() -> Plan:
        workspace = open_to_destroy(start, environ, env=env, endpoint=endpoint)
        async with connected(workspace) as connection:
            plan = (await make_plan(workspace, connection)).planned.plan
            return seal_plan(replace(plan, confirmed=is_confirmed))

    return run_async(run())


def destroyed(
    start: Path,
    environ: Mapping[str, str],
    env: str | None,
    endpoint: str | None,
    *,
    saved: Plan | None = None,
    confirm: Callable[[Plan], bool],
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: str,
) -> ApplyResult | Plan | NothingToDestroy:
    """Remove everything of an environment; returns the plan if it is refused, or if `confirm` returns False.

    With `saved`, exactly that plan is applied; raises StaleError if it is not current.
    """

    @asynccontextmanager
    async def opening() -> AsyncIterator[Opened]:
        chosen = env or environment_of(saved, environ)
        workspace = open_to_destroy(start, environ, env=chosen, endpoint=endpoint)
        async with connected(workspace) as connection:
            yield Opened(workspace, connection)

    async def observe(now: Opened) -> Observed:
        return await make_plan(now.workspace, now.connection, applies=True)

    async def conclude(
        workspace: Workspace, connection: Connection, observed: Observed
    ) -> ApplyResult | Plan | NothingToDestroy:
        plan = observed.planned.plan
        if saved is None and not plan.work and not plan.refusals and _is_done(observed.snapshot):
            return NothingToDestroy(plan, observed.snapshot.state.destruction)
        return await _confirmed(workspace, connection, observed, confirm, listen, resume)

    return run_plan(opening(), saved, observe, _limited, conclude)


def _is_done(snapshot: Snapshot) -> bool:
    """Return True for an environment that is destroyed, or to which nothing was ever applied."""
    mark = snapshot.state.destruction
    return not snapshot.run or (mark is not None and mark.finished is not None)


async def _confirmed(
    workspace: Workspace,
    connection: Connection,
    observed: Observed,
    confirm: Callable[[Plan], bool],
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: str,
) -> ApplyResult | Plan:
    """Apply after confirmation, which the mark of an environment without objects requires, too."""
    plan, is_begun = observed.planned.plan, observed.snapshot.state.destruction is not None
    if not plan.work and not plan.refusals and not is_begun and not confirm(plan):
        return plan
    return await confirmed(workspace, connection, observed, confirm, listen, resume)


def _limited(observed: Observed, saved: Plan) -> Observed:
    """Return the plan of now under the digest of the saved one; raises StaleError if it is not current."""
    _check_current(observed, saved)
    plan = replace(observed.planned.plan, digest=saved.digest, confirmed=saved.confirmed)
    return replace(observed, planned=replace(observed.planned, plan=plan))


def _check_current(observed: Observed, saved: Plan) -> None:
    """Raise StaleError if the plan now is not the saved one, or what a run of the saved one has not completed."""
    now = {change.digest: change for change in observed.planned.plan.work}
    then = {change.digest: change for change in saved.work}
    known: dict[_Key, Change] = {(change.address, change.action, change.id): change for change in saved.work}
    is_resumed = unfinished(observed.snapshot, saved)
    new = [one for digest, one in now.items() if digest not in then and not (is_resumed and _continues(one, known))]
    gone = [one for digest, one in then.items() if digest not in now and not is_resumed]
    problems = dict.fromkeys(_stale(change) for change in (*gone, *new))
    if problems:
        raise StaleError(*problems)


def _continues(change: Change, known: Mapping[_Key, Change]) -> bool:
    """Return True for a change of the saved plan from which only referrers have gone since, which the run removed."""
    then = known.get((change.address, change.action, change.id))
    if then is None:
        return False
    left, before = (set(one.preconditions.get(_REFERRERS) or ()) for one in (change, then))
    return left <= before


def _stale(change: Change) -> Problem:
    message = f"{change.address}: inputs of this {change.action} changed since the plan was made"
    return Problem("stale", message, hint="Create a new plan, review it, and apply it.")


def undone(start: Path, environ: Mapping[str, str], env: str | None) -> StateEdit:
    """Remove the mark of a destroyed environment, and return the edit with a note about the result.

    The next apply can create the releases again that the destroy archived. Nothing live is changed. Of the manifests,
    only project.yaml is needed.
    """
    workspace = open_to_undo(start, environ, env=env)
    with workspace.backend.lock(this_process(environ)) as lease:
        present = workspace.backend.read()
        mark = present.state.destruction
        if mark is None:
            return StateEdit(str(workspace.identity), notes=(f"{workspace.identity} is not destroyed",))
        done = rewritten(workspace, lease, present, _without_mark(present, mark), "undo destroy")
    again = "the next apply creates the objects of the manifests again"
    return replace(done, notes=(again, *_unpublished(workspace, present.state, mark)))


def _unpublished(workspace: Workspace, state: State, mark: Destruction) -> Iterator[str]:
    """Yield a note for each chatbot that has releases and publishes none, as it must to be destroyed."""
    releases = {*(state.tombstones - mark.tombstones), *(one for one in state.objects if one.kind == RELEASE)}
    environment = env_option(workspace.identity.environment)
    for address in sorted(silent(workspace.loaded)):
        numbers = [release_number(one) for one in releases if Address(address.kind, one.family.name) == address]
        if numbers:
            command = f"reconciler publish {address.name} {max(numbers)}{environment}"
            yield f"{address} publishes nothing: to publish its latest release again, run `{command}`"


def _without_mark(snapshot: Snapshot, mark: Destruction) -> Snapshot:
    return replace(snapshot, state=replace(snapshot.state, destruction=None, tombstones=mark.tombstones))
