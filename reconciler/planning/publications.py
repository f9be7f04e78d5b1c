"""What applications load: which bundles have to be published because something in them changed.

A bundle follows from the objects in it. Where such an object changes by itself, its own change publishes it; where only
its parts or their ids do, or where the outlets say something else than they should, there is a change for that: an
`update` of a chatbot's draft, a `publish` of anything else. What is published under a chatbot's own name is the bundle
of a release, and moves by a `publish` of the chatbot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.planning.changes import ByOrigin, source_of
from reconciler.planning.inputs import Bundle, PlanInputs, Pointer
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, Change, FieldChange, Origin
from reconciler.planning.reasons import Reason
from reconciler.planning.release_retention import published_releases
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT, JSON, references_in


@dataclass(frozen=True)
class _Place:
    """One name under which applications load a bundle."""

    address: Address
    """The object whose name it is."""
    holds: Literal["document", "agent", "chatbot"]
    """What is there: the object itself; the id of an agent; the release that a chatbot has published."""
    bundle: Bundle
    """What should be there."""
    pointer: Pointer | None
    """What is."""


def publications(inputs: PlanInputs, matched: Matched, pairs: Iterable[ByOrigin]) -> Iterator[ByOrigin]:
    """A change for each name under which something else is published than should be, given the changes of objects.

    Left out is what another change publishes: a document its own, an agent's pointer the one that gives it an id. What
    follows from drift only is drift too.
    """
    pairs = tuple(pairs)
    ours = [pair.ours for pair in pairs if pair.ours]
    by_hand = [pair.by_hand for pair in pairs if pair.by_hand]
    work = [*ours, *(by_hand if inputs.on_drift == "revert" else [])]
    moved = {change.address for change in work if change.action in CREATES}
    found, done = _told([*ours, *by_hand]), _told(work)
    edited = {change.address for change in ours}
    done["agent"] = moved | {str(address) for address in (*matched.moved, *inputs.adopt)}
    for place in _places(inputs):
        if str(place.address) not in done[place.holds]:
            renewed = sorted(moved.intersection(str(matched.now(target)) for target in place.bundle.refers_to))
            told = str(place.address) in found[place.holds]
            fields = () if told else tuple(_differences(inputs, matched, place))
            if fields or renewed:
                yield _publication(inputs, place, fields, renewed, edited)


def _told(changes: Iterable[Change]) -> dict[str, set[str]]:
    """By what places hold, the addresses of those that changes tell of already."""
    told: dict[str, set[str]] = {"document": set(), "agent": set(), "chatbot": set()}
    for change in changes:
        told["chatbot" if change.action == "publish" else "document"].add(change.address)
    return told


def _places(inputs: PlanInputs) -> Iterator[_Place]:
    for address in sorted(filter(inputs.in_scope, inputs.bundles.keys() & inputs.desired.keys())):
        document = inputs.desired[address].type in inputs.outlet_types
        yield _Place(
            address, "document" if document else "agent", inputs.bundles[address], inputs.pointers.get(address)
        )
    for chatbot, release in sorted(published_releases(inputs).items()):
        if inputs.in_scope(chatbot) and release in inputs.bundles and release in inputs.desired:
            yield _Place(chatbot, "chatbot", inputs.bundles[release], inputs.published.get(chatbot))


def _publication(
    inputs: PlanInputs, place: _Place, fields: tuple[FieldChange, ...], renewed: Sequence[str], ours: set[str]
) -> ByOrigin:
    change = _publish(inputs, place, fields, renewed, ours)
    by_hand = ours.isdisjoint(renewed) and all(item.origin == "drift" for item in fields)
    return ByOrigin(None, change) if by_hand else ByOrigin(change, None)


def _differences(inputs: PlanInputs, matched: Matched, place: _Place) -> Iterator[FieldChange]:
    bundle, pointer = place.bundle, place.pointer
    before = pointer.blob if pointer else ABSENT
    if before != bundle.digest or (pointer and pointer.fault):
        yield FieldChange(("bundle",), before, bundle.digest, _origin(inputs, matched, place))
    if pointer is None:
        return
    for target in sorted(bundle.refers_to):
        live = matched.live.get(matched.now(target))
        if live is not None and pointer.ids.get(str(target)) != live.id:
            found = pointer.ids.get(str(target), ABSENT)
            yield FieldChange(("ids", str(target)), found, live.id, _origin(inputs, matched, place))


def _origin(inputs: PlanInputs, matched: Matched, place: _Place) -> Origin:
    """By hand, if what we published is gone, altered, or not the same everywhere; under a new name, nothing is yet."""
    if place.pointer is None:
        return "drift" if place.address in inputs.applied and place.address not in matched.moved else "manifest"
    return "drift" if place.pointer.fault else "manifest"


def _publish(
    inputs: PlanInputs, place: _Place, fields: tuple[FieldChange, ...], renewed: Sequence[str], ours: set[str]
) -> Change:
    reasons = [Reason("id-changes", {"address": target}) for target in renewed]
    if place.pointer and place.pointer.fault:
        reasons.append(place.pointer.fault)
    elif fields and not renewed:
        changed = sorted(_inside(inputs, place.address) & ours)
        reasons.append(Reason("bundle-changes", {"addresses": changed}) if place.pointer else Reason("not-published"))
    source = source_of(inputs.desired[place.address])
    if place.holds == "document" and _has_name_of_its_own(inputs, place.address):
        id_ = str(place.address) if place.pointer else None
        return Change(str(place.address), "update", fields, id=id_, source=source, reasons=tuple(reasons))
    return Change(str(place.address), "publish", fields, source=source, reasons=tuple(reasons))


def _inside(inputs: PlanInputs, address: Address) -> set[str]:
    """The documents that are in the one at `address`."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        for name in references_in(_drafted(inputs, waiting.pop())):
            inside = inputs.desired.get(Address.parse(name))
            if name not in found and inside is not None and inside.type in inputs.outlet_types:
                found.add(name)
                waiting.append(inside.address)
    return found


def _drafted(inputs: PlanInputs, address: Address) -> dict[str, JSON]:
    """The fields of an object, but for the release that is published under its name."""
    desired = inputs.desired[address]
    pointers = inputs.resource_types[desired.type].pointers
    return {name: value for name, value in desired.fields.items() if name not in pointers}


def _has_name_of_its_own(inputs: PlanInputs, address: Address) -> bool:
    """Whether `publish` of the object means what applications get under its name, and not the object itself."""
    return bool(inputs.resource_types[inputs.desired[address].type].pointers)
