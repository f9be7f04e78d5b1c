"""`adopt`: take ownership of unmanaged live objects. Only labels and the state are written."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.applying.model import ApplyResult
from reconciler.importing.model import imported_from
from reconciler.live.client import Connection
from reconciler.operations.opening import Opened, ReadAhead, opened
from reconciler.operations.plan import Observed, adoption_plan, make_plan, with_parts
from reconciler.operations.run import Progress, confirmed, while_unlocked
from reconciler.planning.adoption import AdoptionMatch, alike, pair
from reconciler.planning.model import Plan
from reconciler.project.connection import run_async
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address


@dataclass(frozen=True)
class Adopted:
    """The result of an adoption, and the matches it is based on."""

    result: ApplyResult | Plan
    """A plan for a dry run, or if the plan was refused or not confirmed."""
    pairing: AdoptionMatch


def adopt(
    start: Path,
    environ: Mapping[str, str],
    wanted: Mapping[Address, str | None],
    *,
    env: str | None,
    endpoint: str | None,
    dry_run: bool,
    confirm: Callable[[Plan], bool],
    listen: Callable[[int], AbstractContextManager[Progress]],
    resume: str,
) -> Adopted:
    """Adopt live objects for the addresses in `wanted`, each by id or by similarity; without any, for every manifest
    without a live object.

    Objects that cannot be adopted are reported in `pairing`; the others are still adopted. With `dry_run`, nothing is
    written.
    """

    async def run() -> Adopted:
        async with opened(start, environ, env=env, endpoint=endpoint) as now:
            return await (once(now) if dry_run else while_unlocked(now, once))

    async def once(now: Opened) -> Adopted:
        workspace, connection, ahead = now
        observed, pairing = await planned_adoption(workspace, connection, wanted, applies=not dry_run, ahead=ahead)
        if dry_run:
            return Adopted(observed.planned.plan, pairing)
        return Adopted(await confirmed(workspace, connection, observed, confirm, listen, resume), pairing)

    return run_async(run())


async def planned_adoption(
    workspace: Workspace,
    connection: Connection,
    wanted: Mapping[Address, str | None],
    *,
    applies: bool = False,
    ahead: ReadAhead | None = None,
) -> tuple[Observed, AdoptionMatch]:
    """Return the plan that adopts the objects of `wanted`, and the matches."""
    observed = await make_plan(workspace, connection, applies=applies, ahead=ahead)
    origins = imported_from(workspace.loaded.resources, workspace.loaded.project.repository)
    inputs, matched = observed.planned.inputs, observed.planned.matched
    live = await with_parts(observed, alike(inputs, matched, wanted, origins))
    whole = {item.id: item for item in live}
    candidates = [whole[item.id] for item in (*matched.unmanaged, *matched.unproven) if item.id in whole]
    inputs, matched = replace(inputs, live=live), replace(matched, unmanaged=candidates)
    pairing = pair(inputs, matched, wanted, origins)
    observed = replace(observed, planned=replace(observed.planned, inputs=inputs))
    return await adoption_plan(workspace, observed, pairing.ids), pairing
