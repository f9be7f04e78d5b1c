"""`graph`: the dependencies of all objects, or of one object with its surroundings."""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from reconciler.live.adapters import gather
from reconciler.live.client import Connection
from reconciler.live.listing import Listing
from reconciler.operations.offline import planned_offline
from reconciler.operations.opening import ReadAhead, opened
from reconciler.operations.plan import Observed, check_known, make_plan
from reconciler.planning.build import Planned
from reconciler.planning.dependencies import DependencyGraph
from reconciler.planning.dependency_graph import dependency_graph, ids_of
from reconciler.planning.referrers import Foreign
from reconciler.project.connection import run_async
from reconciler.project.endpoint import shown
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem


def graph(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    address: Address | None,
    offline: bool,
) -> DependencyGraph:
    """Read the manifests, everything live and its possible referrers, and return the graph; raise ReconcilerError for
    an address that does not exist. With `offline`, the state stands for everything live.
    """

    async def run() -> DependencyGraph:
        async with opened(start, environ, env=env, endpoint=endpoint) as (workspace, connection, ahead):
            return await live_graph(workspace, connection, address, ahead)

    if not offline:
        return run_async(run())
    found = dependency_graph(planned_offline(start, environ, env), None)
    return _around(found, address, env) if address else found


async def live_graph(
    workspace: Workspace, connection: Connection, address: Address | None = None, ahead: ReadAhead | None = None
) -> DependencyGraph:
    """Return the graph of all objects, or of `address` and its surroundings, with the possible referrers of each."""
    called, environment = shown(workspace.endpoint), workspace.identity.environment

    def referred(planned: Planned) -> Mapping[str, frozenset[str]]:
        """Return the ids of all objects, or of `address` and its dependents."""
        if address is None:
            return ids_of(planned)
        return ids_of(planned, _around(dependency_graph(planned, called), address, environment).dependents)

    observed = await make_plan(workspace, connection, models=lambda _: (), referred=referred, ahead=ahead)
    found = dependency_graph(observed.planned, called)
    return await _with_names(_around(found, address, environment) if address else found, observed, connection)


async def _with_names(found: DependencyGraph, observed: Observed, connection: Connection) -> DependencyGraph:
    """Return the graph with the names of unmanaged objects of types that the plan did not list, such as the files of a
    vector store that the manifest has by id: one list for each type. A list that is refused leaves them without names.
    """
    listed = {live.type for live in observed.planned.inputs.live}
    unnamed = {node.type for node in found.nodes if isinstance(node, Foreign) and not node.name}
    identity, listing = observed.planned.inputs.identity, Listing(connection)
    wanted = [observed.adapters[type_] for type_ in sorted((unnamed & observed.adapters.keys()) - listed)]
    lists = await gather(listing.attempt(one.type, one.refers, one.list(identity, ()), ()) for one in wanted)
    return found.with_names({(live.type, live.id): live.name for live in chain.from_iterable(lists)})


def incomplete(found: DependencyGraph) -> tuple[Problem, ...]:
    """Return a warning for each list of possible referrers that could not be read."""
    return tuple(
        Problem(
            "referrers-unread",
            f"the graph has no references from objects of type {one.type}: {one.message}",
            hint=f"Grant the API key {one.scope}." if one.scope else "",
            severity="warning",
        )
        for one in found.unlisted
    )


def _around(found: DependencyGraph, address: Address, environment: str | None) -> DependencyGraph:
    check_known([address], {node for node in found.nodes if isinstance(node, Address)}, environment)
    return found.around(address)
