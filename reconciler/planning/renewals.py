"""Updates of live objects that hold the id of an object which the plan replaces: the new object has another id.

References are compared by address, so that such an object does not differ from its manifest. It keeps the id with which
it was written (`Applied.holds`) until it is written again:

| the other object is replaced                 | the object that has its id                                     |
|----------------------------------------------|----------------------------------------------------------------|
| because its manifest or content was edited   | `update` in the same plan                                      |
| because it expired                           | `update` in the same plan, which follows from the drift        |
| because it was deleted outside Reconciler    | the same, if the plan creates the object again                 |
| by a plan of targets, or by a run that ended | `update` by the next plan: `unfinished.is_as_written` is True, |
| before it wrote the object                   | so that the difference is not drift                            |

An id that the manifest names literally stays. So does the id in a copy of a release, which never changes, if the
replaced object may outlive its replacement: the state keeps it as long as something has its id. Parts, such as the
files of a vector store, are left out: their settings have the digest of the content. Documents in the outlets are
published again: see `publications`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.planning.changes import ByOrigin, source_of
from reconciler.planning.field_diff import leaves
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, Change, FieldChange, Origin, decision_of
from reconciler.planning.reasons import Reason
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import ABSENT, JSON, Keys, reference, references_in, replace_references, same


def with_renewals(inputs: PlanInputs, matched: Matched, pairs: Sequence[ByOrigin]) -> tuple[ByOrigin, ...]:
    """Return the changes, with an update of each object that has to get a new id. What only follows from drift is
    drift.
    """
    ours = [pair.ours for pair in pairs if pair.ours]
    drift = [pair.drift for pair in pairs if pair.drift and decision_of(pair.drift, inputs.on_drift) == "revert"]
    replaced = _replaced(inputs, matched, [*ours, *drift])
    if not replaced:
        return tuple(pairs)
    written = {(change.address, item.keys) for change in (*ours, *drift) for item in change.fields}
    made = {change.address for change in (*ours, *drift) if change.action in CREATES}
    by_edit = {change.address for change in ours}
    found = {
        str(address): renewal
        for address, live in sorted(matched.live.items())
        if not replaced.keys().isdisjoint(live.refers_to) and str(address) not in made
        if (renewal := _renewal(inputs, matched, address, live, replaced, written, by_edit))
    }
    merged = [_merged(pair, found) for pair in pairs]
    rest = (ByOrigin(None, one) if _is_drift(one) else ByOrigin(one, None) for one in found.values())
    return (*merged, *rest)


def writes_ids(inputs: PlanInputs, type_: str) -> bool:
    """Return True if live objects of this type have the ids of others in their fields: no document and no upload."""
    return not (type_ in inputs.outlet_types or inputs.is_upload(type_) or inputs.members(type_))


def is_renewal(change: Change, item: FieldChange) -> bool:
    """Return True for a value that is written with other ids for the same references."""
    follows = item.origin == "manifest" or change.is_consequence
    return follows and item.applied is not ABSENT and same(item.applied, item.desired)


def _replaced(inputs: PlanInputs, matched: Matched, work: Sequence[Change]) -> Mapping[str, Address]:
    """Return the addresses of the objects that another one replaces, by their present id, or by their last one."""
    made = {Address.parse(change.address) for change in work if change.action in CREATES}
    former: Iterator[tuple[Address, Live | Applied | None]]
    former = ((address, matched.live.get(address) or inputs.applied.get(address)) for address in made)
    return {one.id: address for address, one in former if one and one.type not in inputs.outlet_types}


def _renewal(
    inputs: PlanInputs,
    matched: Matched,
    address: Address,
    live: Live,
    replaced: Mapping[str, Address],
    written: set[tuple[str, Keys]],
    by_edit: set[str],
) -> Change | None:
    desired = inputs.desired.get(address)
    if desired is None or desired.type != live.type or live.type in inputs.outlet_types or not inputs.in_scope(address):
        return None
    held = {
        str(one): id_
        for id_, one in replaced.items()
        if id_ in live.refers_to and not _keeps(inputs, matched, desired, one)
    }
    origin: Origin = "manifest" if not by_edit.isdisjoint(held) else "drift"
    found = (
        item for name in _names(inputs, desired, live) for item in _fields(matched, desired, live, name, held, origin)
    )
    fields = tuple(item for item in found if not _is_written(item.keys, str(address), written))
    if not fields:
        return None
    named = sorted({text for item in fields for text in references_in(item.desired)} & held.keys())
    reason = Reason("ids-renewed", {"addresses": named, "fields": [item.path for item in fields]})
    return Change(str(address), "update", fields, id=live.id, source=source_of(desired), reasons=(reason,))


def _is_written(keys: Keys, address: str, written: set[tuple[str, Keys]]) -> bool:
    return any((address, keys[:size]) in written for size in range(1, len(keys) + 1))


def _keeps(inputs: PlanInputs, matched: Matched, desired: Desired, replaced: Address) -> bool:
    """Return True for a copy that never changes and an object that stays live as long as the copy has its id."""
    former = matched.live.get(replaced)
    return desired.whole and former is not None and inputs.resource_types[former.type].outlives


def _names(inputs: PlanInputs, desired: Desired, live: Live) -> list[str]:
    """Return the fields of the manifest that one request writes, and that are not ignored."""
    apart = inputs.resource_types[live.type].apart
    return sorted((desired.fields.keys() & live.fields.keys()) - apart - {*desired.lifecycle.ignore})


def _fields(
    matched: Matched, desired: Desired, live: Live, name: str, held: Mapping[str, str], origin: Origin
) -> Iterator[FieldChange]:
    """Yield the values with an id of `held`, by address, that the manifest does not name literally."""
    value = live.fields[name]
    if held.keys().isdisjoint(references_in(value)):
        return
    named = {str(matched.now(Address.parse(text))) for text in references_in(desired.fields[name])}
    literal = {text: id_ for text, id_ in held.items() if text not in named}

    def with_ids(ids: Mapping[str, str]) -> JSON:
        return replace_references(value, lambda text: ids.get(text) or reference(text))

    for keys, before, after in leaves(with_ids(held), with_ids(literal)):
        yield FieldChange((name, *keys), before, after, origin, after)


def _merged(pair: ByOrigin, found: dict[str, Change]) -> ByOrigin:
    """Add the renewal of an object to the update that its manifest asks for; takes it out of `found`.

    It takes the place of a change that only records what is live, because an update records that, too.
    """
    ours = pair.ours
    merges = ours is not None and (ours.action == "update" or ours.only_records)
    if ours is None or not merges or ours.address not in found or _is_drift(found[ours.address]):
        return pair
    more = found.pop(ours.address)
    if ours.only_records:
        return replace(pair, ours=more)
    fields = tuple(sorted((*ours.fields, *more.fields), key=lambda item: item.keys))
    reasons = (*ours.reasons, *more.reasons)
    return replace(pair, ours=replace(ours, fields=fields, reasons=reasons))


def _is_drift(change: Change) -> bool:
    return all(item.origin == "drift" for item in change.fields)
