"""The fields of an object before and after a change."""

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, DESTROYS, Change, FieldChange
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ABSENT, JSON, Fields, Keys


class BeforeAfter(NamedTuple):
    """Top-level fields; empty if the object does not exist. References use the present addresses in both."""

    before: Fields
    after: Fields


def before_after(inputs: PlanInputs, matched: Matched, change: Change) -> BeforeAfter:
    """Return all fields for a create or a delete, and the changed fields for an update."""
    address = Address.parse(change.address)
    live, (desired, _) = matched.live.get(address), matched.sides(inputs, address)
    found: Fields = live.fields if live is not None and live.id == change.id else {}
    if change.action in DESTROYS:
        return BeforeAfter(found, {})
    if change.action in CREATES and desired is not None:
        return BeforeAfter(_renamed(inputs, matched, live, found) if change.action == "replace" else {}, desired.fields)
    names = dict.fromkeys(item.keys[0] for item in change.fields)
    before = {name: found[name] for name in names if name in found}
    after = _edited(inputs, matched, live, before, change)
    return BeforeAfter(_renamed(inputs, matched, live, before), _renamed(inputs, matched, live, after))


def _renamed(inputs: PlanInputs, matched: Matched, live: Live | None, fields: Fields) -> Fields:
    """Return the fields with present names. Files of a store have them already, because they are found by id."""
    resource_type = inputs.resource_types[live.type] if live else None
    if resource_type is None or resource_type.members or not matched.former:
        return fields
    return resource_type.rename(fields, matched.now)


def _edited(inputs: PlanInputs, matched: Matched, live: Live | None, before: Fields, change: Change) -> Fields:
    """`before` with what is written: a literal id in that is the object that it names."""
    after = edited(before, change.fields)
    return matched.by_address(inputs.resource_types[live.type], after) if live else after


def resource_type_of(inputs: PlanInputs, matched: Matched, change: Change) -> ResourceType | None:
    """Return the type of the object after the change, or else before it; None if it is unknown."""
    address = Address.parse(change.address)
    known = inputs.desired.get(address) or matched.live.get(address)
    return inputs.resource_types.get(known.type) if known is not None else None


def edited(fields: Fields, changes: Iterable[FieldChange]) -> Fields:
    """Return `fields` with these changes; each mapping on a path is copied once."""
    result: dict[str, JSON] = dict(fields)
    copies: dict[Keys, dict[str, JSON]] = {(): result}
    for item in changes:
        inside = _copy_of(copies, item.keys[:-1])
        if item.desired is ABSENT:
            inside.pop(item.keys[-1], None)
        else:
            inside[item.keys[-1]] = item.desired
    return result


def _copy_of(copies: dict[Keys, dict[str, JSON]], keys: Keys) -> dict[str, JSON]:
    if keys not in copies:
        around = _copy_of(copies, keys[:-1])
        copies[keys] = around[keys[-1]] = dict(around.get(keys[-1]) or {})
    return copies[keys]
