"""What a plan takes away from OpenAI."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from reconciler.planning.build import Planned
from reconciler.planning.model import Action
from reconciler.resources.address import Address

TAKES_AWAY: Final[frozenset[Action]] = frozenset({"delete", "replace", "archive"})
"""After these the id that others may know the object by is gone."""


def leaving(planned: Planned) -> Mapping[str, frozenset[str]]:
    """By type, the ids of live objects that are gone once the plan is carried out."""
    found: dict[str, set[str]] = defaultdict(set)
    for change in planned.plan.work:
        live = planned.matched.live.get(Address.parse(change.address))
        if change.action in TAKES_AWAY and live and change.id and live.type not in planned.world.outlet_types:
            found[live.type].add(change.id)
    return {type_: frozenset(ids) for type_, ids in found.items()}
