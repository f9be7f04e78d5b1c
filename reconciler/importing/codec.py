"""The JSON documents of `inventory` and `import`: types, of which schemas are made, and encoders."""

from dataclasses import asdict
from typing import Annotated, Final, Literal

from typing_extensions import TypedDict

from reconciler.importing.inventory_model import Inventory, Item, Ownership, Sum
from reconciler.importing.model import Imported, Origin, Skipped
from reconciler.resources.json_documents import ShapeOf, Timestamp, timestamp
from reconciler.resources.problems import ProblemDocument, problem_json
from reconciler.resources.values import JSON

INVENTORY_FORMAT: Final = "reconciler/inventory/v2"
IMPORT_FORMAT: Final = "reconciler/import/v1"


class PricesDocument(TypedDict):
    """The prices that costs are estimated with, in US dollars."""

    per_gb_and_day: float
    """For a gigabyte in vector stores."""
    free_gb: float
    """Gigabytes that cost nothing."""
    as_of: str | None
    """The day of the prices; null where the project sets them."""
    estimate: Literal[True]


class ItemDocument(TypedDict):
    """One live object."""

    type: str
    id: str
    name: str
    """Its name at OpenAI."""
    ownership: Ownership
    """`ours`: this identity manages it; `other`: another one does."""
    owner: str | None
    """The identity that manages it."""
    address: str | None
    """The address that its owner gives it."""
    bytes: int | None
    """Of a file; of a vector store, what is stored for search. Null where the API does not say."""
    created_at: Timestamp | None
    """ISO 8601, in UTC."""
    last_active_at: Timestamp | None
    """The last use or change that the API reports: ISO 8601, in UTC."""
    cost_per_day: float | None
    """US dollars, estimated: its share of what all vector stores cost together."""
    status: str | None
    """As the API reports it; null where it reports none."""
    used_by: list[str]
    """Addresses of what refers to it, in manifests or live; the id where there is no address."""
    unused: bool
    """True where no live object and no manifest refers to it, and the type is one that is referred to by id."""
    group: str | None
    """The value that it is summed up by, with `--by`."""


class InventoryDocument(TypedDict):
    """Every live object of one OpenAI project, with owner, size, cost and users."""

    format: Literal["reconciler/inventory/v2"]
    identity: str | None
    """PROJECT or PROJECT/ENVIRONMENT; null outside a project."""
    endpoint: str
    taken_at: Timestamp
    """ISO 8601, in UTC."""
    prices: PricesDocument
    """The prices that costs are estimated with."""
    cost_per_day: float
    """US dollars, estimated."""
    types: list[Annotated[dict[str, JSON], ShapeOf(Sum)]]
    """The objects of each type together."""
    by: str | None
    """The value of `--by`."""
    groups: list[Annotated[dict[str, JSON], ShapeOf(Sum)]]
    """By the value of `--by`; objects without it under an empty name, last."""
    objects: list[ItemDocument]
    """By type, then the largest first."""
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
        "group": item.group,
    }


class ImportDocument(TypedDict):
    """Manifests that were written of live objects: printed by `import`."""

    format: Literal["reconciler/import/v1"]
    folder: str
    """The project folder."""
    written: list[str]
    """Files, relative to the folder."""
    objects: list[Annotated[dict[str, JSON], ShapeOf(Origin)]]
    """The objects that manifests were written of."""
    skipped: list[Annotated[dict[str, JSON], ShapeOf(Skipped)]]
    """Objects that no manifest was written of."""
    problems: list[ProblemDocument]


def import_json(done: Imported) -> ImportDocument:
    """Return `done` as the JSON document that `import -o json` prints."""
    return {
        "format": IMPORT_FORMAT,
        "folder": str(done.root),
        "written": [path.as_posix() for path in done.written],
        "objects": [asdict(one) | {"losses": list(one.losses)} for one in done.origins],
        "skipped": [asdict(one) for one in done.skipped],
        "problems": list(map(problem_json, done.problems)),
    }
