"""Objects that do not exist any longer although they were not edited: expired stores, documents that are missing from
an outlet, and entries of stores whose upload was deleted.
"""

from collections.abc import Iterator
from itertools import chain

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.reasons import Notice, Reason
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import Keys, get


def why_lost(inputs: PlanInputs, matched: Matched, address: Address, applied: Applied) -> Reason:
    """Return the reason why an applied object does not exist."""
    if applied.type in inputs.outlet_types:
        pointer = inputs.pointers.get(address)
        return (pointer.fault if pointer else None) or Reason("document-missing")
    if inputs.is_upload(applied.type):
        stores = [str(store) for store in matched.holders.get(applied.id, ()) if _lists(inputs, matched, store)]
        return Reason("listed-deleted", {"id": applied.id, "stores": stores}) if stores else _deleted(applied)
    days = get(applied.fields, ("expires_after", "days"))
    if isinstance(days, int):
        return Reason("expired-or-deleted", {"id": applied.id, "days": days})
    return _deleted(applied)


def deleted_files(inputs: PlanInputs) -> Iterator[Notice]:
    """Yield the stores whose manifests name uploads by literal ids that do not exist. Apply cannot upload them.

    A project without uploads of its own does not list uploads, and nothing is known about them.
    """
    managed: Iterator[Desired | Applied] = chain(inputs.desired.values(), inputs.applied.values())
    if not any(inputs.is_upload(one.type) for one in managed):
        return
    known = {live.id for live in inputs.live if inputs.is_upload(live.type)}
    holding = ((address, one) for address, one in inputs.desired.items() if inputs.members(one.type))
    for address, desired in sorted(holding):
        members = inputs.members(desired.type)
        if members and not desired.whole and inputs.in_scope(address):
            entries = members.of(desired.fields).items()
            gone = sorted(key for key, entry in entries if not members.target(entry) and key not in known)
            if gone:
                yield Notice("files-deleted", {"files": gone}, str(address))


def _deleted(applied: Applied) -> Reason:
    return Reason("deleted-live", {"id": applied.id})


def _lists(inputs: PlanInputs, matched: Matched, address: Address) -> bool:
    return inputs.members(matched.live[address].type) is not None


def dangling(inputs: PlanInputs, matched: Matched, address: Address, live: Live) -> frozenset[Keys]:
    """Return the files of a store that it lists although their uploads were deleted, as keys of field changes: by id,
    and by the path under which the state has them.
    """
    members = inputs.members(live.type)
    if members is None:
        return frozenset()
    applied = inputs.applied.get(address)
    listed = {*members.of(live.fields), *members.failed(live.detail)}
    known = members.of(applied.fields if applied else None)
    gone: set[str] = set()
    for key, entry in known.items():
        target = members.target(entry)
        upload = inputs.applied.get(target) if target is not None else None
        if upload is not None and target not in matched.live and upload.id in listed:
            gone |= {key, upload.id}
    return frozenset((members.field, key) for key in gone)
