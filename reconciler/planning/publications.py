"""Bundles to publish because an object in them changed.

A bundle follows from the objects in it. If such an object is a changed document, its own change publishes it.
Otherwise, when only its parts or their ids change, or when an outlet does not have the expected content, a change of
its own is added: an `update` for the draft of a chatbot, a `publish` for anything else. The bundle under a chatbot's
own name is that of a release, and changes by a `publish` of the chatbot.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from reconciler.planning.changes import ByOrigin, source_of
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, Change, FieldChange, Origin, decision_of
from reconciler.planning.published import OUTLETS, Bundle, Copy, CopyState, Pointer
from reconciler.planning.reasons import Reason, ReasonCode
from reconciler.planning.release_retention import published_releases
from reconciler.planning.unfinished import is_half_published
from reconciler.resources.address import ENVIRONMENT, OUTLET, PROJECT, Address, Identity
from reconciler.resources.values import ABSENT, JSON, references_in

OTHER_IDS: Final = "with other ids"
"""The live value of a copy that has the content of the built-in outlet, and other live ids."""
WRITABLE: Final = frozenset[CopyState]({"unwritten", "outdated"})
"""States of copies that apply writes as part of the changes of the project."""
_COPY_REASONS: Final[Mapping[CopyState, ReasonCode]] = {
    "unwritten": "outlet-unwritten",
    "outdated": "outlet-outdated",
    "missing": "copy-missing",
    "tampered": "copy-differs",
}


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
    work = [*ours, *(change for change in drift if decision_of(change, inputs.on_drift) == "revert")]
    moved = {change.address for change in work if change.action in CREATES}
    found, done = _covered([*ours, *drift]), _covered(work)
    edited = {change.address for change in ours}
    done["agent"] = moved | {str(address) for address in (*matched.moved, *inputs.adopt)}
    for place in _places(inputs):
        if matched.is_disputed(place.address):
            continue
        if str(place.address) in done[place.holds]:
            renewed, fields = list[str](), [item for item in _copies(place) if item.origin == "drift"]
        else:
            targets = place.bundle.refers_to if moved else ()
            renewed = sorted(moved.intersection(str(matched.now(target)) for target in targets))
            covered = str(place.address) in found[place.holds]
            fields = [] if covered else [*_differences(inputs, matched, place), *_copies(place)]
        if fields or renewed:
            yield from _publications(inputs, place, fields, renewed, edited)
    for outlet, names in inputs.removed_outlets.items():
        if inputs.in_scope(Address(OUTLET, outlet)):
            yield _forgotten(Address(OUTLET, outlet), Reason("outlet-removed", {"names": sorted(map(str, names))}))
    for identity in inputs.removed_identities:
        address = address_of(inputs, identity)
        if inputs.in_scope(address):
            yield _forgotten(address, Reason("identity-removed", {"identity": str(identity)}))


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


def _publications(
    inputs: PlanInputs, place: _Place, fields: Sequence[FieldChange], renewed: Sequence[str], edited: set[str]
) -> Iterator[ByOrigin]:
    """Yield the changes of one place: one for what is not written yet, and one for each class of drift, which are
    decided on separately.
    """
    ours = [item for item in fields if item.origin != "drift"]
    lost = [item for item in fields if item.origin == "drift" and _is_lost(place, item)]
    altered = [item for item in fields if item.origin == "drift" and not _is_lost(place, item)]
    by_edit = not edited.isdisjoint(renewed)
    if ours or by_edit:
        yield ByOrigin(_publish(inputs, place, ours, renewed, edited), None)
        renewed = ()
    for group in (lost, altered):
        if group:
            yield ByOrigin(None, _publish(inputs, place, group, renewed, edited))
            renewed = ()
    if renewed:
        yield ByOrigin(None, _publish(inputs, place, (), renewed, edited))


def _is_lost(place: _Place, item: FieldChange) -> bool:
    """Return True if a document was deleted, and not altered."""
    if item.keys[0] == OUTLETS:
        return _copy(place, item).state == "missing"
    return place.pointer is None or (place.pointer.fault is not None and place.pointer.fault.code == "blob-missing")


def _copy(place: _Place, item: FieldChange) -> Copy:
    copies = place.pointer.copies if place.pointer else ()
    return next(copy for copy in copies if copy.outlet == item.keys[1])


def _copies(place: _Place) -> Iterator[FieldChange]:
    """Yield the copies in other outlets that differ from the built-in outlet."""
    for copy in place.pointer.copies if place.pointer else ():
        origin: Origin = "manifest" if copy.state in WRITABLE else "drift"
        content = OTHER_IDS if place.pointer and copy.blob == place.pointer.blob else copy.blob or ABSENT
        yield FieldChange((OUTLETS, copy.outlet), content, place.bundle.digest, origin)


def _forgotten(address: Address, reason: Reason) -> ByOrigin:
    """Return the change that stops writing to an outlet, or managing an environment, that was removed."""
    return ByOrigin(Change(str(address), "forget", reasons=(reason,)), None)


def address_of(inputs: PlanInputs, identity: Identity) -> Address:
    """Return the address of the change of an identity that was removed."""
    if identity.project == inputs.identity.project and identity.environment:
        return Address(ENVIRONMENT, identity.environment)
    return Address(PROJECT, str(identity))


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
    inputs: PlanInputs, place: _Place, found: Sequence[FieldChange], renewed: Sequence[str], ours: set[str]
) -> Change:
    fields = tuple(found)
    reasons = [Reason("id-changes", {"address": target}) for target in renewed]
    own = [item for item in fields if item.keys[0] != OUTLETS]
    if own and place.pointer and place.pointer.fault:
        reasons.append(place.pointer.fault)
    elif own and place.pointer is None and own[0].origin == "drift":
        reasons.append(Reason("document-missing"))
    elif own and not renewed:
        changed = sorted(_inside(inputs, place.address) & ours)
        reasons.append(Reason("bundle-changes", {"addresses": changed}) if place.pointer else Reason("not-published"))
    reasons += _copy_reasons(place, fields)
    source = source_of(inputs.desired[place.address])
    if place.holds == "document" and _has_name_of_its_own(inputs, place.address):
        id_ = str(place.address) if place.pointer else None
        return Change(str(place.address), "update", fields, id=id_, source=source, reasons=tuple(reasons))
    return Change(str(place.address), "publish", fields, source=source, reasons=tuple(reasons))


def _copy_reasons(place: _Place, fields: Iterable[FieldChange]) -> Iterator[Reason]:
    copies = [_copy(place, item) for item in fields if item.keys[0] == OUTLETS]
    for state, code in _COPY_REASONS.items():
        outlets = [copy.outlet for copy in copies if copy.state == state]
        if outlets:
            yield Reason(code, {"outlets": outlets})


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
