"""Unfinished creates: the marker that is announced before an object is created, and the search for the object."""

from collections.abc import Mapping

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.uploads import CLOCK_LAG, created
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Live
from reconciler.resources.labels import field_hash
from reconciler.resources.values import JSON, references_in


def marker_of(inputs: PlanInputs, desired: Desired) -> dict[str, JSON]:
    """Return the marker by which an object that is about to be created can be found: the identity on its label, the
    name and content of an upload, or the hashes of its fields where only state has it.

    Fields with references have no hash: their targets may not exist yet.
    """
    if inputs.is_upload(desired.type):
        return {"filename": desired.upload_name, "bytes": desired.bytes, "sha256": desired.fields["sha256"]}
    marker: dict[str, JSON] = {"identity": str(inputs.identity)}
    if desired.write_only:
        marker["write_only"] = dict(desired.write_only)
    if inputs.needs_state(desired.type):
        plain = {name: value for name, value in desired.fields.items() if not any(references_in(value))}
        marker["fields"] = {name: field_hash(value) for name, value in sorted(plain.items())}
    return marker


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
    taken = {applied.id for applied in inputs.applied.values()} | {live.id for live in paired.values()}
    found: dict[Address, Live] = {}
    for item in sorted(pending, key=lambda item: (item.since, item.address)):
        hashes: Mapping[str, str] = item.marker.get("fields") or {}
        fitting = [
            live
            for live in inputs.live
            if live.type == item.type
            and live.id not in taken
            and created(live) >= item.since - CLOCK_LAG
            and _fits(live, hashes)
        ]
        if fitting and item.address not in found:
            found[item.address] = min(fitting, key=lambda live: (created(live), live.id))
            taken.add(found[item.address].id)
    return found


def _fits(live: Live, hashes: Mapping[str, str]) -> bool:
    readable = hashes.keys() & live.fields.keys()
    return bool(readable) and all(field_hash(live.fields[name]) == hashes[name] for name in readable)
