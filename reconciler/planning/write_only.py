"""Write-only values, which the API never returns: they are compared by the digests in the state and the journal."""

from collections.abc import Collection, Iterable, Mapping

from reconciler.planning.announced import announced_write_only
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import FieldChange
from reconciler.planning.unfinished import half_written
from reconciler.resources.base import Applied, Desired
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ABSENT, JSON, Absent, Fields, Keys, put


def sent(resource_type: ResourceType, desired: Desired) -> Fields:
    """Return the values that a create sends; of confidential ones, the digests."""
    if not resource_type.is_confidential:
        return {**desired.fields, **desired.unreadable}
    shown: Fields = desired.fields
    for name, value in desired.write_only.items():
        shown = put(shown, _keys(name), value)
    return shown


def _keys(name: str) -> Keys:
    """Return the path of a write-only value; see `Desired.write_only`."""
    return tuple(name.split(".", 1))


def changed_write_only(
    inputs: PlanInputs, desired: Desired, applied: Applied | None, differing: Collection[str]
) -> list[FieldChange]:
    """Return the changed write-only fields, by comparison with the digests in the state, or in the journal if the state
    does not have the object, and with those that an unfinished update may have written. A field that left the manifest
    is absent; if it was in an item of a list that is not `differing`, the live list does not have the item either.
    """
    if desired.whole:
        return []
    wanted, resource_type = desired.write_only, inputs.resource_types[desired.type]
    then = applied.write_only if applied else announced_write_only(inputs, desired.address)
    known = [then, *half_written(inputs, desired.address)]
    names = {name for said in known for name in {*wanted, *said} if said.get(name) != wanted.get(name)}
    return [
        FieldChange(_keys(name), _other(name, known, wanted), wanted.get(name, ABSENT), "manifest")
        for name in sorted(names - resource_type.creation_only)
        if resource_type.written_with(name) not in desired.lifecycle.ignore
        if name in wanted
        or _keys(name)[0] not in resource_type.inside_items
        or resource_type.written_with(name) in differing
    ]


def _other(name: str, known: Iterable[Mapping[str, str]], wanted: Mapping[str, str]) -> JSON | Absent:
    """Return the digest that a write-only field may have instead of the wanted one."""
    return next(said.get(name, ABSENT) for said in known if said.get(name) != wanted.get(name))
