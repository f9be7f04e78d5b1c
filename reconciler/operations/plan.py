"""`plan`: read, resolve, diff, guard, seal. Takes no lock and writes nothing."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from reconciler.bundles.documents import needs
from reconciler.bundles.outlets import Outlet
from reconciler.bundles.render import contents, each_content
from reconciler.git.command import GitError
from reconciler.git.worktree import worktree
from reconciler.live.adapters import Adapter
from reconciler.live.client import Connection
from reconciler.manifests import Loaded
from reconciler.operations import checkout, release_blockers
from reconciler.operations.opening import Opened, ReadAhead, opened
from reconciler.operations.peers import Peers
from reconciler.operations.plan_inputs import read, read_referrers
from reconciler.operations.shutdowns import writing, written
from reconciler.planning.build import Planned, planned_deletions, seal, unresolved
from reconciler.planning.difference import diff
from reconciler.planning.equal_objects import may_be_duplicates, without_owned
from reconciler.planning.guard import guard
from reconciler.planning.held_names import only_in_state
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import OnDrift
from reconciler.planning.published import Bundle
from reconciler.planning.resolution import resolve
from reconciler.planning.schedules import passed
from reconciler.planning.settings import settings_address, unrecorded
from reconciler.project.connection import run_async
from reconciler.project.workspace import Workspace, dangling_problems
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError, env_option
from reconciler.resources.values import JSON, digest
from reconciler.state.model import Snapshot, Written


@dataclass(frozen=True)
class Observed:
    """A plan and the observations that apply requires."""

    planned: Planned
    snapshot: Snapshot
    adapters: Mapping[str, Adapter]
    agreed: tuple[Written, ...] = ()
    """See `OutletContents.agreed`."""
    outlets: Mapping[str, Outlet] = field(default_factory=dict)
    """The outlets that were read, by name. Apply writes to no others."""

    @cached_property
    def contents(self) -> Mapping[Address, JSON]:
        """Bundles by address. A plan has only their digests: all contents together take much memory."""
        return contents(self.planned.inputs.desired)


def planned(
    start: Path,
    environ: Mapping[str, str],
    env: str | None = None,
    endpoint: str | None = None,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
    edited: Mapping[str, str] | None = None,
) -> Planned:
    """Plan the project at or above `start`; `edited` is passed to `open_workspace`."""

    async def run() -> Planned:
        async with opened(start, environ, env=env, endpoint=endpoint, edited=edited) as now:
            return (await observed_targets(now, on_drift, targets, applies=False)).planned

    return run_async(run())


async def observed_targets(now: Opened, on_drift: OnDrift, targets: Sequence[Address], *, applies: bool) -> Observed:
    """Make a plan; raises ReconcilerError if one of its targets does not exist."""
    workspace, connection, ahead = now
    observed = await make_plan(workspace, connection, on_drift=on_drift, targets=targets, applies=applies, ahead=ahead)
    check_targets(workspace, targets, observed.planned.matched.live)
    return observed


async def make_plan(
    workspace: Workspace,
    connection: Connection,
    *,
    on_drift: OnDrift = "revert",
    targets: Sequence[Address] = (),
    models: Callable[[Planned], Iterable[str]] = written,
    referred: Callable[[Planned], Mapping[str, frozenset[str]]] = planned_deletions,
    applies: bool = False,
    ahead: ReadAhead | None = None,
) -> Observed:
    """Read everything that the plan requires, and plan.

    The possible referrers, including peers, of the objects that `referred` returns are read too, and the plan is made
    with them. By default, these are the objects that the plan deletes. `models` returns the models of a plan whose
    shutdown dates are read. With `applies`, the outlets that apply writes to are read; see `Workspace.reachable`.
    `ahead` is what `opened` has read for this plan.
    """
    with ahead.looking if ahead else connection.looking_once():
        first = await read(workspace, connection, on_drift, targets, applies=applies, ahead=ahead)
        planned = plan_of(workspace, first.inputs)
        among = frozenset(writing(planned)) if models is written else None
        second = await read_referrers(workspace, connection, first, referred(planned), models(planned), among)
    if second.inputs is not first.inputs:
        planned = plan_of(workspace, second.inputs)
    warnings = (*planned.plan.warnings, *second.warnings)
    if may_be_duplicates(warnings):
        owned = await asyncio.to_thread(Peers(workspace).owned)
        warnings = tuple(without_owned(warnings, owned))  # of other environments, for example
    plan = replace(planned.plan, warnings=warnings)
    return Observed(replace(planned, plan=plan), first.snapshot, first.adapters, first.agreed, first.outlets)


def plan_of(workspace: Workspace, inputs: PlanInputs) -> Planned:
    """Return the plan; raise ReconcilerError for a reference that cannot be resolved."""
    resolution = resolve(inputs)
    bundles = {address: _bundle(content) for address, content in each_content(resolution.inputs.desired)}
    difference = diff(resolution.with_bundles(bundles))
    guarded = guard(difference)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    planned = seal(difference, guarded, commit=_commit(workspace.loaded), created_at=now)
    _check(workspace, planned)
    new = (
        *checkout.notices(workspace, planned),
        *unrecorded(inputs, planned.plan),
        *only_in_state(planned.inputs, planned.matched, planned.plan.work),
    )
    warnings = (*new, *planned.plan.warnings)
    return replace(planned, plan=replace(planned.plan, warnings=warnings))


async def adoption_plan(workspace: Workspace, observed: Observed, adopt: Mapping[Address, str]) -> Observed:
    """Return a plan that only adopts these live objects, from the observations and the parts of the objects."""
    inputs, ids = observed.planned.inputs, set(adopt.values())
    live = await with_parts(observed, ids)
    adopting = replace(inputs, live=live, adopt=adopt, scope=frozenset(adopt))
    return replace(observed, planned=plan_of(workspace, adopting))


async def with_parts(observed: Observed, ids: Collection[str]) -> tuple[Live, ...]:
    """Return all live objects, those with these `ids` complete with the parts that lists do not contain."""
    chosen = [live for live in observed.planned.inputs.live if live.id in ids and live.type in observed.adapters]
    whole = await asyncio.gather(*(observed.adapters[live.type].whole(live) for live in chosen))
    known = {live.id: found for live, found in zip(chosen, whole, strict=True)}
    return tuple(found for live in observed.planned.inputs.live if (found := known.get(live.id, live)) is not None)


def _check(workspace: Workspace, planned: Planned) -> None:
    missing = {link.target for _, link in unresolved(planned)}
    problems = [
        *dangling_problems(workspace.loaded.dangling, missing),
        *release_blockers.problems(workspace.root, planned),
        *checkout.unseen(workspace, planned),
        *checkout.not_read(workspace, planned),
        *_passed(workspace, planned),
    ]
    if problems:
        raise ReconcilerError(*problems)


def _passed(workspace: Workspace, planned: Planned) -> Iterator[Problem]:
    now = datetime.fromisoformat(planned.plan.created_at)
    places = {resource.address: resource.where for resource in workspace.loaded.resources}
    for address, name in passed(planned.inputs, planned.plan, now):
        message = f"{address}: `{name}` has passed, and OpenAI accepts only a time in the future"
        place = places[address](("spec", name)) if address in places else None
        hint = "Set a time in the future, or remove the manifest."
        yield Problem("time-passed", message, place, hint)


def _bundle(content: JSON) -> Bundle:
    return Bundle(digest(content), frozenset(map(Address.parse, needs(content))))


def check_targets(workspace: Workspace, targets: Iterable[Address], known: Iterable[Address]) -> None:
    """Raise ReconcilerError for a target that does not exist."""
    check_known(
        targets, {*workspace.desired, *known, settings_address(workspace.identity)}, workspace.identity.environment
    )


def check_known(addresses: Iterable[Address], known: Collection[Address], environment: str | None) -> None:
    """Raise ReconcilerError for an address that is not `known`; `environment` is the one that the hint selects."""
    names = [str(address) for address in known]
    every_address = f"To list all addresses, run `reconciler status{env_option(environment)}`."
    problems = [
        Problem("unknown-address", f"{one} was not found", hint=did_you_mean(str(one), names) or every_address)
        for one in addresses
        if one not in known
    ]
    if problems:
        raise ReconcilerError(*problems)


def _commit(loaded: Loaded) -> str | None:
    """Return the checked out commit, with the suffix `-dirty` if it does not have everything that the manifests are
    read from; None without Git.
    """
    found = worktree(loaded.project.root)
    try:
        return found.commit(loaded.read_files()) if found else None
    except GitError:  # a plan does not need it
        return None
