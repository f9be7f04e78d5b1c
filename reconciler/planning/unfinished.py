"""Unfinished work: what a run announced and did not complete, and files that OpenAI has not indexed.

It is work of ours under every `--on-drift`, because no one else changed anything. A run announces every write that it
may leave half done:

- a create, whose object may exist without its parts;
- a write of parts, such as the files of a vector store: the marker names those that it changes;
- an upload of a version, which is not the current one yet: the marker has the hashes of its fields;
- a write of fields that no label on the object proves, because it has none or they are written apart, and of fields
  that cannot be read: the marker has the hashes or the digests that are written;
- a publication, which may have reached only the first outlet: the marker has the digest of the bundle. It has an
  address of its own unless the completion of the object covers it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from reconciler.planning.field_diff import LastApplied, owned
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import Change, FieldChange
from reconciler.planning.published import Pointer
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.labels import field_hash
from reconciler.resources.markers import BUNDLE, FIELDS, PARTS, WRITE_ONLY
from reconciler.resources.resource_type import Members
from reconciler.resources.values import ABSENT, JSON, Fields, Keys, replace_references, same

_PUBLICATION: Final = "publication"


def publication(address: Address) -> Address:
    """Return the address of the announcement of a publication under the name of an object."""
    return Address(_PUBLICATION, str(address))


def parts_marker(inputs: PlanInputs, desired: Desired, changes: Iterable[Change]) -> dict[str, JSON]:
    """Return the entry of a marker for the parts that a write changes; empty if it changes none."""
    members = inputs.members(desired.type)
    keys = (item.keys for change in changes for item in change.fields)
    parts = sorted({key[1] for key in keys if members and key[0] == members.field and len(key) > 1})
    return {PARTS: parts} if parts else {}


def fields_marker(inputs: PlanInputs, desired: Desired, changes: Iterable[Change]) -> dict[str, JSON]:
    """Return the entries of a marker for the fields of an object that a write changes, as far as nothing else proves
    later that this identity wrote them; empty if there are none.
    """
    resource_type, members = inputs.resource_types[desired.type], inputs.members(desired.type)
    changed = {item.keys[0] for change in changes for item in change.fields}
    unproven = changed if inputs.needs_state(desired.type) else changed & resource_type.apart
    if not resource_type.versioned.isdisjoint(changed):
        unproven = unproven | resource_type.versioned | resource_type.derived
    names = sorted(unproven & desired.fields.keys() - ({members.field} if members else set()))
    hashes = {name: field_hash(desired.fields[name]) for name in names}
    hidden = not (resource_type.write_only - resource_type.creation_only).isdisjoint(changed)
    return {**({FIELDS: hashes} if hashes else {}), **({WRITE_ONLY: dict(desired.write_only)} if hidden else {})}


def half_written(inputs: PlanInputs, address: Address) -> list[Mapping[str, str]]:
    """Return the digests of write-only fields that updates of an object may have written, one mapping for each."""
    announced = inputs.announced.get(address, ())
    return [item.marker[WRITE_ONLY] for item in announced if not item.creates and WRITE_ONLY in item.marker]


def bundle_marker(inputs: PlanInputs, published: Address) -> dict[str, JSON]:
    """Return the entry of a marker for the bundle of an object; empty if it has none."""
    bundle = inputs.bundles.get(published)
    return {BUNDLE: bundle.digest} if bundle else {}


def is_half_published(inputs: PlanInputs, address: Address, pointer: Pointer | None) -> bool:
    """Return True if an unfinished publication explains why the built-in outlet lacks the bundle of an object."""
    return pointer is None and bool(_bundles(inputs, address))


def with_copies_of_ours(inputs: PlanInputs) -> PlanInputs:
    """Return `inputs` with copies in further outlets that an unfinished publication wrote as outdated, not as tampered
    or foreign: the state does not record them, and their content proves the writer.
    """
    if not inputs.announced:
        return inputs
    pointers, published = (_with_copies_of_ours(inputs, found) for found in (inputs.pointers, inputs.published))
    foreign = {address: _not_announced(inputs, address, found) for address, found in inputs.foreign_pointers.items()}
    left = {address: found for address, found in foreign.items() if found}
    return replace(inputs, pointers=pointers, published=published, foreign_pointers=left)


def _not_announced(inputs: PlanInputs, address: Address, found: Mapping[str, str]) -> Mapping[str, str]:
    announced = _bundles(inputs, address)
    return {outlet: blob for outlet, blob in found.items() if blob not in announced}


def _with_copies_of_ours(inputs: PlanInputs, pointers: Mapping[Address, Pointer]) -> Mapping[Address, Pointer]:
    settled = dict(pointers)
    for address, pointer in pointers.items():
        announced = _bundles(inputs, address) if pointer.copies else ()
        copies = tuple(
            replace(copy, state="outdated") if copy.state == "tampered" and copy.blob in announced else copy
            for copy in pointer.copies
        )
        if copies != pointer.copies:
            settled[address] = replace(pointer, copies=copies)
    return settled


def last_applied(
    inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied | None, live: Live
) -> LastApplied:
    """Return the last application of an object: from the state, its label, and the announcements of unfinished runs.

    If its type has no labels and the state does not have it, an interrupted run created it, and it is as that run
    applied it.
    """
    fields = applied.fields if applied else None
    if applied is None and inputs.needs_state(live.type):
        fields = live.fields
    elif applied is None and _is_new(inputs, desired.address):
        fields = {}
    managed = {*desired.fields, *(fields or ())}
    proven = {name: value for name, value in _published(inputs, desired, live).items() if name in managed}
    return LastApplied(
        {**(fields or {}), **proven} if proven else fields,
        _hashes(inputs, desired, applied, live),
        applied.unproven if applied else (),
        frozenset(_dropped_as_written(inputs, matched, desired, applied, live)) if applied else frozenset(),
        frozenset(_unfinished(inputs, matched, desired, applied, live)),
    )


def _hashes(inputs: PlanInputs, desired: Desired, applied: Applied | None, live: Live) -> Mapping[str, str]:
    """Return the hashes on the label, of the values that are compared. The label has those of the values that were
    written, in which an id of a managed object may be literal.
    """
    hashes = dict(live.labels.spec) if live.labels else {}
    for written, compared in (
        (inputs.applied.get(desired.address), applied),
        (inputs.desired.get(desired.address), desired),
    ):
        before, after = (one.fields if one else {} for one in (written, compared))
        for name in hashes.keys() & before.keys() & after.keys():
            if before[name] is not after[name] and hashes[name] == field_hash(before[name]):
                hashes[name] = field_hash(after[name])
    return hashes


def is_as_written(matched: Matched, applied: Applied | None, item: FieldChange) -> bool:
    """Return True if a live value has the ids with which it was last applied. The addresses have others now, because a
    run made them again and did not write this object, or because it was not in the scope of the plan.
    """
    if applied is None or item.applied is ABSENT or item.live is ABSENT:
        return False
    return _has_ids_of(matched, applied, item.applied, item.live)


def _dropped_as_written(
    inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied, live: Live
) -> Iterator[str]:
    """Yield the fields of `LastApplied.as_written`."""
    resource_type = inputs.resource_types[live.type]
    for name in applied.fields.keys() & live.fields.keys() - desired.fields.keys():
        then = applied.fields[name]
        if _has_ids_of(matched, applied, then, owned(resource_type, name, {}, then, live.fields[name])):
            yield name


def _has_ids_of(matched: Matched, applied: Applied, then: JSON, now: JSON) -> bool:
    """Return True if a live value has the ids with which a value was applied."""
    if not applied.holds:
        return False

    def present(name: str) -> str:
        live = matched.live.get(Address.parse(name))
        return live.id if live else name

    written = replace_references(then, lambda name: applied.holds.get(name) or present(name))
    return same(written, replace_references(now, present))


def still_to_write(inputs: PlanInputs, desired: Desired, applied: Applied | None) -> Desired:
    """Return the desired object without the fields in `lifecycle.ignore` that its unfinished create has to write."""
    apart = inputs.resource_types[desired.type].apart.intersection(desired.lifecycle.ignore)
    if not apart or applied is not None or not _is_new(inputs, desired.address):
        return desired
    ignored = tuple(name for name in desired.lifecycle.ignore if name not in apart)
    return replace(desired, lifecycle=desired.lifecycle.model_copy(update={"ignore": ignored}))


def failed_leftovers(members: Members | None, matched: Matched, desired: Desired, live: Live) -> Iterator[FieldChange]:
    """Yield the removal of members that an earlier run attached, that failed, and that are not desired."""
    if members is None or members.field in desired.lifecycle.ignore:
        return
    wanted = members.of(desired.fields)
    for id_ in sorted(members.failed(live.detail)):
        if matched.member(members, wanted, id_) is None:
            paths = (address.name for address in matched.addresses.get(id_, ()) if address.kind == members.kind)
            name = next((path for path in paths if path not in wanted), id_)
            yield FieldChange((members.field, name), {members.reference: id_}, ABSENT, "manifest")


def not_indexed_yet(members: Members | None, matched: Matched, desired: Desired, live: Live) -> list[str]:
    """Return the desired members that OpenAI is still indexing, by path or id."""
    if members is None or members.field in desired.lifecycle.ignore:
        return []
    wanted = members.of(desired.fields)
    names = (matched.member(members, wanted, id_) for id_ in members.pending(live.detail))
    return sorted(name for name in names if name is not None)


def _unfinished(
    inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied | None, live: Live
) -> Iterator[Keys]:
    """Yield the fields and members that are ours to write, however they differ."""
    if applied is None and _is_new(inputs, desired.address):
        yield from ((name,) for name in inputs.resource_types[desired.type].apart)
    yield from _written(inputs, desired, live)
    members = inputs.members(desired.type)
    if members is None:
        return
    wanted = members.of(desired.fields)
    failed = (matched.member(members, wanted, id_) for id_ in members.failed(live.detail))
    yield from ((members.field, name) for name in failed if name is not None)
    for item in inputs.announced.get(desired.address, ()):
        yield from ((members.field, name) for name in item.marker.get(PARTS, ()))


def _written(inputs: PlanInputs, desired: Desired, live: Live) -> Iterator[Keys]:
    """Yield the fields that are as an unfinished run wrote them, such as those of a version that it uploaded."""
    for item in inputs.announced.get(desired.address, ()):
        hashes: Mapping[str, JSON] = {} if item.creates else item.marker.get(FIELDS, {})
        yield from ((name,) for name, hashed in hashes.items() if hashed == field_hash(live.fields.get(name)))


def _is_new(inputs: PlanInputs, address: Address) -> bool:
    """Return True if an unfinished create accounts for the object."""
    return any(item.creates for item in inputs.announced.get(address, ()))


def _published(inputs: PlanInputs, desired: Desired, live: Live) -> Fields:
    """Return the fields of a document that an unfinished publication wrote, as proven by the digest of the bundle."""
    if live.type not in inputs.outlet_types:
        return {}
    announced = _bundles(inputs, desired.address)
    pointers = inputs.resource_types[live.type].pointers
    draft, release = inputs.pointers.get(desired.address), inputs.published.get(desired.address)
    drafted, released = (found is not None and found.blob in announced for found in (draft, release))
    return {name: value for name, value in live.fields.items() if (released if name in pointers else drafted)}


def _bundles(inputs: PlanInputs, address: Address) -> set[JSON]:
    """Return the digests of the bundles that unfinished runs announced under the name of an object."""
    found = [item for key in (address, publication(address)) for item in inputs.announced.get(key, ())]
    return {item.marker[BUNDLE] for item in found if BUNDLE in item.marker}
