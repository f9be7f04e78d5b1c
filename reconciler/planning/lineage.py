"""Lineages: which live objects of an identity belong to the state of the plan.

Two repositories may use the same identity, and a state may be lost. The label of an object therefore proves the owner
only together with the lineage of the state that wrote it:

- An object in the state is ours if its label has our lineage or none.
- Any other object with our identity on its label is ours if the label has our lineage. Without a lineage, it is ours
  if an unfinished create of ours accounts for it.
- All others belong to another state, or to one that was lost: a plan that finds one is refused. `state rebuild` takes
  them over.

Documents in outlets have no label. Those in the built-in outlet belong to the state beside them, if it exists. Pointers
in other outlets are ours if the state records them, or if their content is ours: see `PlanInputs.foreign_pointers`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.planning.announced import accounts_for
from reconciler.planning.inputs import PlanInputs
from reconciler.resources.address import Address
from reconciler.resources.base import Live


def is_foreign(inputs: PlanInputs, live: Live) -> bool:
    """Return True if the label of an object in the state names another owner."""
    return live.labels is not None and not live.labels.is_of(str(inputs.identity), inputs.lineage)


def is_proven(inputs: PlanInputs, address: Address, live: Live, known: Live | None = None) -> bool:
    """Return True if the label of an object that is not in the state, with our identity and `address`, is ours. `known`
    is the object that the state has at the address.
    """
    if live.labels is None or not live.labels.is_of(str(inputs.identity), inputs.lineage):
        return False
    if live.labels.lineage is None and not inputs.takes_over:
        return accounts_for(inputs, address, known, live)
    return True


def labelled(
    inputs: PlanInputs,
) -> tuple[Mapping[Address, Sequence[Live]], Mapping[Address, Sequence[Live]]]:
    """Return the objects with our identity on their label, by the address on it: ours, and those that are ours only if
    the state has them.
    """
    by_id = {live.id: live for live in inputs.live}
    ours: dict[Address, list[Live]] = defaultdict(list)
    others: dict[Address, list[Live]] = defaultdict(list)
    for live in inputs.live:
        address = inputs.labelled_address(live)  # one that is mislabelled is reported as unmanaged
        if address is not None:
            applied = inputs.applied.get(address)
            known = by_id.get(applied.id) if applied else None
            (ours if is_proven(inputs, address, live, known) else others)[address].append(live)
    return ours, others


def documents(inputs: PlanInputs) -> Iterator[tuple[Address, Live]]:
    """Yield the documents of this identity in the outlets, whose ids are their addresses. Without a state beside them,
    they belong to one that was lost.
    """
    if not inputs.is_new:
        yield from ((Address.parse(live.id), live) for live in inputs.live if live.type in inputs.outlet_types)
