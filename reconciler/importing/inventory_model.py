"""The inventory of an OpenAI project: owner, cost and references of every live object."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

from reconciler.resources.base import Live
from reconciler.resources.prices import Prices
from reconciler.resources.problems import Problem

_TIMES: Final = ("last_active_at", "updated_at", "created_at")

Ownership: TypeAlias = Literal["ours", "other", "unmanaged"]
NotRead: TypeAlias = Literal["applications", "sessions", "manifests", "peers", "environments"]
"""A source of references that an inventory does not read."""


@dataclass(frozen=True, slots=True)
class Item:
    """One live object."""

    type: str
    id: str
    name: str
    ownership: Ownership
    owner: str | None
    """The identity that manages it; None for an unmanaged object."""
    address: str | None
    """The address at its owner."""
    bytes: int | None
    """Size of a file, or of the indexed content of a vector store; None if the API does not return it."""
    created_at: float | None
    last_active_at: float | None
    """Unix time of the last use or change that the API returns."""
    cost_per_day: float | None
    """Estimate in US dollars: the share in the cost of all vector stores."""
    status: str | None
    used_by: tuple[str, ...]
    """Addresses of manifests and live objects that reference it; the live id if there is no address."""
    unused: bool
    """True if no live object and no manifest references it, and its type is referenced by id only."""
    unreferenced: bool
    """True if it may be superfluous: no live object, no manifest and no entry of the state references it, and all of
    them could be read. False for an object of another identity, whose manifests are not read, and for one that acts by
    itself."""
    group: str | None
    """Value of the key for totals."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Totals of several objects."""

    what: str
    """The type, or the value of `--by`."""
    objects: int
    """Number of objects."""
    ours: int
    """Number of objects managed by this identity."""
    others: int
    """Number of objects managed by another identity."""
    unmanaged: int
    """Number of unmanaged objects."""
    unused: int
    """Number of files that no live object and no manifest references."""
    bytes: int
    """Total size in bytes."""
    cost_per_day: float
    """Estimate in US dollars."""
    unreferenced: int = 0
    """Number of objects that `--unused` lists."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The objects of an inventory that are shown; without any criterion, all objects."""

    unused: bool = False
    """Only objects without a reference: `Item.unreferenced`."""
    name: str | None = None
    """Shell pattern of the name or the id, case-insensitive."""

    @property
    def is_open(self) -> bool:
        return not self.unused and self.name is None

    def fits(self, item: Item) -> bool:
        return (item.unreferenced or not self.unused) and self.matches(item)

    def matches(self, item: Item) -> bool:
        """Return True if the name or the id of an object matches the pattern."""
        pattern = self.name.lower() if self.name is not None else "*"
        return any(fnmatchcase(text.lower(), pattern) for text in (item.name, item.id))


ALL: Final = Filter()


@dataclass(frozen=True)
class Inventory:
    """The live objects of one OpenAI project: all of them, or those that a filter selects."""

    identity: str | None
    endpoint: str
    taken_at: str
    by: str | None
    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()
    prices: Prices = field(default_factory=Prices)
    chosen: Filter = field(default_factory=Filter)
    total: int = 0
    """Number of live objects before the filter."""
    not_read: tuple[NotRead, ...] = ()
    """Sources of references to the objects of the inventory that were not read."""
    undecided: int = 0
    """Number of objects without a known reference that `--unused` leaves out, because references to them were not
    read."""
    undecided_of_others: int = 0
    """The number of those that another identity manages, whose manifests are not read."""

    @property
    def types(self) -> tuple[Sum, ...]:
        return tuple(_sums(self.items, lambda item: item.type))

    @property
    def groups(self) -> tuple[Sum, ...]:
        """Totals by the value of `by`; objects without a value have an empty name and come last."""
        if self.by is None:
            return ()
        found = _sums(self.items, lambda item: item.group or "")
        return tuple(sorted(found, key=lambda one: (one.what == "", one.what)))

    @property
    def cost_per_day(self) -> float:
        return sum(item.cost_per_day or 0.0 for item in self.items)


def items(
    live: Sequence[Live],
    *,
    owner: Callable[[Live], str | None],
    identity: str | None,
    addresses: Mapping[str, str],
    wanted_by: Mapping[str, Iterable[str]],
    served: frozenset[str],
    stored: frozenset[str],
    acting: frozenset[str] = frozenset(),
    unread: frozenset[str] = frozenset(),
    group: Callable[[Live], str | None],
    inherits: bool = True,
    prices: Prices,
) -> Iterator[Item]:
    """Return the inventory items, sorted by type and decreasing size.

    `addresses` are our addresses by live id; `wanted_by` are addresses of manifests that reference a live id; `served`
    are the types that only objects that refer to them use (applications may use others by their ids); `stored` are the
    types that OpenAI bills by byte and day; `acting` are the types of objects that act by themselves; `unread` are the
    types of objects to which some references could not be read; `group` returns the value of an object for totals.
    If it `inherits`, an object without a value has that of the objects that reference it, if they have the same.
    """
    users = _users(live, addresses, wanted_by)
    groups = {one.id: group(one) for one in live}
    holders = _holders(live)
    cost = _costs([one for one in live if one.type in stored], prices)
    order = sorted(live, key=lambda one: (one.type, -(_bytes(one) or 0), one.name, addresses.get(one.id, ""), one.id))
    for one in order:
        owned = owner(one)
        used_by = tuple(sorted(users.get(one.id, ())))
        yield Item(
            type=one.type,
            id=one.id,
            name=one.name,
            ownership=_ownership(owned, identity),
            owner=owned,
            address=addresses.get(one.id) or (one.labels.address if one.labels else None),
            bytes=_bytes(one),
            created_at=one.detail.get("created_at"),
            last_active_at=next((one.detail[name] for name in _TIMES if name in one.detail), None),
            cost_per_day=cost.get(one.id),
            status=one.detail.get("status"),
            used_by=used_by,
            unused=one.type in served - unread and not used_by,
            unreferenced=not used_by and one.type not in acting | unread and _ownership(owned, identity) != "other",
            group=groups[one.id] or _agreed(groups.get(holder) for holder in holders.get(one.id, ()) if inherits),
        )


def _ownership(owner: str | None, identity: str | None) -> Ownership:
    if owner is None:
        return "unmanaged"
    return "ours" if owner == identity else "other"


def _holders(live: Iterable[Live]) -> dict[str, list[str]]:
    holders: dict[str, list[str]] = defaultdict(list)
    for one in live:
        for id_ in one.refers_to:
            holders[id_].append(one.id)
    return holders


def _users(
    live: Iterable[Live], addresses: Mapping[str, str], wanted_by: Mapping[str, Iterable[str]]
) -> dict[str, set[str]]:
    users: dict[str, set[str]] = defaultdict(set)
    for id_, names in wanted_by.items():
        users[id_].update(names)
    for one in live:
        for id_ in one.refers_to:
            users[id_].add(addresses.get(one.id, one.id))
    return users


def _agreed(values: Iterable[str | None]) -> str | None:
    found = {*values} - {None}
    return found.pop() if len(found) == 1 else None


def _bytes(live: Live) -> int | None:
    found = live.detail.get("usage_bytes", live.detail.get("bytes"))
    return None if found is None else int(found)


def _costs(stores: Iterable[Live], prices: Prices) -> dict[str, float]:
    """Return US dollars a day by id. The free storage is shared by all vector stores in proportion to their size."""
    stored = {one.id: _bytes(one) or 0 for one in stores}
    total = sum(stored.values())
    paid = prices.per_day(total)
    return {id_: paid * size / total if total else 0.0 for id_, size in stored.items()}


def _sums(found: Iterable[Item], key: Callable[[Item], str]) -> Iterator[Sum]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in found:
        groups[key(item)].append(item)
    for what, group in sorted(groups.items()):
        yield Sum(
            what=what,
            objects=len(group),
            ours=sum(item.ownership == "ours" for item in group),
            others=sum(item.ownership == "other" for item in group),
            unmanaged=sum(item.ownership == "unmanaged" for item in group),
            unused=sum(item.unused for item in group),
            unreferenced=sum(item.unreferenced for item in group),
            bytes=sum(item.bytes or 0 for item in group),
            cost_per_day=sum(item.cost_per_day or 0.0 for item in group),
        )
