"""Write requests of a plan, by method. Documents in the outlets need none.

Counted are the POST and DELETE requests of an apply without failures: all of them, and no others. Reads are not
counted: their number depends on how long OpenAI indexes files.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.planning.changes import ADDRESS, LABELS, NOT_FIELDS, PROTECT
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, RELEASES_OWNERSHIP, Change, FieldChange
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.metadata import has_room
from reconciler.resources.registry import upload_kinds
from reconciler.resources.resource_type import CONTENT, Members, ResourceType
from reconciler.resources.values import ABSENT, JSON, Keys, same

Method: TypeAlias = str
PartId: TypeAlias = str | tuple[JSON, str]
"""The id of a part, or the content and the name of an upload that the plan makes."""
Made: TypeAlias = Mapping[Address, tuple[JSON, str]]
"""The uploads that the plan makes, by address."""


def requests(inputs: PlanInputs, matched: Matched, work: Iterable[Change]) -> dict[Method, int]:
    """Count the write requests of a plan without failures; equal bytes under one name are uploaded once."""
    counts: Counter[Method] = Counter()
    by_address: dict[Address, list[Change]] = {}
    for change in work:
        by_address.setdefault(Address.parse(change.address), []).append(change)
    made = dict(_made(inputs, by_address))
    listed = {live.id: live for live in inputs.live}
    deleted = set[str | None]()
    for address, changes in by_address.items():
        desired = inputs.desired.get(address)
        live = listed.get(matched.live[address].id) if address in matched.live else None
        if desired and not inputs.is_upload(desired.type) and desired.type not in inputs.outlet_types:
            counts.update(_writes(inputs, matched, desired, changes, live, made))
        for change in changes:
            others = matched.addresses.get(change.id or "", ())
            shared = any(not _lets_go(by_address.get(other, ()), change.id) for other in others)
            stays = change.id in deleted or (shared and address.kind in upload_kinds())
            counts.update(_others(inputs, address, change, live, stays=stays))
            deleted.update({change.id} if change.ends_id else ())
    counts["POST"] += len(set(made.values()))
    return dict(sorted((+counts).items()))


def _made(
    inputs: PlanInputs, changes: Mapping[Address, Sequence[Change]]
) -> Iterator[tuple[Address, tuple[JSON, str]]]:
    """Yield the uploads of the plan with their content and name."""
    for address, group in changes.items():
        desired = inputs.desired.get(address)
        if desired and inputs.is_upload(desired.type) and any(change.action in CREATES for change in group):
            yield address, (desired.fields["sha256"], desired.upload_name)


def _lets_go(changes: Iterable[Change], id_: str | None) -> bool:
    return any(change.id == id_ and (change.ends_id or change.action in RELEASES_OWNERSHIP) for change in changes)


def _writes(
    inputs: PlanInputs, matched: Matched, desired: Desired, changes: Sequence[Change], live: Live | None, made: Made
) -> Iterator[Method]:
    """Yield the requests that create or change one object, and those of its separately written parts."""
    resource_type = inputs.resource_types[desired.type]
    apart, members = resource_type.apart, resource_type.members
    separate = apart - ({members.field} if members else set())
    if any(change.action in CREATES for change in changes):
        yield "POST"
        yield from ["POST"] * sum(
            not same(desired.fields[name], resource_type.defaults.get(name))
            for name in separate & desired.fields.keys()
        )
        if members:
            parts = _Parts(members, matched, None, made)
            ids = {parts.id_of(path) for path in members.of(desired.fields)}
            yield from ["POST"] * _batches(members, len(ids))
        return
    fields = [item for change in changes if change.action == "update" for item in change.fields]
    if _is_uploaded(resource_type, desired, inputs.applied.get(desired.address), fields):
        yield "POST"
    # Attributes of an object that are not fields are on its label, if it has one.
    has_label = live is not None and (live.labels is not None or has_room(live.fields.get("metadata")))
    on_label = {PROTECT, ADDRESS, LABELS} if resource_type.is_labelled and has_label else set[Keys]()
    if any(item.keys in on_label or item.keys[0] not in apart | NOT_FIELDS for item in fields):
        yield "POST"
    yield from ["POST"] * len(separate & {item.keys[0] for item in fields})
    if members:
        differing = [item for item in fields if item.keys[0] == members.field]
        yield from _Parts(members, matched, live, made).requests(differing, members.of(desired.fields))


def _is_uploaded(
    resource_type: ResourceType, desired: Desired, applied: Applied | None, fields: Iterable[FieldChange]
) -> bool:
    """Return True if an update uploads a version, besides making it the current one: unless the applied version has the
    desired fields, and is made current again.
    """
    names = {item.keys[0] for item in fields} & resource_type.versioned
    then = applied.fields if applied and applied.revision else {}
    return any(not same(then.get(name), desired.fields.get(name)) for name in names)


@dataclass(frozen=True)
class _Parts:
    """The parts of one object: attached in batches, detached one by one, changed settings one by one."""

    members: Members
    matched: Matched
    live: Live | None
    """The object as listed, with its parts by id; None if it does not exist yet."""
    made: Made

    def requests(self, fields: Iterable[FieldChange], wanted: Iterable[str]) -> Iterator[Method]:
        """Yield the requests for the differing parts. One that another path of the object uses stays attached."""
        attached, detached, described = set[PartId](), set[PartId](), set[PartId]()
        stay = {self.id_of(path) for path in wanted}
        for path, before, after, rest in _entries(fields):
            id_, held = self.id_of(path), self._id_now(path)
            if after is ABSENT and not rest:
                detached.update({held} - stay)
            elif rest == {self.members.reference}:  # the same upload under another path
                continue
            elif self._is_attached_again(id_, rest):
                attached.add(id_)
                detached.update({id_} & {*self._held, *self._failed})
                detached.update({held} - stay if before is not ABSENT or held in self._failed else ())
            else:
                described.add(id_)
        yield from ["POST"] * (_batches(self.members, len(attached)) + len(described - attached))
        yield from ["DELETE"] * len(detached)

    def id_of(self, path: str) -> PartId:
        """Return the id of the part after the plan: its content and name if it is uploaded by the plan."""
        address = self.matched.now(Address(self.members.kind, path))
        return self.made.get(address) or self._id_now(path)

    def _id_now(self, path: str) -> str:
        """Return the id of the part before the plan; a literal id is returned unchanged."""
        live = self.matched.live.get(self.matched.now(Address(self.members.kind, path)))
        return live.id if live else path

    def _is_attached_again(self, id_: PartId, rest: frozenset[str]) -> bool:
        """Return True if the part is not attached, failed, or has settings that cannot be changed."""
        is_held = id_ in self._held and id_ not in self._failed
        return not is_held or bool(self.members.fixed & rest - {CONTENT})

    @property
    def _held(self) -> Collection[PartId]:
        return self.members.of(self.live.fields) if self.live else ()

    @property
    def _failed(self) -> Collection[PartId]:
        return self.members.failed(self.live.detail) if self.live else ()


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


def _others(
    inputs: PlanInputs, address: Address, change: Change, live: Live | None, *, stays: bool
) -> Iterator[Method]:
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
    elif change.action == "forget" and live and applied and applied.keep and inputs.is_labelled(applied.type):
        members = inputs.members(applied.type)
        marked = {*members.of(live.fields), *members.failed(live.detail)} if members else set()
        foreign = members.unmanaged(live.detail) if members else {}
        yield from ["POST"] * (1 + len(marked - foreign.keys()))


def _batches(members: Members, number: int) -> int:
    return -(-number // members.batch)
