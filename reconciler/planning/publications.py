"""What applications load: which bundles have to be published because something in them changed.

A bundle follows from the objects in it. Where such an object changes by itself, its own change publishes it; where only
its parts or their ids do, or where the outlets say something else than they should, a `publish` change does.
"""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.planning.changes import Sorted, source_of
from reconciler.planning.match import Matched
from reconciler.planning.model import Change, FieldChange, Origin
from reconciler.planning.world import Pointer, World
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT

NEW_ID = frozenset({"create", "replace"})


def publications(world: World, matched: Matched, pairs: Iterable[Sorted]) -> Iterator[Sorted]:
    """A `publish` change for each bundle that is not published as it should be, given the changes of objects.

    Left out is what another change publishes: a document its own, an agent's pointer the one that gives it an id. What
    follows from drift only is drift too.
    """
    pairs = tuple(pairs)
    ours = [pair.ours for pair in pairs if pair.ours]
    by_hand = [pair.by_hand for pair in pairs if pair.by_hand]
    changed = {change.address for change in (*ours, *by_hand)}
    work = [*ours, *(by_hand if world.on_drift == "revert" else [])]
    moved = {change.address for change in work if change.action in NEW_ID}
    published = moved | {str(address) for address in (*matched.moved, *world.adopt)}
    written = {change.address for change in work}
    for address in sorted(filter(world.in_scope, world.bundles)):
        document = world.desired[address].type in world.outlet_types
        if str(address) not in (written if document else published):
            renewed = sorted(moved.intersection(map(str, world.bundles[address].refers_to)))
            kept = document and str(address) in changed
            fields = () if kept else tuple(_differences(world, matched, address))
            if fields or renewed:
                yield _publication(world, address, fields, renewed, {change.address for change in ours})


def _publication(
    world: World, address: Address, fields: tuple[FieldChange, ...], renewed: Sequence[str], ours: set[str]
) -> Sorted:
    pointer = world.pointers.get(address)
    change = _publish(world, address, fields, renewed, pointer)
    by_hand = ours.isdisjoint(renewed) and all(item.origin == "drift" for item in fields)
    return Sorted(None, change) if by_hand else Sorted(change, None)


def _differences(world: World, matched: Matched, address: Address) -> Iterator[FieldChange]:
    bundle, pointer = world.bundles[address], world.pointers.get(address)
    before = pointer.blob if pointer else ABSENT
    if before != bundle.digest or (pointer and pointer.note):
        yield FieldChange(("bundle",), before, bundle.digest, _origin(world, address, pointer))
    if pointer is None:
        return
    for target in sorted(bundle.refers_to):
        live = matched.live.get(target)
        if live is not None and pointer.ids.get(str(target)) != live.id:
            found = pointer.ids.get(str(target), ABSENT)
            yield FieldChange(("ids", str(target)), found, live.id, _origin(world, address, pointer))


def _origin(world: World, address: Address, pointer: Pointer | None) -> Origin:
    """By hand, if what we published is gone, altered, or not the same everywhere."""
    if pointer is None:
        return "drift" if address in world.applied else "manifest"
    return "drift" if pointer.note else "manifest"


def _publish(
    world: World, address: Address, fields: tuple[FieldChange, ...], renewed: Sequence[str], pointer: Pointer | None
) -> Change:
    because = [f"{target} gets a new id" for target in renewed]
    if pointer and pointer.note:
        because.append(pointer.note)
    elif fields and not renewed:
        because.append("something in the bundle changes" if pointer else "it is not published yet")
    return Change(str(address), "publish", fields, source=source_of(world.desired[address]), because=tuple(because))
