"""Unfinished creates: the marker that is announced before an object is created, and the search for the object.

A label can be copied, so it does not prove who created an object. An intent does: `accounts_for` is the only proof for
a second object with the label of an address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.planning.inputs import Pending, PlanInputs
from reconciler.planning.uploads import CLOCK_LAG, created
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Live
from reconciler.resources.labels import field_hash
from reconciler.resources.markers import FIELDS, FILENAME, SIZE, WRITE_ONLY
from reconciler.resources.resource_type import CONTENT, ResourceType
from reconciler.resources.values import JSON, Fields, digest, references_in

SPREAD: Final = 1800.0
"""Seconds within which all objects of one interrupted create are made: three requests of at most ten minutes each."""


def marker_of(inputs: PlanInputs, desired: Desired) -> dict[str, JSON]:
    """Return the marker by which an object that is about to be created can be found: the identity on its label and the
    hashes of its fields, or the name and content of an upload.

    Fields with references have no hash: their targets may not exist yet.
    """
    if inputs.is_upload(desired.type):
        return {FILENAME: desired.upload_name, SIZE: desired.bytes, CONTENT: desired.fields[CONTENT]}
    marker: dict[str, JSON] = {"identity": str(inputs.identity)}
    if desired.write_only:
        marker[WRITE_ONLY] = dict(desired.write_only)
    if inputs.needs_state(desired.type):
        marker[FIELDS] = _hashes(desired.fields)
    elif inputs.is_labelled(desired.type):
        resource_type = inputs.resource_types[desired.type]
        marker[FIELDS] = _returned(resource_type, resource_type.complete(resource_type, desired.fields))
    return marker


def api_view(type_: str, marker: Mapping[str, JSON]) -> str:
    """Return what the API shows of an object without labels that is about to be created, given its marker. Objects for
    which it is equal are created one at a time.
    """
    return digest([type_, *(marker.get(name) for name in (FILENAME, SIZE, FIELDS))])


def announced_write_only(inputs: PlanInputs, address: Address) -> Mapping[str, str]:
    """Return the digests of the write-only fields of an object that the state does not have: those that its creates
    that are not resolved send, if all agree.
    """
    said = [item.marker.get(WRITE_ONLY, {}) for item in inputs.intents.get(address, ())]
    first = said[0] if said else {}
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in said)}


def _hashes(fields: Fields) -> dict[str, JSON]:
    plain = {name: value for name, value in fields.items() if not any(references_in(value))}
    return {name: field_hash(value) for name, value in sorted(plain.items())}


def _returned(resource_type: ResourceType, fields: Fields) -> dict[str, JSON]:
    """Return the hashes of fields as the API returns them after the create, by key where the API adds keys."""
    once = {name: value for name, value in fields.items() if name not in resource_type.apart}
    whole = {name: value for name, value in once.items() if name not in resource_type.resolved}
    partly = {name: _hashes(once[name]) for name in once.keys() - whole.keys() if isinstance(once[name], Mapping)}
    return {**_hashes(whole), **partly}


def accounts_for(inputs: PlanInputs, address: Address, known: Live | None, live: Live) -> bool:
    """Return True if a create of this identity that is not resolved made `live`, which has the label of `address`.

    The object has the type and all fields that the intent would have sent, and was created since. `known` is the object
    that the state has at the address. If a create that was sent later made it, only older objects are accounted for: a
    younger one may be a clone of it.
    """
    made = any(_made(inputs, item, live) for item in inputs.intents.get(address, ()))
    if made or known is None or created(live) >= created(known):
        return made
    return any(_made(inputs, item, live) for item in inputs.superseded if item.address == address)


def together(made: Sequence[Live]) -> Sequence[Live]:
    """Return the objects, sorted by creation, that one interrupted create can have made: the first, and those of the
    requests that were repeated. An intent in a restored state may be years old, and a clone of its object younger.
    """
    return [live for live in made if created(live) <= created(made[0]) + SPREAD]


def is_as_sent(inputs: PlanInputs, desired: Desired, live: Live) -> bool:
    """Return True if an object has all fields that its create sends; False for a clone that was edited."""
    sent = _returned(inputs.resource_types[live.type], desired.fields)
    return not inputs.is_labelled(live.type) or _fits(_as_asked(inputs, desired, live), sent)


def _as_asked(inputs: PlanInputs, desired: Desired | None, live: Live) -> Live:
    """Return an object without the values that the server chose for what the manifest leaves open."""
    resource_type = inputs.resource_types.get(live.type)
    if desired is None or resource_type is None or resource_type.own_localise is None:
        return live
    return replace(live, fields=resource_type.localise(live.fields, lambda _id: (), desired.fields))


def _made(inputs: PlanInputs, item: Pending, live: Live) -> bool:
    sent = item.marker.get(FIELDS)  # intents of version 893cbbb have none for an object with labels
    since = created(live) >= item.since - CLOCK_LAG
    if live.labels and not live.labels.is_of(str(inputs.identity), inputs.lineage):
        return False
    if live.type != item.type or not since:
        return False
    as_asked = _as_asked(inputs, inputs.desired.get(item.address), live)
    return _fits(as_asked, sent or {}) and _holds_only_ours(inputs, item, live)


def _holds_only_ours(inputs: PlanInputs, item: Pending, live: Live) -> bool:
    """Return True if Reconciler attached all members, such as the files of a store."""
    members, desired = inputs.members(live.type), inputs.desired.get(item.address)
    if members is None:
        return True
    named = members.of(desired.fields).keys() if desired else set[str]()
    return not (members.unmarked(live.fields) | members.unmanaged(live.detail).keys()) - named


def find_announced(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Live]:
    """Return the live objects of unfinished creates that are missing in state, by the announced address.

    An object matches an announcement if it was created after it, no address has the object, and every announced field
    that can be read has the announced hash. Of several the oldest is used.
    """
    pending = [
        item
        for item in inputs.pending
        if item.address not in paired and inputs.needs_state(item.type) and not inputs.is_upload(item.type)
    ]
    if not pending:
        return {}
    taken = {applied.id for applied in inputs.applied.values()} | {live.id for live in paired.values()}
    found: dict[Address, Live] = {}
    for item in sorted(pending, key=lambda item: (item.since, item.address)):
        hashes: Mapping[str, JSON] = item.marker.get(FIELDS) or {}
        fitting = [
            live
            for live in inputs.live
            if live.type == item.type
            and live.id not in taken
            and created(live) >= item.since - CLOCK_LAG
            and hashes.keys() & live.fields.keys()
            and _fits(live, hashes)
        ]
        if fitting and item.address not in found:
            found[item.address] = min(fitting, key=lambda live: (created(live), live.id))
            taken.add(found[item.address].id)
    return found


def _fits(live: Live, hashes: Mapping[str, JSON]) -> bool:
    """Return True if the object has all announced values that can be read."""
    return all(_has(live.fields[name], hashes[name]) for name in hashes.keys() & live.fields.keys())


def _has(value: JSON, expected: JSON) -> bool:
    """Return True if a value has the expected hash, or the expected hash at each key."""
    if isinstance(expected, Mapping):
        return isinstance(value, Mapping) and all(field_hash(value.get(key)) == expected[key] for key in expected)
    return field_hash(value) == str(expected)
