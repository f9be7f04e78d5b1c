"""`drift`: report drift, and the shutdown dates of models in use."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from reconciler.live.adapters import Adapter, gather
from reconciler.live.client import Connection
from reconciler.live.errors import DeniedError, MissingError
from reconciler.operations.opening import ReadAhead, opened
from reconciler.operations.plan import Observed, check_targets, make_plan
from reconciler.operations.shutdowns import written
from reconciler.planning.build import Planned
from reconciler.planning.drift import DriftReport, drift_report, running
from reconciler.planning.model import Plan, Refusal
from reconciler.planning.reasons import Notice
from reconciler.planning.sync_status import foreign_files, unread
from reconciler.planning.tool_files import UnmanagedObjects
from reconciler.project.connection import run_async
from reconciler.project.destroyed import DestroyedError
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.registry import upload_types
from reconciler.state.model import Destruction


def drift(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    endpoint: str | None = None,
    targets: Sequence[Address] = (),
) -> DriftReport | Refusal:
    """Return the drift report of the project at or above `start`. Takes no lock and writes nothing."""

    async def run() -> DriftReport | Refusal:
        async with opened(start, environ, env=env, endpoint=endpoint) as (workspace, connection, ahead):
            return await drift_of(workspace, connection, targets, ahead)

    return run_async(run())


async def drift_of(
    workspace: Workspace, connection: Connection, targets: Sequence[Address] = (), ahead: ReadAhead | None = None
) -> DriftReport | Refusal:
    """Return the drift report of an open project, with the requests of a plan, one request for shutdown dates,
    and a list of the uploads if there are foreign files and the plan did not need that list.

    A destroyed environment has no drift, which the report says. For another OpenAI project, in which all objects would
    seem to be deleted, and for a lost state, the refusal is returned instead.
    """
    try:
        observed = await make_plan(workspace, connection, targets=targets, models=of_interest, ahead=ahead)
    except DestroyedError as error:
        if error.mark.finished is None:
            raise
        return _nothing_of(workspace, error.mark)
    planned = observed.planned
    check_targets(workspace, targets, planned.matched.live)
    return incomparable(planned) or await report_of(observed)


def _nothing_of(workspace: Workspace, mark: Destruction) -> DriftReport:
    where = workspace.identity.environment
    about = {"holder": mark.holder, "at": mark.finished, **({"environment": where} if where else {})}
    made = datetime.now(UTC).isoformat(timespec="seconds")
    plan = Plan(str(workspace.identity), (), warnings=(Notice("destroyed", about),), created_at=made)
    return DriftReport(plan)


def incomparable(planned: Planned) -> Refusal | None:
    """Return the refusal of a plan whose live objects are not those of the state: of another OpenAI project, or because
    the state was lost or is that of another repository.
    """
    for refusal in planned.plan.refusals:
        is_lost = planned.inputs.is_new and refusal.cause.code == "other-lineage"
        if refusal.rule == "wrong-project" or is_lost:
            return refusal
    return None


async def report_of(observed: Observed) -> DriftReport:
    """Return the drift report of a plan.

    Stores that an assistant has at OpenAI and that no manifest names are read with their files, and uploads are listed
    if the name of one is not known otherwise.
    """
    planned, inputs = observed.planned, observed.planned.inputs
    ids = unread(planned)
    holders = [(type_, id_) for type_, found in sorted(ids.items()) if inputs.members(type_) for id_ in sorted(found)]
    read = await gather(_read(observed.adapters[type_], id_) for type_, id_ in holders)
    stores = {id_: live for (_, id_), live in zip(holders, read, strict=True)}
    held = {id_ for store in read if store for id_ in store.refers_to}
    foreign = {one.file for one in foreign_files(planned) if not one.name}
    known = {live.id for live in inputs.live if inputs.is_upload(live.type)}
    unnamed = foreign.union(held, *(ids[type_] for type_ in ids.keys() & upload_types())) - known
    uploads: dict[str, Live | None] = dict.fromkeys(unnamed)
    for type_ in sorted(upload_types() - {live.type for live in inputs.live}) if unnamed else ():
        with suppress(DeniedError, MissingError):  # without names, the files are shown by id
            found = await observed.adapters[type_].list(inputs.identity, ())
            uploads |= {live.id: live for live in found if live.id in unnamed}
    return drift_report(planned, UnmanagedObjects(uploads, stores))


async def _read(adapter: Adapter, id_: str) -> Live | None:
    """Return an object; None if it does not exist, or if the key or the server does not permit it."""
    with suppress(DeniedError, MissingError):
        return await adapter.read(id_)
    return None


def of_interest(planned: Planned) -> Iterator[str]:
    """Yield the models whose shutdown dates matter: those that the plan writes, and those that are in use."""
    yield from written(planned)
    yield from running(planned)
