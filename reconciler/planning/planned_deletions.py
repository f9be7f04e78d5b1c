"""What a plan takes away from OpenAI."""

from collections import defaultdict
from collections.abc import Mapping

from reconciler.planning.build import Planned
from reconciler.planning.model import INVALIDATES_ID
from reconciler.resources.address import Address


def planned_deletions(planned: Planned) -> Mapping[str, frozenset[str]]:
    """By type, the ids of live objects that are gone once the plan is carried out."""
    found: dict[str, set[str]] = defaultdict(set)
    for change in planned.plan.work:
        live = planned.matched.live.get(Address.parse(change.address))
        if change.action in INVALIDATES_ID and live and change.id and live.type not in planned.inputs.outlet_types:
            found[live.type].add(change.id)
    return {type_: frozenset(ids) for type_, ids in found.items()}
