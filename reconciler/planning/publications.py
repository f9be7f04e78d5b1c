"""Bundles to publish because an object in them changed.

A bundle follows from the objects in it. If such an object is a changed document, its own change publishes it.
Otherwise, when only its parts or their ids change, or when an outlet does not have the expected content, a change of
its own is added: an `update` for the draft of a chatbot, a `publish` for anything else. The bundle under a chatbot's
own name is that of a release, and changes by a `publish` of the chatbot.
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
from reconciler.planning.unfinished import is_half_published
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT, JSON, references_in


@dataclass(frozen=True)
class _Place:
    """One name under which applications load a bundle."""

    address: Address
    """The object that the name belongs to."""
    holds: Literal["document", "agent", "chatbot"]
    """The content: the object itself, the id of an agent, or the release that a chatbot publishes."""
    bundle: Bundle
    """The desired content."""
    pointer: Pointer | None
    """The published content."""


def publications(inputs: PlanInputs, matched: Matched, pairs: Iterable[ByOrigin]) -> Iterator[ByOrigin]:
    """Yield a change for each name whose published content is not the desired one, given the changes of objects.

    Names that another change publishes are left out: a document by its own change, the pointer of an agent by the
    change that gives it an id. Changes that only follow from drift are drift.
    """
    pairs = tuple(pairs)
    ours = [pair.ours for pair in pairs if pair.ours]
    drift = [pair.drift for pair in pairs if pair.drift]
    work = [*ours, *(drift if inputs.on_drift == "revert" else [])]
    moved = {change.address for change in work if change.action in CREATES}
    found, done = _covered([*ours, *drift]), _covered(work)
    edited = {change.address for change in ours}
    done["agent"] = moved | {str(address) for address in (*matched.moved, *inputs.adopt)}
    for place in _places(inputs):
        if str(place.address) not in done[place.holds]:
            renewed = sorted(moved.intersection(str(matched.now(target)) for target in place.bundle.refers_to))
            covered = str(place.address) in found[place.holds]
            fields = () if covered else tuple(_differences(inputs, matched, place))
            if fields or renewed:
                yield _publication(inputs, place, fields, renewed, edited)


def _covered(changes: Iterable[Change]) -> dict[str, set[str]]:
    """Return the addresses that changes cover already, by content of a place."""
    covered: dict[str, set[str]] = {"document": set(), "agent": set(), "chatbot": set()}
    for change in changes:
        covered["chatbot" if change.action == "publish" else "document"].add(change.address)
    return covered


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
    drift = ours.isdisjoint(renewed) and all(item.origin == "drift" for item in fields)
    return ByOrigin(None, change) if drift else ByOrigin(change, None)


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
    """Return `drift` if the published content is missing, altered, or differs between outlets, unless a run did not
    finish publishing it. Under a new name, no content is published yet.
    """
    if is_half_published(inputs, place.address, place.pointer):
        return "manifest"
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
    """Return the documents inside the one at `address`."""
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
    """Return the fields of an object without its published release."""
    desired = inputs.desired[address]
    pointers = inputs.resource_types[desired.type].pointers
    return {name: value for name, value in desired.fields.items() if name not in pointers}


def _has_name_of_its_own(inputs: PlanInputs, address: Address) -> bool:
    """Return True if `publish` of the object means the release under its name, and not the object itself."""
    return bool(inputs.resource_types[inputs.desired[address].type].pointers)
