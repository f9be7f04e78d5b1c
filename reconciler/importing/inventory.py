"""`inventory`: list every live object with owner, size, cost and references. Requires an API key, but no manifests."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.importing.inventory_model import ALL, Filter, Inventory, NotRead, items
from reconciler.importing.live_inventory import (
    LiveInventory,
    OnProgress,
    ProjectContext,
    project_context,
    read_live_inventory,
)
from reconciler.live.adapters import referrers
from reconciler.live.client import Connection
from reconciler.project.connection import open_connection, run_async
from reconciler.project.workspace import raise_errors
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types, upload_types
from reconciler.resources.values import JSON, references_in

LABEL: Final = "label."
METADATA: Final = "metadata."
OWNERS: Final[Mapping[str, Callable[[Identity], str | None]]] = {
    "owner": str,
    "project": lambda identity: identity.project,
    "environment": lambda identity: identity.environment,
}
"""Keys for totals by the identity that manages an object, each with the part of it."""
KEYS: Final = ("type", *OWNERS)


def inventory(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    by: str | None,
    chosen: Filter,
    on_progress: OnProgress,
) -> Inventory:
    """Read the live objects at the endpoint and return their inventory.

    `by` is one of `KEYS`, `label.KEY` for a label of manifests, or `metadata.KEY` of live objects. `chosen` selects the
    objects; raises ReconcilerError if it requires manifests that have errors. `on_progress` receives messages.
    """

    async def run() -> Inventory:
        here = project_context(start, environ, env=env, endpoint=endpoint)
        if chosen.unused and here.workspace:
            raise_errors(here.workspace.loaded.problems)
        async with open_connection(here.project, here.endpoint) as connection:
            return await take_inventory(here, connection, by=by, on_progress=on_progress, chosen=chosen)

    check_by(by)
    return run_async(run())


async def take_inventory(
    here: ProjectContext,
    connection: Connection,
    *,
    by: str | None,
    on_progress: OnProgress,
    chosen: Filter = ALL,
) -> Inventory:
    """Return the inventory of the OpenAI project of `connection`; `here` determines which objects are ours."""
    live_inventory = await read_live_inventory(here, connection, on_progress, with_parts=_may_refer)
    identity = str(live_inventory.identity) if live_inventory.identity else None
    types = resource_types()
    acting = frozenset(name for name, one in types.items() if one.suspended)
    unread = _unread(here, live_inventory)
    found = tuple(
        items(
            live_inventory.live,
            owner=live_inventory.owner,
            identity=identity,
            addresses={id_: str(address) for id_, address in live_inventory.addresses.items()},
            wanted_by=_wanted_by(here, live_inventory),
            served=frozenset(upload_types()),
            stored=frozenset(type_ for type_, resource_type in types.items() if resource_type.billed),
            acting=acting,
            unread=unread,
            group=_group(here, live_inventory, by),
            inherits=by is not None and by.startswith((LABEL, METADATA)),
            prices=here.project.spec.prices,
        )
    )
    shown = tuple(filter(chosen.fits, found))
    undecided = [
        one
        for one in found
        if chosen.unused and chosen.matches(one) and one.type not in acting and not (one.used_by or one.unreferenced)
    ]
    return Inventory(
        identity=identity,
        endpoint=live_inventory.endpoint,
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=by,
        items=shown,
        problems=live_inventory.problems,
        prices=here.project.spec.prices,
        chosen=chosen,
        total=len(found),
        not_read=tuple(_not_read(here, connection, {one.type for one in shown})),
        undecided=len(undecided),
        undecided_of_others=sum(one.ownership == "other" for one in undecided),
    )


def _unread(here: ProjectContext, live_inventory: LiveInventory) -> frozenset[str]:
    """Return the types of objects to which some references could not be read: those of manifests with errors may be to
    any type, and those of live objects to the types that their own type refers to.
    """
    types = resource_types()
    if here.workspace and any(one.severity == "error" for one in here.workspace.loaded.problems):
        return frozenset(types)
    return frozenset[str]().union(*(types[name].refers for name in live_inventory.unread))


def _not_read(here: ProjectContext, connection: Connection, types: Collection[str]) -> Iterator[NotRead]:
    """Yield the sources of references to objects of these types that an inventory does not read."""
    yield "applications"
    if any(not one.refers.isdisjoint(types) for one in referrers(connection)):
        yield "sessions"
    if here.workspace is None:
        yield "manifests"
    elif here.project.peers:
        yield "peers"
    if len(here.project.spec.environments) > 1:
        yield "environments"


def _may_refer(live: Live) -> bool:
    """Return True for an object whose parts may refer to others. Other parts, such as the files of a skill, are not
    read.
    """
    return bool(resource_types()[live.type].refers)


def check_by(by: str | None) -> None:
    """Raise ReconcilerError if `by` is not a valid key for totals."""
    is_valid = by is None or by in KEYS or any(by.startswith(prefix) and by != prefix for prefix in (LABEL, METADATA))
    if not is_valid:
        similar = did_you_mean(by or "", KEYS).replace("did", "Did")
        keys = f"Use {', '.join(KEYS)}, label.KEY for a label of manifests, or metadata.KEY for that of live objects."
        hint = f"{similar} {keys}" if similar else keys
        raise ReconcilerError(Problem("unknown-sum", f"{by!r} is not a valid key for totals", hint=hint))


def _wanted_by(here: ProjectContext, live_inventory: LiveInventory) -> Mapping[str, set[str]]:
    """Return the addresses of manifests and of entries of the state that reference a live object by address or by
    literal id, by live id.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    if here.workspace is None:
        return wanted
    live = {one.id for one in live_inventory.live}
    ids = {str(address): id_ for id_, address in live_inventory.addresses.items()}
    is_valid = not any(one.severity == "error" for one in here.workspace.loaded.problems)
    desired = here.workspace.desired if is_valid else {}
    referring = [(address, one.fields, ()) for address, one in desired.items()]
    held = ((address, one.fields, tuple(one.holds.values())) for address, one in live_inventory.applied.items())
    for address, fields, ids_held in (*referring, *held):
        for id_ in (*map(ids.get, references_in({**fields})), *_texts({**fields}), *ids_held):
            if id_ in live and id_ != ids.get(str(address)):
                wanted[id_].add(str(address))
    return wanted


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _group(here: ProjectContext, live_inventory: LiveInventory, by: str | None) -> Callable[[Live], str | None]:
    if by is None:
        return lambda _live: None
    if by == "type":
        return lambda live: live.type
    if by in OWNERS:
        return lambda live: OWNERS[by](Identity.parse(owner)) if (owner := live_inventory.owner(live)) else None
    if by.startswith(METADATA):
        key = by.removeprefix(METADATA)
        return lambda live: (live.fields.get("metadata") or {}).get(key)
    key = by.removeprefix(LABEL)
    resources = here.workspace.loaded.resources if here.workspace else ()
    labels = {resource.address: resource.labels.get(key) for resource in resources}
    return lambda live: labels.get(live_inventory.addresses[live.id]) if live.id in live_inventory.addresses else None
