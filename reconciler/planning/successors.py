"""The choice between an object that was replaced and its successor, which have the label of one address.

Only types whose objects may outlive their replacement have both at once.
"""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.inputs import PlanInputs
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Lifecycle, Live
from reconciler.resources.labels import field_hash
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import reference, references_in, replace_references


def has_succeeded(inputs: PlanInputs, address: Address, known: Live, made: Live) -> bool:
    """Return True if an interrupted run has already created the object that replaces the one in the state: only the new
    one has the values of the manifest that cannot be changed, or something refers to it already.
    """
    desired = inputs.desired.get(address)
    if desired is None or not (desired.type == known.type == made.type):
        return False
    if not inputs.resource_types[desired.type].outlives:
        return False
    is_successor = _is_outdated(inputs, desired, known) and not _is_outdated(inputs, desired, made)
    return is_successor or any(made.id in live.refers_to for live in inputs.live)


def latest(inputs: PlanInputs, address: Address, labelled: Sequence[Live]) -> tuple[Live | None, Sequence[Live]]:
    """Return the one object that is as the manifest says, and those that it has replaced: for `state rebuild`.

    The label of each must prove the values that cannot be changed. That of a clone with other values does not.
    """
    desired = inputs.desired.get(address)
    resource_type = inputs.resource_types[labelled[0].type]
    if not inputs.takes_over or not resource_type.outlives or desired is None:
        return None, ()
    fitting = [live for live in labelled if not _is_outdated(inputs, desired, live)]
    if len(fitting) != 1 or not all(_is_as_labelled(resource_type, live) for live in labelled):
        return None, ()
    return fitting[0], [live for live in labelled if live is not fitting[0]]


def _is_as_labelled(resource_type: ResourceType, live: Live) -> bool:
    """Return True if an object has the fields that its label says; a reference cannot be compared with a live id."""
    hashes = live.labels.spec if live.labels else {}
    said = hashes.keys() & resource_type.immutable & live.fields.keys()
    return bool(said) and all(
        field_hash(live.fields[name]) == hashes[name] for name in said if name != resource_type.parent
    )


def _is_outdated(inputs: PlanInputs, desired: Desired, live: Live) -> bool:
    """Return True if an object has to be replaced to become as desired. A reference to an object that the state does
    not have counts as changed for an object of the state only.
    """
    ids = (
        {str(one): applied.id for one, applied in inputs.applied.items()} if any(references_in(desired.fields)) else {}
    )
    is_applied = inputs.applied[desired.address].id == live.id if desired.address in inputs.applied else False
    unknown = is_applied and any(text not in ids for text in references_in(dict(desired.fields)))
    known = {
        name: replace_references(value, lambda text: ids.get(text) or reference(Address.parse(text)))
        for name, value in desired.fields.items()
        if all(text in ids for text in references_in(value))
    }
    resource_type = inputs.resource_types[desired.type]
    found = compare(resource_type, replace(desired, fields=known, lifecycle=Lifecycle()), LastApplied(), live.fields)
    return unknown or bool(resource_type.replaces((item.keys for item in found), live.detail))
