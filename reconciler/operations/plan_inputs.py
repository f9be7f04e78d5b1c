"""The read stage: the manifests, the state, the live objects and the outlets as the inputs of a plan."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain

from reconciler.bundles.outlets import Outlet
from reconciler.importing.model import imported_from
from reconciler.live.adapters import Adapter, adapters, gather, referrers
from reconciler.live.client import Connection
from reconciler.live.listing import Listing, is_ended
from reconciler.operations.live_lists import completed, list_live, types_of, with_parts
from reconciler.operations.opening import ReadAhead
from reconciler.operations.outlet_documents import OutletContents, read_outlets
from reconciler.operations.parts import depend_on_parts, may_do_without_parts
from reconciler.operations.peers import Peers
from reconciler.operations.removed import environments_left, outlet_references, removed_identities
from reconciler.operations.shutdowns import look_up, with_users
from reconciler.planning.consents import consents
from reconciler.planning.inputs import Pending, PlanInputs
from reconciler.planning.model import OnDrift
from reconciler.planning.outlets import removed
from reconciler.planning.reasons import Notice
from reconciler.planning.runners import chatbots_run
from reconciler.planning.unfinished import with_copies_of_ours
from reconciler.project.destroyed import check_not_destroyed
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Live, with_packed_fields
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in
from reconciler.state.model import Intent, Snapshot, Written


@dataclass(frozen=True)
class Reading:
    """The inputs of a plan, with the values that they were read from."""

    inputs: PlanInputs
    snapshot: Snapshot
    adapters: Mapping[str, Adapter]
    warnings: tuple[Notice, ...] = ()
    agreed: tuple[Written, ...] = ()
    """See `OutletContents.agreed`."""
    outlets: Mapping[str, Outlet] = field(default_factory=dict)
    """The outlets that were read, by name."""


async def read(
    workspace: Workspace,
    connection: Connection,
    on_drift: OnDrift,
    targets: Sequence[Address],
    *,
    applies: bool,
    ahead: ReadAhead | None = None,
) -> Reading:
    """Read the state and the outlets, and list the live objects of every type that the manifests or the state have;
    `ahead` has been read.
    """
    snapshot = ahead.snapshot if ahead else await asyncio.to_thread(workspace.backend.read, with_packed_fields)
    workspace.share_values(snapshot.state.objects)
    check_not_destroyed(workspace, snapshot.state)
    left = await asyncio.to_thread(environments_left, workspace, snapshot)
    types = _types(workspace, snapshot)
    by_type = {**adapters(connection, types), **(ahead.adapters if ahead else {})}
    written = snapshot.state.outlets
    reachable = workspace.reachable(written or (), applies=applies)
    scope = _scope(workspace, targets)
    bare = scope is not None and may_do_without_parts(workspace, snapshot, targets, scope)
    started = ahead.lists if ahead else {}
    live = await list_live(by_type, types, workspace.identity, snapshot, started=started, parts=not bare)
    if bare and scope is not None and depend_on_parts(workspace, snapshot, scope, live):
        live = await with_parts(by_type, live)
    unread = [one.name for one in reachable.unread]
    outlets = await asyncio.to_thread(read_outlets, reachable.outlets, workspace.identity, written, unread)
    inputs = inputs_of(workspace, snapshot, live, outlets, connection.project, on_drift, targets)
    inputs = replace(
        inputs,
        undivided=left.undivided,
        environments=tuple(workspace.loaded.project.spec.environments),
        removed_environments=left.removed,
    )
    unreached = (Notice("outlet-not-read", {"outlet": one.name, "entry": one.entry}) for one in reachable.unread)
    return Reading(inputs, snapshot, by_type, (*left.warnings, *unreached), outlets.agreed, reachable.outlets)


async def read_referrers(
    workspace: Workspace,
    connection: Connection,
    first: Reading,
    ids: Mapping[str, frozenset[str]],
    models: Iterable[str],
    writing: Collection[Address] | None = None,
) -> Reading:
    """Read the possible referrers of the objects with these `ids`, by type, and the shutdown dates of `models`,
    whose users are named among the objects that the plan is `writing`, if it writes any of them.

    `inputs` is the same object as before if nothing was found that can change the plan. Lists that the key or the
    server does not permit are in `inputs.unlisted`.
    """
    types = {name for name, adapter in first.adapters.items() if adapter.refers & ids.keys()}
    unadapted = [referrer for referrer in referrers(connection) if referrer.refers & ids.keys()]
    known_models = with_users(await look_up(connection, models), first.inputs, writing)
    peers = await Peers(workspace, first.inputs.recorded).for_plan(ids)
    left = await asyncio.to_thread(outlet_references, workspace, first.inputs, ids)
    read_before = replace(first, warnings=(*first.warnings, *peers.warnings, *known_models.warnings))
    found = (known_models.ends, peers.objects, peers.unreadable, left.documents, left.unreadable)
    if not (types or unadapted or any(found)):
        return read_before
    listing = Listing(connection)
    more = types - _types(workspace, first.snapshot)
    unlisted = await list_live(first.adapters, more, workspace.identity, first.snapshot, listing=listing)
    complete = await completed(first.adapters, types, (*first.inputs.live, *unlisted), listing)
    unmanaged = await gather(
        listing.attempt(referrer.type, referrer.refers, referrer.referring(ids), []) for referrer in unadapted
    )
    refused = (*listing.unlisted(first.inputs.known_types.__contains__), *peers.unreadable, *left.unreadable)
    live = (*complete, *chain.from_iterable(unmanaged))
    inputs = replace(
        first.inputs,
        live=live,
        shutdowns=known_models.ends,
        peers=peers.objects,
        outlet_documents=left.documents,
        unlisted=refused,
    )
    absent = [one.request for one in refused if one.is_absent and not is_ended(one.type)]
    notices = (Notice("list-not-served", {"request": request}) for request in absent)
    return replace(read_before, inputs=inputs, warnings=(*read_before.warnings, *notices))


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
    announced = pending(snapshot.pending)
    inputs = PlanInputs(
        identity=workspace.identity,
        resource_types=resource_types(),
        desired=workspace.desired,
        applied=snapshot.state.objects,
        live=(*live, *outlets.documents.values()),
        links=workspace.links,
        pending=tuple(item for item in announced if item.creates),
        unfinished=tuple(item for item in announced if not item.creates),
        superseded=pending(snapshot.superseded),
        pointers=outlets.pointers,
        published=outlets.published,
        strays=outlets.strays,
        removed_outlets=removed(snapshot.state.outlets, workspace.outlet_names),
        removed_identities=dict(removed_identities(workspace, snapshot)),
        releases=workspace.releases,
        tombstones=snapshot.state.tombstones,
        archived=workspace.archived,
        consents=consents(workspace.loaded.resources),
        today=datetime.now(UTC).date(),
        scope=_scope(workspace, targets),
        imported=_imported(workspace, snapshot),
        on_drift=on_drift,
        settings=workspace.loaded.project.guard_settings,
        recorded=snapshot.state.settings,
        project_place=workspace.loaded.project.where(("spec",)),
        prices=workspace.loaded.project.spec.prices,
        refused_parameters=workspace.loaded.project.spec.refused_parameters,
        openai_project=openai_project,
        applied_project=snapshot.state.openai_project,
        pinned_project=workspace.loaded.project.openai_project,
        lineage=snapshot.state.lineage,
        is_new=not snapshot.run,
        foreign_pointers=outlets.foreign,
    )
    inputs = with_copies_of_ours(inputs)
    manifests = workspace.destroys
    if manifests is None:
        return inputs
    return replace(inputs, applied=manifests.marked(inputs.applied), removed_identities={}, destroys=manifests)


def pending(intents: Iterable[Intent]) -> tuple[Pending, ...]:
    """Return the writes that earlier runs announced and did not complete."""
    return tuple(Pending(item.address, item.type, item.marker, item.started, item.creates) for item in intents)


def _imported(workspace: Workspace, snapshot: Snapshot) -> Mapping[Address, str]:
    """Return the live ids in import comments of manifests that are not in the state."""
    new = (one for one in workspace.loaded.resources if one.address not in snapshot.state.objects)
    return imported_from(new, workspace.loaded.project.repository)


def _scope(workspace: Workspace, targets: Sequence[Address]) -> frozenset[Address] | None:
    """Return the targets and their dependencies in the manifests, with all that runs a chatbot among them."""
    if not targets:
        return None
    running: dict[Address, list[Address]] = defaultdict(list)
    for runner, chatbot, _ in chatbots_run(workspace.desired, resource_types()):
        running[chatbot].append(runner)
    scope: set[Address] = set()
    waiting = list(targets)
    while waiting:
        address = waiting.pop()
        if address not in scope:
            scope.add(address)
            desired = workspace.desired.get(address)
            waiting.extend(map(Address.parse, references_in(dict(desired.fields))) if desired else ())
            waiting.extend(running[address])
    return frozenset(scope)


def _types(workspace: Workspace, snapshot: Snapshot) -> set[str]:
    """Return the types of all objects of the project: an interrupted run may have created some that no manifest has."""
    known = workspace.destroys.types if workspace.destroys else frozenset[str]()
    return {item.type for item in workspace.desired.values()} | types_of(snapshot) | known
