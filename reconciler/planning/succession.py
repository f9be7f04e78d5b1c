"""Objects that stay live after another one has replaced them, because something still holds their ids.

The state has such an object under the address of a leftover (`credential/replaced@cred_1`), and its label still names
the address of its successor. Working objects are changed to refer to the successor. Copies of releases never change:
they keep the former id, which counts as the address that they have.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.planning.changes import ByOrigin, source_of
from reconciler.planning.field_diff import leaves
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, RELEASES_OWNERSHIP, Change, FieldChange, decision_of
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Live
from reconciler.resources.values import (
    ADDRESS_KEY,
    JSON,
    get,
    is_reference,
    reference,
    references_in,
    replace_references,
)


def with_successors(inputs: PlanInputs, matched: Matched, pairs: Sequence[ByOrigin]) -> tuple[ByOrigin, ...]:
    """Return the changes, so that working objects refer to the successors of replaced objects."""
    former = dict(_former(inputs, matched, pairs))
    if not former:
        return tuple(pairs)
    found = [_with_origin(matched, pair, former) for pair in pairs]
    busy = {change.address for pair in found for change in (pair.ours, pair.drift) if change and _is_rewritten(change)}
    more = {
        address: fields
        for address, desired in inputs.desired.items()
        if str(address) not in busy and (fields := tuple(_repointed(inputs, matched, desired, former)))
    }
    merged = [_merged(pair, more) for pair in found]
    known = {pair.ours.address for pair in merged if pair.ours}
    added = (
        Change(str(address), "update", fields, id=matched.live[address].id, source=source_of(inputs.desired[address]))
        for address, fields in sorted(more.items())
        if str(address) not in known
    )
    return (*merged, *(ByOrigin(change, None) for change in added))


def _former(inputs: PlanInputs, matched: Matched, pairs: Sequence[ByOrigin]) -> Iterator[tuple[str, str]]:
    """Yield the texts of addresses whose references are to be changed, each with the former live id: replaced objects,
    and those that were replaced before.
    """
    for pair in pairs:
        drift = pair.drift if pair.drift and decision_of(pair.drift, inputs.on_drift) == "revert" else None
        for change in filter(None, (pair.ours, drift)):
            live = matched.live.get(Address.parse(change.address))
            if change.action == "replace" and live is not None and inputs.resource_types[live.type].outlives:
                yield change.address, live.id
    for leftover in matched.succeeded:
        yield str(leftover), matched.live[leftover].id


def _is_rewritten(change: Change) -> bool:
    """Return True if the object is created or removed, so that it is not updated."""
    return change.action in CREATES | RELEASES_OWNERSHIP


def _with_origin(matched: Matched, pair: ByOrigin, former: Mapping[str, str]) -> ByOrigin:
    """Return the changes of an object, with references to a former object as changes of the manifest: the run that
    replaced the object did not finish, or left this object out.
    """
    if pair.drift is None or pair.drift.action != "update":
        return pair
    moved = [item for item in pair.drift.fields if _is_succession(matched, item)]
    if not moved:
        return pair
    rest = tuple(item for item in pair.drift.fields if item not in moved)
    ours = pair.ours or replace(pair.drift, fields=(), reasons=(), decision=None)
    fields = (*ours.fields, *(_of_manifest(item, former) for item in moved))
    return ByOrigin(replace(ours, fields=_sorted(fields)), replace(pair.drift, fields=rest) if rest else None)


def _is_succession(matched: Matched, item: FieldChange) -> bool:
    if not is_reference(item.live) or not is_reference(item.desired):
        return False
    successor = matched.succeeded.get(Address.parse(item.live[ADDRESS_KEY]))
    return successor is not None and successor == matched.now(Address.parse(item.desired[ADDRESS_KEY]))


def _of_manifest(item: FieldChange, former: Mapping[str, str]) -> FieldChange:
    return replace(item, live=_with_ids(item.live, former), origin="manifest")


def _with_ids(value: JSON, former: Mapping[str, str]) -> JSON:
    """Return a value with the former ids in place of references to what is replaced."""
    return replace_references(value, lambda text: former.get(text) or reference(Address.parse(text)))


def _repointed(
    inputs: PlanInputs, matched: Matched, desired: Desired, former: Mapping[str, str]
) -> Iterator[FieldChange]:
    """Yield the references of a working object to objects that the plan replaces."""
    live = matched.live.get(desired.address)
    if live is None or not _is_working(inputs, desired, live):
        return
    for name, wanted in desired.fields.items():
        if (
            name in desired.lifecycle.ignore
            or name not in live.fields
            or former.keys().isdisjoint(references_in(wanted))
        ):
            continue
        for keys, before, after in leaves(_with_ids(live.fields[name], former), live.fields[name]):
            if get(wanted, keys) == after:
                yield FieldChange((name, *keys), before, after, "manifest")


def _is_working(inputs: PlanInputs, desired: Desired, live: Live) -> bool:
    """Return True if an object is updated in place when what it refers to gets another id."""
    is_object = live.type == desired.type and live.type not in inputs.outlet_types
    return is_object and not desired.whole and inputs.in_scope(desired.address)


def _merged(pair: ByOrigin, more: Mapping[Address, tuple[FieldChange, ...]]) -> ByOrigin:
    ours = pair.ours
    fields = more.get(Address.parse(ours.address), ()) if ours and ours.action == "update" else ()
    written = {item.keys for item in ours.fields} if ours else set()
    added = tuple(item for item in fields if not any(item.keys[: len(keys)] == keys for keys in written))
    if not ours or not added:
        return pair
    return ByOrigin(replace(ours, fields=_sorted((*ours.fields, *added))), pair.drift)


def _sorted(fields: Sequence[FieldChange]) -> tuple[FieldChange, ...]:
    return tuple(sorted(fields, key=lambda item: item.keys))
