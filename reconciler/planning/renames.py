"""Renamed objects, which keep their live objects.

Only the state, labels and documents in the outlets have the former name, so that a rename is not found again after it
was applied: `moved_from` may stay in the manifest, and must stay while a release has the name. References that keep a
former name, such as those of a release, are followed with `former_names`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.published import Pointer
from reconciler.resources.address import Address, parsed
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import references_in


def find_moves(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Address]:
    """Return the former address of every renamed object, given the live objects by address. An address that the
    manifests still have is not a former one, and an object is not renamed to an address that is live already.
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
    """Return the former address of each object whose label has another address than the state, as after `state mv`.
    Addresses that have another object now are left out.
    """
    used = {*inputs.desired, *inputs.applied, *paired}
    other = (
        (address, live)
        for address, live in paired.items()
        if live.labels is not None and live.labels.address != str(address) and address in inputs.applied
    )
    found = ((address, inputs.labelled_address(live)) for address, live in other)
    return {
        address: former
        for address, former in found
        if former is not None and former not in used and former.kind == address.kind and address in inputs.desired
    }


def _is_free(inputs: PlanInputs, paired: Mapping[Address, Live], address: Address, left: Live) -> bool:
    """Return True if no object is live at `address`. Of two documents, the newer one was published by a rename that was
    interrupted before it was recorded in the state.
    """
    documents = {left.type, paired[address].type} <= inputs.outlet_types if address in paired else False
    return address not in paired or (documents and address not in inputs.applied)


def renamed(inputs: PlanInputs, moved: Mapping[Address, Address]) -> PlanInputs:
    """Return `inputs` with the state entries of the objects that move under their new addresses.

    What an object holds as parts (the files of a store) is called by its new address too, where the manifest of the
    object asks for it under that address.
    """
    if not moved:
        return inputs
    gone = set(moved.values())
    applied = {address: entry for address, entry in inputs.applied.items() if address not in gone}
    kept = {address: inputs.applied[former] for address, former in moved.items() if former in inputs.applied}
    now = {former: address for address, former in moved.items()}
    entries = {**applied, **kept}
    return replace(
        inputs, applied={address: _with_parts(inputs, address, entries[address], now) for address in entries}
    )


def _with_parts(inputs: PlanInputs, address: Address, entry: Applied, now: Mapping[Address, Address]) -> Applied:
    resource_type, desired = inputs.resource_types.get(entry.type), inputs.desired.get(address)
    if resource_type is None or desired is None or not resource_type.apart & entry.fields.keys():
        return entry
    wanted = set(map(Address.parse, references_in([desired.fields.get(name) for name in sorted(resource_type.apart)])))
    parts = {name: value for name, value in entry.fields.items() if name in resource_type.apart}
    by_new_name = resource_type.rename(parts, lambda one: now[one] if now.get(one) in wanted else one)
    return replace(entry, fields={**entry.fields, **by_new_name})


def declared(desired: Mapping[Address, Desired]) -> dict[Address, Address]:
    """Return the address that each former name in `moved_from` stands for, but for names that manifests use again."""
    found: dict[Address, Address] = {}
    for address, one in sorted((address, one) for address, one in desired.items() if one.lifecycle.moved_from):
        for name in one.lifecycle.moved_from:
            former = Address(address.kind, name)
            if former not in desired:
                found.setdefault(former, address)
    return found


def former_names(
    inputs: PlanInputs,
    paired: Mapping[Address, Live],
    moved: Mapping[Address, Address],
    addresses: Mapping[str, Sequence[Address]],
) -> dict[Address, Address]:
    """Return the present address of each former name.

    Former names are found from the renames of the plan, from `moved_from`, and from the ids behind the names of
    releases, in the state and in published pointers: an id stays the same when an object is renamed.
    """
    known = {former: address for address, former in moved.items()}
    listed = _published_names((*inputs.pointers.values(), *inputs.published.values()), addresses)
    recorded = ((name, known.get(address, address)) for name, address in inputs.recorded_names.items())
    for former, address in (*declared(inputs.desired).items(), *recorded, *listed):
        known.setdefault(former, address)
    return {
        former: address for former, address in known.items() if former not in paired and former not in inputs.desired
    }


def _published_names(
    pointers: Iterable[Pointer], addresses: Mapping[str, Sequence[Address]]
) -> Iterator[tuple[Address, Address]]:
    for pointer in pointers:
        for name, id_ in (*pointer.ids.items(), *pointer.holds.items()):
            now = addresses[id_][0] if id_ in addresses else None
            former = parsed(name) if now is not None and name != str(now) else None
            if now is not None and former is not None:
                yield former, now
