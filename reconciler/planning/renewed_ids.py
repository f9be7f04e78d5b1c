"""Objects that are written again because an object that they reference by id gets another id.

References are compared by address. A live object keeps the id with which it was written until it is written again:

| the plan creates the referenced object again   | the object that has its id                                      |
|------------------------------------------------|-----------------------------------------------------------------|
| because its manifest or its content was edited | `update`, in the same plan                                      |
| because it is restored: deleted, or expired    | `update` that follows from the drift                            |
| in a plan of targets, or in a run that ended   | `update` by the next plan: `unfinished.is_as_written` shows     |
| before it wrote the object                     | that nobody changed the id                                      |

Documents in the outlets have references in them, and are published again: see `publications`. Parts with content, such
as the files of a vector store, differ by the content.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.planning.changes import ByOrigin, source_of
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, ID_CHANGES, Change, FieldChange, Origin, decision_of
from reconciler.planning.reasons import Reason
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Live
from reconciler.resources.values import (
    ABSENT,
    JSON,
    Keys,
    get,
    is_reference,
    reference,
    references_in,
    replace_references,
    same,
)


def with_renewed(inputs: PlanInputs, matched: Matched, pairs: Sequence[ByOrigin]) -> tuple[ByOrigin, ...]:
    """Return the changes, with an update of each live object that has the id of an object that they create again."""
    reverted = (pair.drift for pair in pairs if pair.drift and decision_of(pair.drift, inputs.on_drift) == "revert")
    edits, drift = (_created_again(matched, found) for found in ((pair.ours for pair in pairs), reverted))
    drift = {address: id_ for address, id_ in drift.items() if address not in edits}
    if not (edits or drift):
        return tuple(pairs)
    made = list(pairs)
    at = {change.address: index for index, pair in enumerate(pairs) for change in (pair.ours, pair.drift) if change}
    for address, live in sorted(matched.live.items()):
        desired = inputs.desired.get(address)
        if desired is None or not inputs.in_scope(address) or not writes_ids(inputs, live.type):
            continue
        index = at.get(str(address))
        known = pairs[index] if index is not None else ByOrigin(None, None)
        ours = _updated(known, desired, live, list(_renewals(matched, desired, live, edits, "manifest")))
        follows = _updated(known, desired, live, list(_renewals(matched, desired, live, drift, "drift")))
        if ours and index is not None:
            made[index] = ByOrigin(ours, known.drift)
        made += [] if ours is None or index is not None else [ByOrigin(ours, None)]
        made += [] if follows is None else [ByOrigin(None, follows)]
    return tuple(made)


def writes_ids(inputs: PlanInputs, type_: str) -> bool:
    """Return True if live objects of this type have the ids of others in their fields: no document and no upload."""
    return not (type_ in inputs.outlet_types or inputs.is_upload(type_) or inputs.members(type_))


def is_renewal(change: Change, item: FieldChange) -> bool:
    """Return True for a value that is written with other ids for the same references."""
    follows = item.origin == "manifest" or any(reason.code == ID_CHANGES for reason in change.reasons)
    return follows and item.applied is not ABSENT and same(item.applied, item.desired)


def _created_again(matched: Matched, changes: Iterable[Change | None]) -> dict[str, str]:
    """Return the present ids of live objects that get another id, by address."""
    made = (Address.parse(change.address) for change in changes if change and change.action in CREATES)
    return {str(address): matched.live[address].id for address in made if address in matched.live}


def _updated(known: ByOrigin, desired: Desired, live: Live, renewals: Sequence[FieldChange]) -> Change | None:
    """Return the update that writes these values, with the edits that it has already; None if the object is created
    again itself, or if other changes of it write the values.

    What follows from drift is a change of its own, because it is decided on apart from the drift of the object.
    """
    there = [change for change in (known.ours, known.drift) if change]
    if any(change.action != "update" and "agreed" not in change.preconditions for change in there):
        return None
    changed = [item.keys for change in there for item in change.fields]
    fields = [item for item in renewals if not any(_overlap(item.keys, keys) for keys in changed)]
    if not fields:
        return None
    names = {name for item in fields for name in set(references_in(item.desired)) - set(references_in(item.live))}
    reasons = [Reason(ID_CHANGES, {"address": name}) for name in sorted(names)]
    if known.ours and known.ours.action == "update" and fields[0].origin == "manifest":
        edit = known.ours
        return replace(edit, fields=(*edit.fields, *fields), reasons=(*edit.reasons, *reasons))
    return Change(
        str(desired.address), "update", tuple(fields), id=live.id, source=source_of(desired), reasons=tuple(reasons)
    )


def _overlap(one: Keys, other: Keys) -> bool:
    return all(a == b for a, b in zip(one, other, strict=False))


def _renewals(
    matched: Matched, desired: Desired, live: Live, former: Mapping[str, str], origin: Origin
) -> Iterator[FieldChange]:
    """Yield the values that reference an object of `former`, the present ids by address: in the live values, the id is
    in place of the reference.
    """
    for name in sorted(desired.fields.keys() - set(desired.lifecycle.ignore)) if former else ():
        for keys, value in _values(desired.fields[name], (name,)):
            if any(str(matched.now(Address.parse(text))) in former for text in references_in(value)):
                found = get(live.fields, keys)
                if found is not ABSENT:
                    found = replace_references(found, lambda text: former.get(text, reference(text)))
                yield FieldChange(keys, found, value, origin, value)


def _values(value: JSON, keys: Keys) -> Iterator[tuple[Keys, JSON]]:
    """Yield the values at the ends of the mappings in `value`, with their keys."""
    if isinstance(value, Mapping) and not is_reference(value):
        for key, item in value.items():
            yield from _values(item, (*keys, key))
    else:
        yield keys, value
