"""What it risks to publish another release: what differs between its parts and those of the one before."""

from collections.abc import Callable, Iterator

from reconciler.planning.guard.context import Case
from reconciler.planning.model import Change
from reconciler.planning.inputs import World
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Form
from reconciler.resources.risks import Hazard
from reconciler.resources.values import Fields, references_in

Compare = Callable[[Form, Fields, Fields], Iterator[Hazard]]


def published(case: Case, change: Change, compare: Compare) -> Iterator[Hazard]:
    """Of a change that moves what a chatbot's name stands for. The first publication takes nothing from anybody."""
    desired = case.world.desired.get(Address.parse(change.address))
    pointers = case.world.forms[desired.type].pointers if desired else frozenset()
    for item in change.fields:
        if item.keys[0] in pointers:
            before, after = _release(item.before), _release(item.after)
            if before and after and before != after:
                yield Hazard("published-version-changed", _moved(before, after))
                yield from _parts(case.world, before, after, compare)
            elif before and not after:
                yield Hazard("publication-withdrawn", f"{before} is published no more, and nothing in its place")


def _release(value: object) -> Address | None:
    return next(map(Address.parse, references_in(value)), None)


def _moved(before: Address, after: Address) -> str:
    back = release_number(after) < release_number(before)
    return f"users get version {release_number(after)} instead of {release_number(before)}" + (
        ", an older one" if back else ""
    )


def _parts(world: World, before: Address, after: Address, compare: Compare) -> Iterator[Hazard]:
    """Copy by copy, those that were made of one working object."""
    old, new = _by_family(world, before), _by_family(world, after)
    for family in sorted(old.keys() & new.keys() - {before.family}):
        desired = world.desired.get(new[family])
        was = _fields(world, old[family])
        if desired is not None and was is not None and old[family] != new[family]:
            for hazard in compare(world.forms[desired.type], was, desired.fields):
                yield Hazard(hazard.rule, f"{family}: {hazard.text}")


def _by_family(world: World, release: Address) -> dict[Address, Address]:
    known = world.releases.get(release)
    return {part.family: part for part in sorted(known.parts)} if known else {}


def _fields(world: World, address: Address) -> Fields | None:
    desired, applied = world.desired.get(address), world.applied.get(address)
    return desired.fields if desired else applied.fields if applied else None
