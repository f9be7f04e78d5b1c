"""Fields of documents that `lifecycle.ignore` names. A document is published whole, so they are wanted as they are."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.renames import find_moves
from reconciler.resources.address import Address
from reconciler.resources.base import Desired


def with_ignored(inputs: PlanInputs) -> PlanInputs:
    """Return `inputs` in which ignored fields of documents are wanted as they are published, under any name."""
    found = dict(_with_ignored(inputs))
    return replace(inputs, desired={**inputs.desired, **found}) if found else inputs


def _with_ignored(inputs: PlanInputs) -> Iterator[tuple[Address, Desired]]:
    ignoring = {address: wanted for address, wanted in inputs.desired.items() if wanted.lifecycle.ignore}
    documents = {Address.parse(live.id): live for live in inputs.live if live.type in inputs.outlet_types}
    moved = find_moves(inputs, documents) if ignoring else {}
    for address, wanted in ignoring.items():
        live = documents.get(moved.get(address, address))
        if live is not None and live.type == wanted.type:
            kept = {name: live.fields[name] for name in wanted.lifecycle.ignore if name in live.fields}
            fields = {name: value for name, value in wanted.fields.items() if name not in wanted.lifecycle.ignore}
            yield address, replace(wanted, fields={**fields, **kept})
