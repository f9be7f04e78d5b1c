"""What stays live although its manifest is gone, because that said `keep_on_delete`."""

from collections.abc import Mapping, Sequence

from reconciler.planning.match import Matched
from reconciler.planning.inputs import World
from reconciler.resources.address import FILE, Address
from reconciler.resources.values import references_in


def given_up(world: World, matched: Matched) -> dict[Address, tuple[Address, ...]]:
    """Every live object that is given up and stays, each with the files that stay because it needs them.

    What only the outlets have is not among them: it stays published, and ours.
    """
    return {
        address: _files(world, matched, address)
        for address, applied in world.applied.items()
        if applied.keep and is_leaving(world, matched, address) and applied.type not in world.outlet_types
    }


def is_leaving(world: World, matched: Matched, address: Address) -> bool:
    """Whether an object is live, and no manifest asks for it any more."""
    return address not in world.desired and address in matched.live and world.in_scope(address)


def stays_published(world: World, address: Address) -> bool:
    """Whether a document goes on being published without a manifest."""
    applied = world.applied.get(address)
    return applied is not None and applied.keep and applied.type in world.outlet_types and address not in world.desired


def keepers(leaving: Mapping[Address, Sequence[Address]]) -> dict[Address, Address]:
    """For everything that stays, the object on whose account it does."""
    files = {file: address for address, found in leaving.items() for file in found}
    return {**files, **{address: address for address in leaving}}


def _files(world: World, matched: Matched, address: Address) -> tuple[Address, ...]:
    fields = [dict(matched.live[address].fields), dict(world.applied[address].fields)]
    found = dict.fromkeys(map(Address.parse, references_in(fields)))
    return tuple(file for file in found if file.kind == FILE and is_leaving(world, matched, file))
