"""`inventory`: everything that is live, with owner, size, cost and users. Needs a key and no manifests."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reconciler.importing.listing import Inventory, items
from reconciler.importing.live_inventory import LiveInventory, Surroundings, Tell, read_live_inventory, surroundings
from reconciler.live.client import Connection
from reconciler.live.registry import adapters
from reconciler.project.endpoint import open_connection
from reconciler.resources.base import Live
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, references_in

LABEL = "label."
METADATA = "metadata."


def inventory(
    start: Path, environ: Mapping[str, str], *, env: str | None, endpoint: str | None, by: str | None, tell: Tell
) -> Inventory:
    """Read what is live at the endpoint and sum it up.

    `by` is `label.KEY`, a label of our manifests, or `metadata.KEY`, of the live objects. `tell` hears of progress.
    """

    async def run() -> Inventory:
        here = surroundings(start, environ, env=env, endpoint=endpoint)
        async with open_connection(here.project, here.endpoint) as connection:
            return await take(here, connection, by=by, tell=tell)

    check_by(by)
    return asyncio.run(run())


async def take(here: Surroundings, connection: Connection, *, by: str | None, tell: Tell) -> Inventory:
    """The inventory of what `connection` reaches, as seen from `here`."""
    live_inventory = await read_live_inventory(here, connection, tell)
    identity = str(live_inventory.identity) if live_inventory.identity else None
    found = items(
        live_inventory.live,
        owner=live_inventory.owner,
        identity=identity,
        addresses={id_: str(address) for id_, address in live_inventory.addresses.items()},
        wanted_by=_wanted_by(here, live_inventory),
        referred=frozenset().union(*(adapter.refers for adapter in adapters(connection).values())),
        stored=frozenset(type_ for type_, resource_type in resource_types().items() if resource_type.billed),
        group=_group(here, live_inventory, by),
        prices=here.project.spec.prices,
    )
    return Inventory(
        identity=identity,
        endpoint=live_inventory.endpoint,
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=by,
        items=tuple(found),
        problems=live_inventory.problems,
        prices=here.project.spec.prices,
    )


def check_by(by: str | None) -> None:
    """ReconcilerError where nothing can be summed up by that."""
    if by is not None and not any(by.startswith(prefix) and by != prefix for prefix in (LABEL, METADATA)):
        hint = "Write label.KEY for a label of your manifests, or metadata.KEY for the metadata of live objects."
        raise ReconcilerError(Problem("unknown-sum", f"cannot sum up by {by!r}", hint=hint))


def _wanted_by(here: Surroundings, live_inventory: LiveInventory) -> Mapping[str, set[str]]:
    """Who refers to a live object in our manifests: by its address, or by its literal id."""
    wanted: dict[str, set[str]] = defaultdict(set)
    if here.workspace is None or any(one.severity == "error" for one in here.workspace.loaded.problems):
        return wanted
    live = {one.id for one in live_inventory.live}
    ids = {str(address): id_ for id_, address in live_inventory.addresses.items()}
    for address, desired in here.workspace.desired.items():
        fields = {**desired.fields}
        for id_ in (*map(ids.get, references_in(fields)), *_texts(fields)):
            if id_ in live and id_ != ids.get(str(address)):
                wanted[id_].add(str(address))
    return wanted


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _group(here: Surroundings, live_inventory: LiveInventory, by: str | None) -> Callable[[Live], str | None]:
    if by is None:
        return lambda _live: None
    if by.startswith(METADATA):
        key = by.removeprefix(METADATA)
        return lambda live: (live.fields.get("metadata") or {}).get(key)
    key = by.removeprefix(LABEL)
    resources = here.workspace.loaded.resources if here.workspace else ()
    labels = {resource.address: resource.labels.get(key) for resource in resources}
    return lambda live: labels.get(live_inventory.addresses[live.id]) if live.id in live_inventory.addresses else None
