"""Objects that stay live after their manifest was removed, because it set `keep_on_delete`."""

from collections.abc import Mapping, Sequence

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.resources.address import Address
from reconciler.resources.values import references_in


def given_up(inputs: PlanInputs, matched: Matched) -> dict[Address, tuple[Address, ...]]:
    """Return every object that stops being managed and stays live, each with the files that stay because it needs them.

    Documents are not among them: they stay published and managed.
    """
    return {
        address: _files(inputs, matched, address)
        for address, applied in inputs.applied.items()
        if applied.keep and is_leaving(inputs, matched, address) and applied.type not in inputs.outlet_types
    }


def is_leaving(inputs: PlanInputs, matched: Matched, address: Address) -> bool:
    """Return True if an object is live and its manifest was removed."""
    return address not in inputs.desired and address in matched.live and inputs.in_scope(address)


def stays_published(inputs: PlanInputs, address: Address) -> bool:
    """Return True if a document stays published without a manifest."""
    applied = inputs.applied.get(address)
    return (
        applied is not None and applied.keep and applied.type in inputs.outlet_types and address not in inputs.desired
    )


def keepers(planned_deletions: Mapping[Address, Sequence[Address]]) -> dict[Address, Address]:
    """Return each object that stays, with the object that requires it."""
    files = {file: address for address, found in planned_deletions.items() for file in found}
    return {**files, **{address: address for address in planned_deletions}}


def _files(inputs: PlanInputs, matched: Matched, address: Address) -> tuple[Address, ...]:
    fields = [dict(matched.live[address].fields), dict(inputs.applied[address].fields)]
    found = dict.fromkeys(map(Address.parse, references_in(fields)))
    return tuple(
        file for file in found if is_leaving(inputs, matched, file) and inputs.is_upload(matched.live[file].type)
    )
