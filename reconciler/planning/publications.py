"""What applications load: which bundles have to be published because something in them changed.

A bundle follows from the objects in it. Where such an object changes by itself, its own change publishes it; where only
its parts or their ids do, or where the outlets say something else than they should, a `publish` change does.
"""

from collections.abc import Iterable, Iterator

from reconciler.planning.changes import source_of
from reconciler.planning.match import Matched
from reconciler.planning.model import Change, FieldChange, Origin
from reconciler.planning.world import Bundle, Pointer, World
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT

NEW_ID = frozenset({"create", "replace"})
PUBLISHING = frozenset({"create", "update", "replace"})


def publications(world: World, matched: Matched, work: Iterable[Change]) -> Iterator[Change]:
    """A `publish` change for each bundle that is not published as it should be.

    Left out is what another change publishes: a document its own, an agent's pointer the one that gives it an id.
    """
    work = tuple(work)
    moved = {change.address for change in work if change.action in NEW_ID}
    own = {change.address for change in work if change.action in PUBLISHING}
    for address in sorted(world.bundles):
        if not world.in_scope(address):
            continue
        bundle, pointer = world.bundles[address], world.pointers.get(address)
        if str(address) in moved or (str(address) in own and world.desired[address].type in world.outlet_types):
            continue
        renewed = sorted(str(target) for target in bundle.refers_to if str(target) in moved)
        fields = tuple(_differences(world, matched, address, bundle, pointer))
        if fields or renewed:
            yield _publish(world, address, fields, renewed, pointer)


def _differences(
    world: World, matched: Matched, address: Address, bundle: Bundle, pointer: Pointer | None
) -> Iterator[FieldChange]:
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
    world: World, address: Address, fields: tuple[FieldChange, ...], renewed: list[str], pointer: Pointer | None
) -> Change:
    because = [f"{target} gets a new id" for target in renewed]
    if pointer and pointer.note:
        because.append(pointer.note)
    elif fields and not renewed:
        because.append("something in the bundle changes" if pointer else "it is not published yet")
    return Change(str(address), "publish", fields, source=source_of(world.desired[address]), because=tuple(because))
