"""Objects whose manifest has another name than before: they keep their live object.

Only state, labels and documents in the outlets know the old name, so that a move is read off them and, once it is done,
is not seen any more: `moved_from` may stay in the manifest.
"""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.resources.address import Address
from reconciler.resources.base import Live


def find_moves(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Address]:
    """The former address of every object that moves, given what is live under which address.

    Nothing moves from an address that is still wanted, nor to one that is live already.
    """
    left = {address: live for address, live in paired.items() if address not in inputs.desired}
    moves: dict[Address, Address] = {}
    for address, desired in sorted(inputs.desired.items()) if left else ():
        formers = (Address(address.kind, name) for name in desired.lifecycle.moved_from)
        free = [former for former in formers if former in left and _is_free(inputs, paired, address, left[former])]
        if free:
            moves[address] = free[0]
            del left[free[0]]
    return moves


def labelled_otherwise(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Address]:
    """The former address of every object that state knows by another one than its label: somebody moved it in state.

    Left out is who has a name that means something else by now.
    """
    used = {*inputs.desired, *inputs.applied, *paired}
    found = ((address, _label(inputs, live)) for address, live in paired.items() if address in inputs.applied)
    return {
        address: former
        for address, former in found
        if former is not None and former not in used and former.kind == address.kind and address in inputs.desired
    }


def _label(inputs: PlanInputs, live: Live) -> Address | None:
    """What the label of one of ours says; None where it has none, or a hand has written nonsense."""
    if live.labels is None or live.labels.identity != str(inputs.identity):
        return None
    try:
        return Address.parse(live.labels.address)
    except ValueError:
        return None


def _is_free(inputs: PlanInputs, paired: Mapping[Address, Live], address: Address, left: Live) -> bool:
    """Whether nothing is live under `address`. Of two documents the newer one was published by a move that was killed
    before state knew of it.
    """
    documents = {left.type, paired[address].type} <= inputs.outlet_types if address in paired else False
    return address not in paired or (documents and address not in inputs.applied)


def renamed(inputs: PlanInputs, moved: Mapping[Address, Address]) -> PlanInputs:
    """`inputs` with what state knows of the objects that move under their new addresses."""
    if not moved:
        return inputs
    gone = set(moved.values())
    applied = {address: entry for address, entry in inputs.applied.items() if address not in gone}
    kept = {address: inputs.applied[former] for address, former in moved.items() if former in inputs.applied}
    return replace(inputs, applied={**applied, **kept})
