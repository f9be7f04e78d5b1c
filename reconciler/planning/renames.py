"""Objects whose manifest has another name than before: they keep their live object.

Only state, labels and documents in the outlets know the old name, so that a move is read off them and, once it is done,
is not seen any more: `moved_from` may stay in the manifest.
"""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.planning.inputs import World
from reconciler.resources.address import Address
from reconciler.resources.base import Live


def find_moves(world: World, paired: Mapping[Address, Live]) -> dict[Address, Address]:
    """The former address of every object that moves, given what is live under which address.

    Nothing moves from an address that is still wanted, nor to one that is live already.
    """
    left = {address: live for address, live in paired.items() if address not in world.desired}
    moves: dict[Address, Address] = {}
    for address, desired in sorted(world.desired.items()) if left else ():
        formers = (Address(address.kind, name) for name in desired.lifecycle.moved_from)
        free = [former for former in formers if former in left and _is_free(world, paired, address, left[former])]
        if free:
            moves[address] = free[0]
            del left[free[0]]
    return moves


def labelled_otherwise(world: World, paired: Mapping[Address, Live]) -> dict[Address, Address]:
    """The former address of every object that state knows by another one than its label: somebody moved it in state.

    Left out is who has a name that means something else by now.
    """
    used = {*world.desired, *world.applied, *paired}
    found = ((address, _label(world, live)) for address, live in paired.items() if address in world.applied)
    return {
        address: former
        for address, former in found
        if former is not None and former not in used and former.kind == address.kind and address in world.desired
    }


def _label(world: World, live: Live) -> Address | None:
    """What the label of one of ours says; None where it has none, or a hand has written nonsense."""
    if live.labels is None or live.labels.identity != str(world.identity):
        return None
    try:
        return Address.parse(live.labels.address)
    except ValueError:
        return None


def _is_free(world: World, paired: Mapping[Address, Live], address: Address, left: Live) -> bool:
    """Whether nothing is live under `address`. Of two documents the newer one was published by a move that was killed
    before state knew of it.
    """
    documents = {left.type, paired[address].type} <= world.outlet_types if address in paired else False
    return address not in paired or (documents and address not in world.applied)


def renamed(world: World, moved: Mapping[Address, Address]) -> World:
    """`world` with what state knows of the objects that move under their new addresses."""
    if not moved:
        return world
    gone = set(moved.values())
    applied = {address: entry for address, entry in world.applied.items() if address not in gone}
    kept = {address: world.applied[former] for address, former in moved.items() if former in world.applied}
    return replace(world, applied={**applied, **kept})
