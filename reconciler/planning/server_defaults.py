"""What the API has filled in when it made a frozen copy: from then on it belongs to the copy like all the rest."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.resources.base import Applied, Desired
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON


def with_server_defaults(inputs: PlanInputs) -> PlanInputs:
    """`inputs` in which copies are wanted as the API completed them, as far as state knows it."""
    desired = {
        address: _completed(inputs.resource_types[wanted.type], wanted, inputs.applied[address])
        for address, wanted in inputs.desired.items()
        if wanted.whole and address in inputs.applied
    }
    return replace(inputs, desired={**inputs.desired, **desired}) if desired else inputs


def _completed(resource_type: ResourceType, wanted: Desired, applied: Applied) -> Desired:
    known = {name: applied.fields[name] for name in resource_type.resolved if name in applied.fields}
    return replace(
        wanted, fields={**wanted.fields, **{name: _over(value, wanted, name) for name, value in known.items()}}
    )


def _over(known: Mapping[str, JSON], wanted: Desired, name: str) -> JSON:
    return {**known, **(wanted.fields.get(name) or {})}
