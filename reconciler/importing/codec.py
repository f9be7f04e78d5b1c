"""The JSON documents of `inventory` and `import`: types, from which schemas are generated, and encoders."""

from dataclasses import asdict
from typing import Annotated, Final, Literal

from typing_extensions import TypedDict

from reconciler.importing.inventory_model import Inventory, Item, NotRead, Ownership, Sum
from reconciler.importing.model import Imported, Origin, Skipped
from reconciler.resources.json_documents import ShapeOf, Timestamp, timestamp
from reconciler.resources.problems import ProblemDocument, problem_json
from reconciler.resources.values import JSON

INVENTORY_FORMAT: Final = "reconciler/inventory/v2"
IMPORT_FORMAT: Final = "reconciler/import/v1"


class PricesDocument(TypedDict):
    """The prices used for cost estimates, in US dollars."""

    per_gb_and_day: float
    """Price of a gigabyte in vector stores for a day."""
    free_gb: float
    """Gigabytes without cost."""
    as_of: str | None
    """The date of the prices; null if the project sets them."""
    estimate: Literal[True]


class ItemDocument(TypedDict):
    """One live object."""

    type: str
    id: str
    name: str
    """Its name at OpenAI."""
    ownership: Ownership
    """`ours` if managed by this identity, `other` if managed by another one."""
    owner: str | None
    """The identity that manages it."""
    address: str | None
    """The address at its owner."""
    bytes: int | None
    """Size of a file, or of the indexed content of a vector store; null if the API does not return it."""
    created_at: Timestamp | None
    """ISO 8601, in UTC."""
    last_active_at: Timestamp | None
    """The last use or change that the API returns: ISO 8601, in UTC."""
    cost_per_day: float | None
    """Estimate in US dollars: the share in the cost of all vector stores."""
    status: str | None
    """Status returned by the API; null if it returns none."""
    used_by: list[str]
    """Addresses of manifests and live objects that reference it; the live id if there is no address."""
    unused: bool
    """True if no live object and no manifest references it, and its type is referenced by id only."""
    unreferenced: bool
    """True if no live object, no manifest and no entry of the state references it, and all of them could be read:
    `--unused` lists these objects. False for an object of another identity, and for one that acts by itself."""
    group: str | None
    """The value of the key for totals, with `--by`."""


class FilterDocument(TypedDict):
    """The objects that are listed."""

    unused: bool
    """True with `--unused`."""
    name: str | None
    """The value of `--name`."""


class InventoryDocument(TypedDict):
    """Every live object of one OpenAI project, with owner, size, cost and references."""

    format: Literal["reconciler/inventory/v2"]
    identity: str | None
    """PROJECT or PROJECT/ENVIRONMENT; null outside of a project."""
    endpoint: str
    taken_at: Timestamp
    """ISO 8601, in UTC."""
    prices: PricesDocument
    """The prices used for cost estimates."""
    cost_per_day: float
    """Estimate in US dollars."""
    types: list[Annotated[dict[str, JSON], ShapeOf(Sum)]]
    """Totals by type."""
    by: str | None
    """The value of `--by`."""
    groups: list[Annotated[dict[str, JSON], ShapeOf(Sum)]]
    """Totals by the value of `--by`; objects without a value have an empty name and come last."""
    filter: FilterDocument
    """The objects that are listed. Totals, costs and groups are of these objects."""
    total: int
    """Number of live objects, listed or not."""
    not_read: list[NotRead]
    """Sources of references that were not read: `applications` (ids in their code, and in stored responses and
    conversations), `sessions` in progress, `manifests` (outside of a project), `peers` (states of other projects), and
    other `environments` of the project."""
    undecided: int
    """Number of objects without a known reference that `--unused` leaves out, because references to them were not
    read."""
    objects: list[ItemDocument]
    """The objects, sorted by type and decreasing size."""
    problems: list[ProblemDocument]


def inventory_json(inventory: Inventory) -> InventoryDocument:
    """Return `inventory` as the JSON document that `inventory -o json` prints."""
    prices = inventory.prices
    return {
        "format": INVENTORY_FORMAT,
        "identity": inventory.identity,
        "endpoint": inventory.endpoint,
        "taken_at": inventory.taken_at,
        "prices": {
            "per_gb_and_day": prices.vector_storage,
            "free_gb": prices.free_gb,
            "as_of": prices.as_of,
            "estimate": True,
        },
        "cost_per_day": round(inventory.cost_per_day, 6),
        "types": [asdict(one) for one in inventory.types],
        "by": inventory.by,
        "groups": [asdict(one) for one in inventory.groups],
        "filter": {"unused": inventory.chosen.unused, "name": inventory.chosen.name},
        "total": inventory.total,
        "not_read": list(inventory.not_read),
        "undecided": inventory.undecided,
        "objects": list(map(_item_json, inventory.items)),
        "problems": list(map(problem_json, inventory.problems)),
    }


def _item_json(item: Item) -> ItemDocument:
    created, active = item.created_at, item.last_active_at
    return {
        "type": item.type,
        "id": item.id,
        "name": item.name,
        "ownership": item.ownership,
        "owner": item.owner,
        "address": item.address,
        "bytes": item.bytes,
        "created_at": None if created is None else timestamp(created),
        "last_active_at": None if active is None else timestamp(active),
        "cost_per_day": item.cost_per_day,
        "status": item.status,
        "used_by": list(item.used_by),
        "unused": item.unused,
        "unreferenced": item.unreferenced,
        "group": item.group,
    }


class ImportDocument(TypedDict):
    """The import of live objects as manifests: printed by `import`."""

    format: Literal["reconciler/import/v1"]
    folder: str
    """The project folder."""
    written: list[str]
    """Paths of the written files, relative to the folder."""
    objects: list[Annotated[dict[str, JSON], ShapeOf(Origin)]]
    """The imported objects."""
    skipped: list[Annotated[dict[str, JSON], ShapeOf(Skipped)]]
    """Objects that were not imported."""
    problems: list[ProblemDocument]


def import_json(done: Imported) -> ImportDocument:
    """Return `done` as the JSON document that `import -o json` prints."""
    return {
        "format": IMPORT_FORMAT,
        "folder": str(done.root),
        "written": [path.as_posix() for path in done.written],
        "objects": [asdict(one) | {"losses": list(one.losses), "notes": list(one.notes)} for one in done.origins],
        "skipped": [asdict(one) for one in done.skipped],
        "problems": list(map(problem_json, done.problems)),
    }
