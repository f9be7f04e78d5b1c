"""Which live object is which address.

Ownership is on the live object and in state, and either is enough: an object is ours if state knows its id or if its
label names this identity. Uploads carry no label; they are ours if state knows the id, if one of our stores holds them
under our mark, or if they fit a create that a killed run announced.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.planning.world import World
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Live
from reconciler.resources.values import JSON

SETTLE = 5.0
"""Seconds by which the API's clock may lag behind ours."""


@dataclass(frozen=True)
class Matched:
    """The live objects, sorted by whose they are."""

    live: Mapping[Address, Live]
    """Ours, by address, ids turned into addresses."""
    twins: Mapping[Address, Sequence[Live]]
    """Further objects labelled with an address that state gives to another one."""
    contested: Mapping[Address, Sequence[Live]]
    """Several objects with one address, and no state to tell which is meant."""
    taken: Mapping[Address, Live]
    """Objects whose id is in our state but whose label names another identity."""
    strangers: Sequence[Live]
    """Foreign and unmanaged objects."""
    addresses: Mapping[str, Sequence[Address]]
    """The addresses of every id of ours; several for one shared upload."""

    def localise(self, world: World, address: Address, live: Live) -> Live:
        """`live` with the ids in its fields turned into what manifests write."""
        desired, applied = world.desired.get(address), world.applied.get(address)
        expected = dict(applied.fields if applied else {}) | dict(desired.fields if desired else {})
        fields = world.forms[live.type].localise(live.fields, self._names, expected)
        return replace(live, fields=fields)

    def _names(self, id: str) -> list[str]:  # noqa: A002
        return [str(address) for address in self.addresses.get(id, ())]


def match(world: World) -> Matched:
    """Pair every address of manifests, state and labels with its live object; linear in the number of objects."""
    by_id = {live.id: live for live in world.live}
    labelled = _labelled(world)
    paired: dict[Address, Live] = {}
    taken: dict[Address, Live] = {}
    for address, applied in world.applied.items():
        live = by_id.get(applied.id)
        if live is None or live.type != applied.type:
            continue
        owner = live.labels.identity if live.labels else None
        (paired if owner in {None, str(world.identity)} else taken)[address] = live
    known = {live.id for live in paired.values()}
    contested: dict[Address, Sequence[Live]] = {}
    twins: dict[Address, Sequence[Live]] = {}
    for address, candidates in labelled.items():
        others = [live for live in candidates if live.id not in known]
        if address in paired and _moved_house(world, address, paired[address], others):
            paired[address] = others[0]
        elif address in paired and others:
            twins[address] = others
        elif len(others) > 1:
            contested[address] = others
        elif others:
            paired[address] = others[0]
    for address, live in _documents(world):
        paired.setdefault(address, live)
    paired.update(_uploads(world, by_id, paired))
    return _finish(world, Matched(paired, twins, contested, taken, (), _addresses(paired)))


def _finish(world: World, matched: Matched) -> Matched:
    ours = {live.id for live in matched.live.values()}
    ours.update(live.id for group in (*matched.twins.values(), *matched.contested.values()) for live in group)
    ours.update(live.id for live in matched.taken.values())
    strangers = [live for live in world.live if live.id not in ours]
    localised = {address: matched.localise(world, address, live) for address, live in matched.live.items()}
    return replace(matched, live=localised, strangers=strangers)


def _moved_house(world: World, address: Address, live: Live, others: Sequence[Live]) -> bool:
    """Whether a killed run had already made the agent that a document in the outlets is to become."""
    desired = world.desired.get(address)
    return desired is not None and live.type != desired.type and [other.type for other in others] == [desired.type]


def _labelled(world: World) -> dict[Address, list[Live]]:
    found: dict[Address, list[Live]] = defaultdict(list)
    for live in world.live:
        if live.labels and live.labels.identity == str(world.identity) and "/" in live.labels.address:
            found[Address.parse(live.labels.address)].append(live)
    return found


def _documents(world: World) -> Iterator[tuple[Address, Live]]:
    """What lies in our outlets under our identity is ours, and its id is its address."""
    return ((Address.parse(live.id), live) for live in world.live if live.type in world.outlet_types)


def _addresses(paired: Mapping[Address, Live]) -> dict[str, list[Address]]:
    names: dict[str, list[Address]] = defaultdict(list)
    for address in sorted(paired):
        names[paired[address].id].append(address)
    return names


def _uploads(world: World, by_id: Mapping[str, Live], paired: Mapping[Address, Live]) -> dict[Address, Live]:
    """Files by state, by our mark in a store, by an announced create; with their sha256, which the API never tells."""
    attached = _attached(paired.values())
    stored = {address: applied for address, applied in world.applied.items() if applied.type == "file"}
    found = {
        address: _with_sha(paired[address], applied.fields.get("sha256"))
        for address, applied in stored.items()
        if address in paired
    }
    marked = {
        (live.name, attached[live.id]): live for live in by_id.values() if live.type == "file" and live.id in attached
    }
    for address, desired in world.desired.items():
        if desired.type != "file" or address in found:
            continue
        live = marked.get((desired.upload_name, desired.fields["sha256"]))
        if live is not None:
            found[address] = _with_sha(live, desired.fields["sha256"])
    found.update(_announced(world, found, attached))
    found.update(_leftovers(world, found, marked))
    return found


def _attached(ours: Iterable[Live]) -> dict[str, str]:
    """File id to sha256, for every file that one of our stores holds under our mark."""
    return {
        id_: entry["sha256"]
        for live in ours
        for id_, entry in (live.fields.get("files") or {}).items()
        if isinstance(entry, dict) and "sha256" in entry
    }


def _announced(world: World, found: Mapping[Address, Live], attached: Mapping[str, str]) -> dict[Address, Live]:
    """Uploads of a killed run: name, size and time fit, nothing holds them, and nobody else claims them."""
    claimed = {live.id for live in found.values()}
    result: dict[Address, Live] = {}
    for pending in world.pending:
        if pending.type != "file" or pending.address in found:
            continue
        fits = [
            live
            for live in world.live
            if live.type == "file"
            and live.id not in claimed
            and live.id not in attached
            and (live.name, live.detail.get("bytes")) == (pending.marker["filename"], pending.marker["bytes"])
            and live.detail.get("created_at", 0) >= pending.since - SETTLE
        ]
        if fits:
            claimed.add(fits[0].id)
            result[pending.address] = _with_sha(fits[0], pending.marker["sha256"])
    return result


def _leftovers(
    world: World, found: Mapping[Address, Live], marked: Mapping[tuple[str, JSON], Live]
) -> dict[Address, Live]:
    """Files under our mark that no manifest names and no state knows: ours to remove, under the best name there is."""
    claimed = {live.id for live in found.values()}
    by_name: dict[str, list[Address]] = defaultdict(list)
    for address, desired in world.desired.items():
        if desired.type == "file" and address not in found:
            by_name[desired.upload_name].append(address)
    result: dict[Address, Live] = {}
    for (name, sha256), live in sorted(marked.items(), key=lambda item: item[1].id):
        if live.id in claimed:
            continue
        paths = by_name.get(name, [])
        address = paths[0] if len(paths) == 1 else Address("file", f"{name}@{live.id}")
        result[address] = _with_sha(live, sha256)
    return result


def _with_sha(live: Live, sha256: JSON) -> Live:
    return replace(live, fields={**live.fields, "sha256": sha256})


def applied_protection(applied: Applied | None, live: Live | None) -> bool:
    """Whether state or label protects an object: either is enough."""
    return bool((applied and applied.protected) or (live and live.labels and live.labels.protected))
