"""Changes from pairs of desired and live objects: create, update, replace, remove and forget."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.planning.adoption_notes import adoption_reasons
from reconciler.planning.field_diff import LastApplied, agreed, compare, leaves
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.keep_on_delete import given_up, keepers, stays_published
from reconciler.planning.losses import dangling, why_lost
from reconciler.planning.match import Matched, applied_protection
from reconciler.planning.model import OWNER, Action, Change, FieldChange, Origin, Source
from reconciler.planning.reasons import Reason
from reconciler.planning.release_retention import why_leaving
from reconciler.planning.unfinished import (
    failed_leftovers,
    is_as_written,
    last_applied,
    not_indexed_yet,
    still_to_write,
)
from reconciler.planning.uploads import is_leftover
from reconciler.planning.versions import moved_default, of_one_version, unrecorded, with_version
from reconciler.planning.write_only import changed_write_only, sent
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.labels import field_hash
from reconciler.resources.metadata import has_room
from reconciler.resources.resource_type import Members
from reconciler.resources.values import ABSENT, Keys, get, reference, same

LABELS = ("labels",)
PROTECT = ("lifecycle", "protect")
KEEP = ("lifecycle", "keep_on_delete")
ADDRESS = ("address",)
NOT_FIELDS = frozenset({LABELS[0], PROTECT[0], ADDRESS[0]})
"""First keys of attributes of an object that are not fields."""
DRIFT_ORIGINS = frozenset({"drift", "both", "unknown"})
"""Origins that count as drift. `unknown` is one of them, so that `--on-drift keep` keeps the live value."""


@dataclass(frozen=True)
class ByOrigin:
    """The difference of one object, separated into edits of the manifest and drift."""

    ours: Change | None
    drift: Change | None


def changes(
    inputs: PlanInputs, matched: Matched, archived: Mapping[Address, Reason] | None = None
) -> Iterator[ByOrigin]:
    """Yield one entry for every address in scope that differs. `archived` has the reasons to archive releases that
    still have a manifest.
    """
    if inputs.adopt:
        adopted = sorted(inputs.adopt.keys() & matched.live.keys() & inputs.desired.keys())
        yield from (ByOrigin(_adoption(inputs, matched, address), None) for address in adopted)
        return
    staying = keepers(given_up(inputs, matched))
    as_they_are = inputs.unchanged - matched.duplicates.keys()
    for address in sorted({*inputs.desired, *inputs.applied, *matched.live} - as_they_are):
        if inputs.in_scope(address):
            for pair in _of_address(inputs, matched, address, staying, archived or {}):
                yield from pointing(inputs, pair)


def _of_address(
    inputs: PlanInputs,
    matched: Matched,
    address: Address,
    staying: Mapping[Address, Address],
    archived: Mapping[Address, Reason],
) -> Iterator[ByOrigin]:
    desired, applied, live = inputs.desired.get(address), inputs.applied.get(address), matched.live.get(address)
    for duplicate in matched.duplicates.get(address, ()):
        yield ByOrigin(_removal(address, duplicate, Reason("duplicate")), None)
    if matched.is_disputed(address) or address in inputs.idle or address in inputs.unchanged:
        return
    if desired is None:
        if live is not None and stays_published(inputs, address):
            return
        if live is not None:
            keeper, reason = staying.get(address), why_leaving(inputs, address, live, archived)
            yield ByOrigin(_leaving(inputs, matched, address, live, keeper, reason), None)
        elif applied is not None:
            yield ByOrigin(Change(str(address), "forget", id=applied.id, reasons=(Reason("not-live"),)), None)
    elif live is None:
        yield _creation(inputs, matched, desired, applied)
    else:
        found = list(_difference(inputs, matched, desired, live))
        if not found and inputs.is_upload(live.type) and (applied is None or applied.id != live.id):
            found = [ByOrigin(_known(desired, live), None)]
        yield from found


def pointing(inputs: PlanInputs, pair: ByOrigin) -> Iterator[ByOrigin]:
    """Yield the pair, with the change of the published release last and separate."""
    ours, drift = (_split(inputs, change) for change in (pair.ours, pair.drift))
    if ours.pointer or drift.pointer:
        yield ByOrigin(ours.pointer, drift.pointer)
    if ours.rest or drift.rest:
        yield ByOrigin(ours.rest, drift.rest)


class _Halves(NamedTuple):
    rest: Change | None
    pointer: Change | None


def _split(inputs: PlanInputs, change: Change | None) -> _Halves:
    desired = inputs.desired.get(Address.parse(change.address)) if change else None
    pointers = inputs.resource_types[desired.type].pointers if desired else frozenset()
    moved = tuple(item for item in change.fields if item.keys[0] in pointers) if change else ()
    if change is None or not moved:
        return _Halves(change, None)
    rest = tuple(item for item in change.fields if item not in moved)
    pointer = (
        None
        if all(item.desired is None and item.live is ABSENT for item in moved)
        else Change(change.address, "publish", moved, source=change.source, reasons=_gone(inputs, moved, change))
    )
    nothing_else = change.action == "update" and not rest
    return _Halves(None if nothing_else else replace(change, fields=rest), pointer)


def _gone(inputs: PlanInputs, moved: Iterable[FieldChange], change: Change) -> tuple[Reason, ...]:
    """Return the reason for drift of the published release if its document does not exist or cannot be read."""
    lost = all(item.origin == "drift" and item.live in (None, ABSENT) for item in moved)
    pointer = inputs.published.get(Address.parse(change.address))
    if not lost or (pointer and not pointer.fault):
        return ()
    return (pointer.fault if pointer and pointer.fault else Reason("document-missing"),)


def _creation(inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied | None) -> ByOrigin:
    """Return the creation of an object that is new or does not exist any longer."""
    origin: Origin = "manifest" if applied is None else "drift"
    values = sent(inputs.resource_types[desired.type], desired)
    fields = tuple(FieldChange((name,), ABSENT, value, origin) for name, value in sorted(values.items()))
    action: Action = "release" if desired.address.kind == RELEASE else "create"
    change = Change(str(desired.address), action, fields, source=source_of(desired))
    if applied is None:
        return ByOrigin(change, None)
    return ByOrigin(None, replace(change, reasons=(why_lost(inputs, matched, desired.address, applied),)))


def _leaving(
    inputs: PlanInputs, matched: Matched, address: Address, live: Live, keeper: Address | None, reason: Reason
) -> Change:
    """Return the removal of an object without a manifest, or a `forget` if it stays or other addresses share the
    upload.
    """
    if keeper is not None:
        stays = Reason("keep-on-delete") if keeper == address else Reason("held-by", {"keeper": str(keeper)})
        return Change(str(address), "forget", id=live.id, reasons=(stays,))
    sharing = _sharing(inputs, matched, address, live)
    if sharing:
        shared = Reason("upload-shared", {"address": str(sharing)})
        return Change(str(address), "forget", id=live.id, reasons=(shared,))
    return _removal(address, live, reason)


def _sharing(inputs: PlanInputs, matched: Matched, address: Address, live: Live) -> Address | None:
    """Return another address of the object: one that keeps it, or the last of those that release it together."""
    others = [other for other in matched.addresses.get(live.id, ()) if other != address]
    return next((other for other in others if other > address or _keeps(inputs, matched, other, live)), None)


def _keeps(inputs: PlanInputs, matched: Matched, address: Address, live: Live) -> bool:
    stays = address in inputs.desired or not inputs.in_scope(address)
    return stays and address in matched.live and matched.live[address].id == live.id


def _known(desired: Desired, live: Live) -> Change:
    """Return the change that records an upload in the state: it has no label, so nothing else proves its owner."""
    reasons = (Reason("equal-upload"),)
    return Change(str(desired.address), "adopt", id=live.id, source=source_of(desired), reasons=reasons)


def _adoption(inputs: PlanInputs, matched: Matched, address: Address) -> Change:
    return Change(
        str(address),
        "adopt",
        id=matched.live[address].id,
        preconditions={OWNER: None},
        source=source_of(inputs.desired[address]),
        reasons=adoption_reasons(inputs, matched, address),
    )


def _removal(address: Address, live: Live, reason: Reason) -> Change:
    action: Action = "archive" if address.is_frozen and not is_leftover(address, live.id) else "delete"
    return Change(str(address), action, id=live.id, reasons=(reason,), name=live.name)


def _difference(inputs: PlanInputs, matched: Matched, asked_for: Desired, live: Live) -> Iterator[ByOrigin]:
    wanted, applied = matched.sides(inputs, asked_for.address)
    desired, former = wanted or asked_for, matched.moved.get(asked_for.address)
    if live.type != desired.type:
        reason = Reason("type-changes", {"live": live.type, "desired": desired.type})
        yield ByOrigin(_replacement(desired, live, reason), None)
        return
    if live.detail.get("status") == "expired":
        yield ByOrigin(None, _replacement(desired, live, Reason("expired"), origin="drift"))
        return
    last = last_applied(inputs, matched, desired, applied, live)
    desired = still_to_write(inputs, desired, applied)
    listed = dangling(inputs, matched, asked_for.address, live)
    found = [
        *_fields(inputs, matched, desired, applied, live, last),
        *_moved_parts(inputs, matched, desired, applied),
        *_ownership(inputs, desired, applied, live, former),
    ] or list(_reworded(inputs, desired, applied))
    waiting = not_indexed_yet(inputs.members(live.type), matched, desired, live)
    if not found and not waiting:
        yield from _accepted(inputs, desired, applied, live, last)
        return
    ours = tuple(item for item in found if item.origin not in DRIFT_ORIGINS)
    drift = tuple(item for item in found if item.origin in DRIFT_ORIGINS)
    lost = tuple(item for item in drift if item.keys[:2] in listed)
    change = _change(inputs, desired, live, ours, waiting)
    if change and former and not inputs.is_upload(desired.type):
        change = replace(change, reasons=(*change.reasons, Reason("moved", {"former": str(former)})))
    drifted = _change(inputs, desired, live, tuple(item for item in drift if item not in lost))
    yield ByOrigin(change, with_version(inputs, applied, live, drifted))
    if lost:
        named = sorted({item.keys[1] for item in lost if item.desired is not ABSENT})
        repair = _change(inputs, desired, live, lost)
        yield ByOrigin(None, replace(repair, reasons=(Reason("file-deleted", {"files": named}),)) if repair else None)


def _reworded(inputs: PlanInputs, wanted: Desired, applied: Applied | None) -> Iterator[FieldChange]:
    """Values that mean what was applied and are written otherwise: a name instead of an id. That is published too."""
    desired, then = inputs.desired[wanted.address], inputs.applied.get(wanted.address)
    if then is None or applied is None or desired.type not in inputs.outlet_types:
        return
    for name in sorted(then.fields.keys() & desired.fields.keys() - set(desired.lifecycle.ignore)):
        old, new = then.fields[name], desired.fields[name]
        if same(applied.fields[name], wanted.fields[name]) and not same(old, new):
            for keys, before, after in leaves(old, new):
                yield FieldChange((name, *keys), before, after, "manifest")


def _accepted(
    inputs: PlanInputs, desired: Desired, applied: Applied | None, live: Live, last: LastApplied
) -> Iterator[ByOrigin]:
    """Yield the change that records values that are live already: without it, the next edit would look like a conflict.

    Not for copies: where their label differs, it was written before the API added its defaults.
    """
    in_version = unrecorded(inputs.resource_types[live.type], desired, applied, live)
    names = sorted({*(() if desired.whole else agreed(desired, last)), *in_version})
    if names and not inputs.is_upload(desired.type):
        taken = {name: field_hash(desired.fields[name]) for name in names}
        change = Change(
            str(desired.address),
            "adopt",
            id=live.id,
            preconditions={"agreed": taken},
            source=source_of(desired),
            reasons=(Reason("already-live", {"fields": list(names)}), *moved_default(applied, live)),
        )
        yield ByOrigin(change, None)


def _fields(
    inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied | None, live: Live, last: LastApplied
) -> list[FieldChange]:
    resource_type = inputs.resource_types[desired.type]
    found = [
        replace(item, origin="manifest") if is_as_written(matched, applied, item) else item
        for item in compare(resource_type, desired, last, live.fields)
    ]
    found += changed_write_only(inputs, desired, applied, {item.keys[0] for item in found})
    found += failed_leftovers(resource_type.members, matched, desired, live)
    found = of_one_version(resource_type, found)
    return found + _pruned(resource_type.members, desired, applied, live, {item.keys for item in found})


def _moved_parts(
    inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied | None
) -> Iterator[FieldChange]:
    """Yield the files of a store that have another path: no request is sent, but the state is updated."""
    members = inputs.members(desired.type)
    if members is None or applied is None:
        return
    then = members.of(applied.fields)
    for key, entry in sorted(members.of(desired.fields).items()):
        target = members.target(entry) if key in then else None
        former = matched.moved.get(target) if target else None
        if former is not None:
            yield FieldChange((members.field, key, members.reference), reference(former), reference(target), "manifest")


def not_named(members: Members | None, desired: Desired, applied: Applied | None, live: Live) -> set[str]:
    """Return the members that were attached outside Reconciler, such as files of a store, and that the manifest does
    not name.
    """
    if members is None:
        return set()
    ours = {*members.of(desired.fields), *members.of(applied.fields if applied else None)}
    return {*members.unmarked(live.fields), *members.unmanaged(live.detail)} - ours


def _pruned(
    members: Members | None, desired: Desired, applied: Applied | None, live: Live, reported: Collection[Keys]
) -> list[FieldChange]:
    """Return the members that were attached outside Reconciler to an object whose manifest prunes."""
    if members is None or not desired.prunes or members.field in desired.lifecycle.ignore:
        return []
    attached = [(members.field, id_) for id_ in sorted(not_named(members, desired, applied, live))]
    return [FieldChange(keys, get(live.fields, keys), ABSENT, "drift") for keys in attached if keys not in reported]


def _ownership(
    inputs: PlanInputs, desired: Desired, applied: Applied | None, live: Live, former: Address | None
) -> Iterator[FieldChange]:
    """Yield a new address, missing labels, and changes of `protect` and `keep_on_delete`."""
    labelled = live.labels.address if live.labels else str(desired.address)
    if former is not None or labelled != str(desired.address):
        yield FieldChange(ADDRESS, str(former or labelled), str(desired.address), "manifest")
    if inputs.is_labelled(desired.type) and live.labels is None and has_room(live.fields.get("metadata")):
        yield FieldChange(LABELS, ABSENT, str(inputs.identity), "drift")
    protected = applied_protection(applied, live)
    if protected != desired.lifecycle.protect:
        yield FieldChange(PROTECT, protected, desired.lifecycle.protect, "manifest")
    keep = applied is not None and applied.keep
    if keep != desired.lifecycle.keep_on_delete:
        yield FieldChange(KEEP, keep, desired.lifecycle.keep_on_delete, "manifest")


def _change(
    inputs: PlanInputs, desired: Desired, live: Live, fields: tuple[FieldChange, ...], waiting: Sequence[str] = ()
) -> Change | None:
    if not fields and not waiting:
        return None
    immutable = inputs.resource_types[desired.type].replaces((item.keys for item in fields), live.detail)
    action: Action = "replace" if immutable else "update"
    change = Change(str(desired.address), action, fields, id=live.id, source=source_of(desired))
    if not immutable:
        return replace(change, reasons=(Reason("still-indexing", {"files": list(waiting)}),)) if waiting else change
    return replace(change, reasons=(_why_replaced(inputs, desired, immutable),), name=live.name)


def _why_replaced(inputs: PlanInputs, desired: Desired, immutable: list[str]) -> Reason:
    return Reason("content-changed") if inputs.is_upload(desired.type) else Reason("immutable", {"fields": immutable})


def _replacement(desired: Desired, live: Live, reason: Reason, origin: Origin = "manifest") -> Change:
    fields = tuple(FieldChange((name,), ABSENT, value, origin) for name, value in sorted(desired.fields.items()))
    source = source_of(desired)
    return Change(str(desired.address), "replace", fields, id=live.id, source=source, reasons=(reason,), name=live.name)


def source_of(desired: Desired) -> Source | None:
    return Source(desired.place.file, desired.place.line) if desired.place else None
