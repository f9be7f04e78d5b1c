"""Write requests of a plan, by method. Documents in the outlets need none."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from reconciler.planning.changes import NOT_FIELDS
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, RELEASES_OWNERSHIP, Change, FieldChange
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.registry import upload_kinds
from reconciler.resources.resource_type import Members
from reconciler.resources.values import ABSENT, JSON

Method: TypeAlias = str


def requests(inputs: PlanInputs, matched: Matched, work: Iterable[Change]) -> dict[Method, int]:
    """Count the write requests of a plan without failures; equal bytes under one name are uploaded once."""
    counts: Counter[Method] = Counter()
    by_address: dict[Address, list[Change]] = {}
    for change in work:
        by_address.setdefault(Address.parse(change.address), []).append(change)
    uploads, deleted = set(), set[str | None]()
    for address, changes in by_address.items():
        desired = inputs.desired.get(address)
        if desired and inputs.is_upload(desired.type) and any(change.action in CREATES for change in changes):
            uploads.add((desired.fields["sha256"], desired.upload_name))
        elif desired and desired.type not in inputs.outlet_types:
            counts.update(_writes(inputs, matched, desired, changes))
        for change in changes:
            others = matched.addresses.get(change.id or "", ())
            shared = any(not _lets_go(by_address.get(other, ()), change.id) for other in others)
            stays = change.id in deleted or (shared and address.kind in upload_kinds())
            counts.update(_others(inputs, address, change, stays=stays))
            deleted.update({change.id} if change.ends_id else ())
    counts["POST"] += len(uploads)
    return dict(sorted((+counts).items()))


def _lets_go(changes: Iterable[Change], id_: str | None) -> bool:
    return any(change.id == id_ and (change.ends_id or change.action in RELEASES_OWNERSHIP) for change in changes)


def _writes(inputs: PlanInputs, matched: Matched, desired: Desired, changes: Sequence[Change]) -> Iterator[Method]:
    """Yield the requests that create or change one object, and those of its separately written parts."""
    resource_type = inputs.resource_types[desired.type]
    apart, members = resource_type.apart, resource_type.members
    if any(change.action in CREATES for change in changes):
        yield "POST"
        if members:
            yield from ["POST"] * _batches(members, len(members.of(desired.fields)))
        return
    fields = [item for change in changes if change.action == "update" for item in change.fields]
    # Attributes of an object that are not fields are on its label, if it has one.
    unwritten = apart if resource_type.is_labelled else apart | NOT_FIELDS
    if any(item.keys[0] not in unwritten for item in fields):
        yield "POST"
    if members:
        differing = [item for item in fields if item.keys[0] == members.field]
        yield from _of_entries(members, differing, members.of(desired.fields), matched)


def _of_entries(
    members: Members, fields: Sequence[FieldChange], wanted: Iterable[str], matched: Matched
) -> Iterator[Method]:
    """Yield the requests for entries: attached in batches, detached one by one, changed settings one by one. An upload
    that another path of the store uses stays attached.
    """
    attached, detached, described = set[str](), set[str](), set[str]()
    for path, before, after, rest in _entries(fields):
        if rest == {members.reference}:  # the same upload under another path
            continue
        anew = not rest or bool(members.fixed & rest)
        if after is ABSENT and not rest:
            detached.add(path)
        elif anew:
            attached.add(path)
            detached.update({path} if before is not ABSENT or rest else ())
        else:
            described.add(path)
    yield from ["POST"] * (_batches(members, len(attached)) + len(described - attached))
    held = {_upload(members, matched, path) for path in wanted if path not in attached}
    yield from ["DELETE"] * len({_upload(members, matched, path) for path in detached} - held)


def _upload(members: Members, matched: Matched, path: str) -> str:
    """Return the id of the upload at a path; a literal id is returned unchanged."""
    live = matched.live.get(matched.now(Address(members.kind, path)))
    return live.id if live else path


def _entries(fields: Iterable[FieldChange]) -> Iterator[tuple[str, JSON, JSON, frozenset[str]]]:
    """Yield each entry that differs: its path, its value on both sides, and the changed settings if it exists on
    both.
    """
    for item in fields:
        if len(item.keys) > 1:
            yield item.keys[1], item.live, item.desired, frozenset(item.keys[2:3])
            continue
        before, after = _mapping(item.live), _mapping(item.desired)
        for path in sorted({*before, *after}):
            yield path, before.get(path, ABSENT), after.get(path, ABSENT), frozenset()


def _mapping(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _others(inputs: PlanInputs, address: Address, change: Change, *, stays: bool) -> Iterator[Method]:
    """Yield the requests of removals, and of labels that are removed. An object `stays` if it is a shared upload, or if
    another change deletes it.
    """
    remote = change.id is not None and "/" not in change.id
    if remote and not stays and change.ends_id:
        yield "DELETE"
    applied, desired = inputs.applied.get(address), inputs.desired.get(address)
    if change.action == "adopt" and address in inputs.adopt:
        labelled = desired is not None and inputs.is_labelled(desired.type)
        yield from ["POST"] * int(labelled and all(reason.code != "no-label-room" for reason in change.reasons))
    elif change.action == "adopt" and desired and inputs.is_labelled(desired.type):
        apart = inputs.resource_types[desired.type].apart  # the label has no hashes of these fields
        yield from ["POST"] * int(not change.preconditions.get("agreed", {"": ""}).keys() <= apart)
    elif change.action == "forget" and applied and applied.keep and inputs.is_labelled(applied.type):
        members = inputs.members(applied.type)
        yield from ["POST"] * (1 + len(members.of(applied.fields) if members else ()))


def _batches(members: Members, number: int) -> int:
    return -(-number // members.batch)
