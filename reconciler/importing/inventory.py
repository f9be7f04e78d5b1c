"""`inventory`: list every live object with owner, size, cost and references. Requires an API key, but no manifests."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reconciler.importing.inventory_model import Inventory, items
from reconciler.importing.live_inventory import (
    LiveInventory,
    OnProgress,
    ProjectContext,
    project_context,
    read_live_inventory,
)
from reconciler.live.client import Connection
from reconciler.project.endpoint import open_connection, run_async
from reconciler.resources.base import Live
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types, upload_types
from reconciler.resources.values import JSON, references_in

LABEL = "label."
METADATA = "metadata."


def inventory(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    by: str | None,
    on_progress: OnProgress,
) -> Inventory:
    """Read the live objects at the endpoint and return their inventory.

    `by` is `label.KEY`, a label of manifests, or `metadata.KEY` of live objects. `tell` receives progress messages.
    """

    async def run() -> Inventory:
        here = project_context(start, environ, env=env, endpoint=endpoint)
        async with open_connection(here.project, here.endpoint) as connection:
            return await take_inventory(here, connection, by=by, on_progress=on_progress)

    check_by(by)
    return run_async(run())


async def take_inventory(
    here: ProjectContext, connection: Connection, *, by: str | None, on_progress: OnProgress
) -> Inventory:
    """Return the inventory of the OpenAI project of `connection`; `here` determines which objects are ours."""
    live_inventory = await read_live_inventory(here, connection, on_progress, with_parts=_may_refer)
    identity = str(live_inventory.identity) if live_inventory.identity else None
    found = items(
        live_inventory.live,
        owner=live_inventory.owner,
        identity=identity,
        addresses={id_: str(address) for id_, address in live_inventory.addresses.items()},
        wanted_by=_wanted_by(here, live_inventory),
        served=frozenset(upload_types()),
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


def _may_refer(live: Live) -> bool:
    """Return True for an object whose parts may refer to others. Other parts, such as the files of a skill, are not
    read.
    """
    return bool(resource_types()[live.type].refers)


def check_by(by: str | None) -> None:
    """Raise ReconcilerError if `by` is not a valid key for totals."""
    if by is not None and not any(by.startswith(prefix) and by != prefix for prefix in (LABEL, METADATA)):
        hint = "Use label.KEY for a label of manifests, or metadata.KEY for the metadata of live objects."
        raise ReconcilerError(Problem("unknown-sum", f"{by!r} is not a valid key for totals", hint=hint))


def _wanted_by(here: ProjectContext, live_inventory: LiveInventory) -> Mapping[str, set[str]]:
    """Return the addresses of manifests that reference a live object by address or literal id, by live id."""
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


def _group(here: ProjectContext, live_inventory: LiveInventory, by: str | None) -> Callable[[Live], str | None]:
    if by is None:
        return lambda _live: None
    if by.startswith(METADATA):
        key = by.removeprefix(METADATA)
        return lambda live: (live.fields.get("metadata") or {}).get(key)
    key = by.removeprefix(LABEL)
    resources = here.workspace.loaded.resources if here.workspace else ()
    labels = {resource.address: resource.labels.get(key) for resource in resources}
    return lambda live: labels.get(live_inventory.addresses[live.id]) if live.id in live_inventory.addresses else None
