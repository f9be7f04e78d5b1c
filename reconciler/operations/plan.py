"""`plan`: read, resolve, diff, guard, seal. Takes no lock and writes nothing."""

import asyncio
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from reconciler.bundles.documents import needs
from reconciler.bundles.render import contents
from reconciler.importing.model import imported_from
from reconciler.live.base import Adapter
from reconciler.live.client import Connection
from reconciler.live.gather import gather
from reconciler.live.registry import adapters, referrers
from reconciler.operations import release_blockers
from reconciler.operations.outlet_documents import OutletContents, read_outlets
from reconciler.operations.peers import Peers
from reconciler.operations.shutdowns import look_up, written
from reconciler.planning.build import Planned, difference, guarded, sealed, unresolved
from reconciler.planning.consents import consents
from reconciler.planning.inputs import Bundle, Pending, PlanInputs
from reconciler.planning.model import OnDrift
from reconciler.planning.planned_deletions import planned_deletions
from reconciler.planning.reasons import Notice
from reconciler.planning.resolution import resolve
from reconciler.project.workspace import Workspace, dangling_problems
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, digest, references_in
from reconciler.state.model import Snapshot


@dataclass(frozen=True)
class Observed:
    """A plan and the observations that apply requires."""

    planned: Planned
    snapshot: Snapshot
    contents: Mapping[Address, JSON]
    """Bundles by address."""
    adapters: Mapping[str, Adapter]


async def make_plan(
    workspace: Workspace,
    connection: Connection,
    *,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
    models: Callable[[Planned], Iterable[str]] = written,
) -> Observed:
    """Read everything that the plan requires, with list requests, and plan.

    If the plan deletes objects, their possible referrers, including peers, are read too, and the plan is made with
    them. `models` returns the models of a plan whose shutdown dates are read.
    """
    by_type = adapters(connection)
    snapshot = await asyncio.to_thread(workspace.backend.read)
    wanted = {item.type for item in workspace.desired.values()}
    wanted |= {item.type for item in snapshot.state.objects.values()}
    live = await _list(workspace, by_type, wanted, snapshot)
    outlets = await asyncio.to_thread(read_outlets, workspace.outlets, workspace.identity)
    inputs = inputs_of(workspace, snapshot, live, outlets, connection.project, on_drift, targets)
    planned, rendered = plan_of(workspace, inputs)
    gone = planned_deletions(planned)
    referring = {name for name, adapter in by_type.items() if adapter.refers & gone.keys()}
    readers = [referrer for referrer in referrers(connection) if referrer.refers & gone.keys()]
    known_models = await look_up(connection, models(planned))
    peers = await Peers(workspace).needing(gone)
    if referring or readers or known_models.ends or peers.objects:
        unlisted = await _list(workspace, by_type, referring - wanted, snapshot)
        everything = await _with_parts(by_type, referring, (*inputs.live, *unlisted))
        unmanaged = await gather(referrer.referring(gone) for referrer in readers)
        known = (*everything, *chain.from_iterable(unmanaged))
        inputs = replace(inputs, live=known, shutdowns=known_models.ends, peers=peers.objects)
        planned, rendered = plan_of(workspace, inputs)
    return Observed(_warned(planned, (*peers.warnings, *known_models.warnings)), snapshot, rendered, by_type)


def _warned(planned: Planned, warnings: tuple[Notice, ...]) -> Planned:
    return replace(planned, plan=replace(planned.plan, warnings=(*planned.plan.warnings, *warnings)))


def inputs_of(
    workspace: Workspace,
    snapshot: Snapshot,
    live: Iterable[Live],
    outlets: OutletContents,
    openai_project: str | None,
    on_drift: OnDrift,
    targets: Sequence[Address],
) -> PlanInputs:
    """Return the inputs of a plan, as they were read."""
    return PlanInputs(
        identity=workspace.identity,
        resource_types=resource_types(),
        desired=workspace.desired,
        applied=snapshot.state.objects,
        live=(*live, *outlets.documents.values()),
        links=workspace.links,
        pending=tuple(Pending(item.address, item.type, item.marker, item.started) for item in snapshot.pending),
        pointers=outlets.pointers,
        published=outlets.published,
        releases=workspace.releases,
        tombstones=snapshot.state.tombstones,
        archived=workspace.archived,
        strict=workspace.loaded.project.spec.safety.archive == "strict",
        consents=consents(workspace.loaded.resources),
        today=datetime.now(UTC).date(),
        scope=_scope(workspace, targets),
        imported=_imported(workspace, snapshot),
        on_drift=on_drift,
        max_deletes=workspace.loaded.project.spec.safety.max_deletes,
        max_daily_cost=workspace.loaded.project.spec.safety.max_daily_cost,
        prices=workspace.loaded.project.spec.prices,
        openai_project=openai_project,
        applied_project=workspace.loaded.project.openai_project or snapshot.state.openai_project,
    )


def _imported(workspace: Workspace, snapshot: Snapshot) -> Mapping[Address, str]:
    """Return the live ids in import comments of manifests that are not in the state."""
    new = (one for one in workspace.loaded.resources if one.address not in snapshot.state.objects)
    return imported_from(new, workspace.loaded.project.repository)


async def adoption_plan(workspace: Workspace, observed: Observed, adopt: Mapping[Address, str]) -> Observed:
    """Return a plan that only adopts these live objects, from the observations and the parts of the objects."""
    inputs, ids = observed.planned.inputs, set(adopt.values())
    live = await with_parts(observed, ids)
    adopting = replace(inputs, live=live, adopt=adopt, scope=frozenset(adopt))
    planned, rendered = plan_of(workspace, adopting)
    return replace(observed, planned=planned, contents=rendered)


async def with_parts(observed: Observed, ids: Collection[str]) -> tuple[Live, ...]:
    """Return all live objects, those with these `ids` complete with the parts that lists do not contain."""
    chosen = [live for live in observed.planned.inputs.live if live.id in ids and live.type in observed.adapters]
    whole = await asyncio.gather(*(observed.adapters[live.type].whole(live) for live in chosen))
    known = {live.id: found for live, found in zip(chosen, whole, strict=True)}
    return tuple(found for live in observed.planned.inputs.live if (found := known.get(live.id, live)) is not None)


def plan_of(workspace: Workspace, inputs: PlanInputs) -> tuple[Planned, Mapping[Address, JSON]]:
    """Return the plan, and the bundles by address; raises ReconcilerError for a reference that cannot be resolved."""
    resolution = resolve(inputs)
    rendered = contents(resolution.inputs.desired)
    found = difference(resolution.publishing({address: _bundle(content) for address, content in rendered.items()}))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    planned = sealed(found, guarded(found), _commit(workspace.root), now)
    _check(workspace, planned)
    return planned, rendered


def _check(workspace: Workspace, planned: Planned) -> None:
    missing = {link.target for _, link in unresolved(planned)}
    problems = [
        *dangling_problems(workspace.loaded.dangling, missing),
        *release_blockers.problems(workspace.root, planned),
    ]
    if problems:
        raise ReconcilerError(*problems)


async def _list(
    workspace: Workspace,
    by_type: Mapping[str, Adapter],
    types: Iterable[str],
    snapshot: Snapshot,
) -> list[Live]:
    known = [(item.type, item.id) for item in snapshot.state.objects.values()]
    listed = sorted(set(types) & by_type.keys())
    walks = (by_type[name].list(workspace.identity, [id_ for _, id_ in known]) for name in listed)
    live = [live for found in await asyncio.gather(*walks) for live in found]
    # Lists may not contain objects created seconds ago, so only a read by id shows that an object was deleted.
    unseen = set(known) - {(item.type, item.id) for item in live}
    read = await gather(by_type[name].read(id_) for name, id_ in sorted(unseen) if name in listed)
    return [*live, *(item for item in read if item is not None)]


async def _with_parts(by_type: Mapping[str, Adapter], types: Collection[str], live: Iterable[Live]) -> tuple[Live, ...]:
    """Return `live`, with objects of these types complete, so that all their references are known."""

    async def whole(item: Live) -> Live | None:
        return await by_type[item.type].whole(item) if item.type in types else item

    return tuple(item for item in await asyncio.gather(*map(whole, live)) if item is not None)


def _bundle(content: JSON) -> Bundle:
    return Bundle(digest(content), frozenset(map(Address.parse, needs(content))))


def _scope(workspace: Workspace, targets: Sequence[Address]) -> frozenset[Address] | None:
    """Return the targets and their dependencies in the manifests."""
    if not targets:
        return None
    scope: set[Address] = set()
    waiting = list(targets)
    while waiting:
        address = waiting.pop()
        if address not in scope:
            scope.add(address)
            desired = workspace.desired.get(address)
            waiting.extend(map(Address.parse, references_in(dict(desired.fields))) if desired else ())
    return frozenset(scope)


def check_targets(workspace: Workspace, targets: Iterable[Address], known: Iterable[Address]) -> None:
    """Raise ReconcilerError for a target that does not exist."""
    everything = {*workspace.desired, *known}
    names = [str(address) for address in everything]
    every_address = "To list all addresses, run `reconciler status`."
    problems = [
        Problem("unknown-address", f"{target} was not found", hint=did_you_mean(str(target), names) or every_address)
        for target in targets
        if target not in everything
    ]
    if problems:
        raise ReconcilerError(*problems)


def _commit(root: Path) -> str | None:
    """Return the checked out commit, with the suffix `-dirty` if a tracked file was changed; None without Git."""
    try:
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 - fixed arguments
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
