"""Search for live objects without labels by their values or names, after the state was lost."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import Change
from reconciler.planning.reasons import Notice
from reconciler.planning.uploads import created
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import Fields, digest

_DUPLICATE: Final = "maybe-duplicate"


@dataclass(frozen=True)
class EqualObjects:
    """Live objects that have all desired fields of an address."""

    found: Mapping[Address, Live] = field(default_factory=dict)
    ambiguous: Mapping[Address, Sequence[Live]] = field(default_factory=dict)
    """Those of addresses with fewer manifests than equal live objects, some of which are then of another owner."""


def equal_objects(inputs: PlanInputs, known: Mapping[Address, Applied]) -> EqualObjects:
    """Return the live objects of the desired ones whose owner only the state has, without those that are `known`.

    Objects that are equal are interchangeable: working objects get the oldest ones, copies of releases the others.
    """
    wanted: dict[tuple[str, str], list[Address]] = defaultdict(list)
    for address, desired in sorted(inputs.desired.items(), key=lambda item: _rank(inputs, item[0], item[1])):
        if address not in known and inputs.needs_state(desired.type) and not inputs.is_upload(desired.type):
            wanted[_likeness(inputs, desired.type, desired.fields)].append(address)
    names = _names(inputs, known) if wanted else {}
    taken = {applied.id for applied in known.values()}
    there: dict[tuple[str, str], list[Live]] = defaultdict(list)
    for live in sorted(inputs.live if wanted else (), key=lambda live: (created(live), live.id)):
        if inputs.needs_state(live.type) and live.id not in taken:
            there[_likeness(inputs, live.type, live.fields)].append(live)
    found: dict[Address, Live] = {}
    ambiguous: dict[Address, Sequence[Live]] = {}
    for key, addresses in wanted.items():
        fitting = [live for live in there.get(key, ()) if _is_equal(inputs, addresses[0], live, names)]
        if len(fitting) > len(addresses):
            ambiguous.update((address, fitting) for address in addresses)
            continue
        found.update(zip(addresses, fitting, strict=False))
        for address, live in zip(addresses, fitting, strict=False):
            names[live.id].append(str(address))
    return EqualObjects(found, ambiguous)


def maybe_duplicates(inputs: PlanInputs, matched: Matched, work: Iterable[Change]) -> Iterator[Notice]:
    """Yield a warning for each object that is created although a live one of its type has its name, if no label shows
    who manages that one: it may be the object itself, if the state was lost.

    A plan that finds labels of a lost state is refused. Without any label, this warning is all that shows the loss.
    """
    created_here = [Address.parse(change.address) for change in work if change.action == "create"]
    wanted = {
        address: desired
        for address in created_here
        if not address.is_frozen
        and (desired := inputs.desired.get(address))
        and inputs.resource_types[desired.type].is_known_from_state_only
    }
    there: dict[tuple[str, str], list[str]] = defaultdict(list)
    for live in sorted(matched.unmanaged if wanted else (), key=lambda live: (created(live), live.id)):
        there[_named(live.type, live.fields)].append(live.id)
    for address, desired in wanted.items():
        ids = there.get(_named(desired.type, desired.fields))
        if ids:
            about = {"type": desired.type, "ids": ids, "environment": inputs.identity.environment}
            yield Notice(_DUPLICATE, about, str(address))


def may_be_duplicates(warnings: Iterable[Notice]) -> bool:
    """Return True if one of the warnings is of `maybe_duplicates`."""
    return any(one.code == _DUPLICATE for one in warnings)


def without_owned(warnings: Iterable[Notice], owned: Collection[str]) -> Iterator[Notice]:
    """Yield the warnings without the objects that other states have, by id, which are no duplicates."""
    for one in warnings:
        ids = [id_ for id_ in one.args["ids"] if id_ not in owned] if one.code == _DUPLICATE else ()
        if one.code != _DUPLICATE:
            yield one
        elif ids:
            yield replace(one, args={**one.args, "ids": ids})


def _named(type_: str, fields: Fields) -> tuple[str, str]:
    return type_, digest(fields.get("name"))


def _rank(inputs: PlanInputs, address: Address, desired: Desired) -> tuple[bool, bool, Address]:
    """Return the place of an object in the search: after those that it may refer to, and copies after the others."""
    return bool(inputs.resource_types[desired.type].refers), address.is_frozen, address


def _names(inputs: PlanInputs, known: Mapping[Address, Applied]) -> dict[str, list[str]]:
    """Return the addresses of the objects that others may refer to by id: by label, and of uploads by name and size."""
    found: dict[str, list[str]] = defaultdict(list)
    for address, applied in sorted(known.items()):
        found[applied.id].append(str(address))
    uploads: dict[tuple[str, int | None], list[str]] = defaultdict(list)
    for address, desired in sorted(inputs.desired.items()):
        if inputs.is_upload(desired.type):
            uploads[desired.upload_name, desired.bytes].append(str(address))
    for live in inputs.live:
        labelled = inputs.labelled_address(live)
        if labelled:
            found[live.id].append(str(labelled))
        elif inputs.is_upload(live.type):
            found[live.id] += uploads.get((live.name, live.detail.get("bytes")), ())
    return found


def _likeness(inputs: PlanInputs, type_: str, fields: Fields) -> tuple[str, str]:
    """Return the type and the digest of the versioned fields, or of the name of an object without versions."""
    names = inputs.resource_types[type_].versioned or {"name"}
    return type_, digest({name: fields.get(name) for name in sorted(names)})


def _is_equal(inputs: PlanInputs, address: Address, live: Live, names: Mapping[str, Sequence[str]]) -> bool:
    desired, resource_type = inputs.desired[address], inputs.resource_types[live.type]
    fields = resource_type.localise(live.fields, lambda id_: names.get(id_, ()), desired.fields)
    return not compare(resource_type, desired, LastApplied(), fields)
