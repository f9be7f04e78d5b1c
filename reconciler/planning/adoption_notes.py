"""Notes on unmanaged objects that can be adopted: differences from their manifests, and uploads like their files."""

from collections.abc import Iterator

from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.reasons import Notice, Reason
from reconciler.resources.address import Address
from reconciler.resources.metadata import has_room


def adoption_reasons(inputs: PlanInputs, matched: Matched, address: Address) -> tuple[Reason, ...]:
    """Return what to know before an object is adopted."""
    desired, live = inputs.desired[address], matched.live[address]
    found = compare(inputs.resource_types[live.type], desired, LastApplied(), live.fields)
    differing = sorted({item.keys[0] for item in found})
    reasons = [Reason("unmanaged", {"type": live.type, "id": live.id, "name": live.name})]
    reasons += [Reason("manifest-differs", {"fields": differing})] if differing else []
    no_room = inputs.is_labelled(live.type) and not has_room(live.fields.get("metadata"))
    reasons += [Reason("no-label-room")] if no_room else []
    return tuple(reasons)


def adoption_notices(inputs: PlanInputs, matched: Matched, address: Address) -> Iterator[Notice]:
    """Yield the warnings about an object that is adopted."""
    if inputs.resource_types[matched.live[address].type].is_known_from_state_only:
        yield Notice("owner-unknown", address=str(address))
    yield from _uploads_alike(inputs, matched, address)


def _uploads_alike(inputs: PlanInputs, matched: Matched, address: Address) -> Iterator[Notice]:
    """Yield the unmanaged uploads with the name and size of a file in a store's manifest; their content cannot be
    compared.
    """
    members = inputs.members(matched.live[address].type)
    if members is None:
        return
    held, wanted = members.of(matched.live[address].fields), members.of(inputs.desired[address].fields)
    uploads = {
        (live.name, live.detail.get("bytes")): live.id for live in matched.unmanaged if inputs.is_upload(live.type)
    }
    for path in sorted(wanted.keys() - held.keys()):
        target = members.target(wanted[path])
        file = inputs.desired.get(target) if target else None
        found = uploads.get((file.upload_name, file.bytes)) if file else None
        if found:
            yield Notice("upload-alike", {"upload": found, "path": path}, str(address))
