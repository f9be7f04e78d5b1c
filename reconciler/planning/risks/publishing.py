"""What it risks to publish another release: what differs between its parts and those of the one before."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from reconciler.planning.guard.context import GuardContext
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import ResourceType
from reconciler.resources.risks import Hazard
from reconciler.resources.values import Fields, references_in

Compare = Callable[[ResourceType, Fields, Fields], Iterator[Hazard]]


def published(case: GuardContext, change: Change, compare: Compare) -> Iterator[Hazard]:
    """Of a change that moves what a chatbot's name stands for. The first publication takes nothing from anybody."""
    desired = case.inputs.desired.get(Address.parse(change.address))
    pointers = case.inputs.resource_types[desired.type].pointers if desired else frozenset()
    for item in change.fields:
        if item.keys[0] in pointers:
            before, after = _release(item.live), _release(item.desired)
            if before and after and before != after:
                numbers = {"before": release_number(before), "after": release_number(after)}
                yield Hazard("published-version-changed", numbers)
                yield from _parts(case.inputs, before, after, compare)
            elif before and not after:
                yield Hazard("publication-withdrawn", {"release": str(before)})


def _release(value: object) -> Address | None:
    return next(map(Address.parse, references_in(value)), None)


def _parts(inputs: PlanInputs, before: Address, after: Address, compare: Compare) -> Iterator[Hazard]:
    """Copy by copy, those that were made of one working object."""
    old, new = _by_family(inputs, before), _by_family(inputs, after)
    for family in sorted(old.keys() & new.keys() - {before.family}):
        desired = inputs.desired.get(new[family])
        was = _fields(inputs, old[family])
        if desired is not None and was is not None and old[family] != new[family]:
            for hazard in compare(inputs.resource_types[desired.type], was, desired.fields):
                yield replace(hazard, part=str(family))


def _by_family(inputs: PlanInputs, release: Address) -> dict[Address, Address]:
    known = inputs.releases.get(release)
    return {part.family: part for part in sorted(known.parts)} if known else {}


def _fields(inputs: PlanInputs, address: Address) -> Fields | None:
    desired, applied = inputs.desired.get(address), inputs.applied.get(address)
    return desired.fields if desired else applied.fields if applied else None
