"""Rules for limits: the number of deletes, and the daily costs of vector stores."""

from collections.abc import Iterator
from math import ceil, floor
from typing import Final

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.uploads import is_leftover
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT

LEAST_ALLOWED: Final = 3
ALLOWED_SHARE: Final = 0.3


def too_many(context: GuardContext) -> Iterator[Violation]:
    """Refuse more deletes and detached files than `safety.max_deletes` allows. Archived objects of releases do not
    count.
    """
    deletes = [(change.address, change.id) for change in context.work if change.action == "delete"]
    detached = _detached(context) - {address for address, _ in deletes}
    meant = [[address, id_] for address, id_ in deletes if not is_leftover(Address.parse(address), id_)]
    number = len(meant) + len(detached)
    live = len({found.id for found in context.matched.live.values()})
    allowed = _allowed(context, live)
    if number > allowed:
        yield Violation(
            address=f"project/{context.inputs.identity.project}",
            action="delete",
            cause=Cause(
                "too-many-deletes", {"number": number, "detached": bool(detached), "allowed": allowed, "live": live}
            ),
            remedies=(Remedy("raise-deletes", {"number": number}),),
            facts={"deletes": sorted(meant), "detached": sorted(detached)},
        )


def _allowed(context: GuardContext, live: int) -> int:
    most = context.inputs.max_deletes
    return max(LEAST_ALLOWED, floor(ALLOWED_SHARE * live)) if most is None else most


def _detached(context: GuardContext) -> set[str]:
    """Return the addresses of members that are detached, such as files of a store. A file that gets another upload, one
    that exists already, is not detached.
    """
    found: set[str] = set()
    for change in context.work:
        live = context.matched.live.get(Address.parse(change.address)) if change.action == "update" else None
        members = context.inputs.members(live.type) if live else None
        if members:
            fields = [item for item in change.fields if item.keys[0] == members.field and len(item.keys) > 1]
            gone = [
                Address(members.kind, item.keys[1]) for item in fields if item.desired is ABSENT and len(item.keys) == 2
            ]
            coming = [Address(members.kind, item.keys[1]) for item in fields if item.desired is not ABSENT]
            former = {context.inputs.applied[one].id for one in coming if one in context.inputs.applied}
            found.update(str(one) for one in gone if _id(context, one) not in former)
    return found


def _id(context: GuardContext, address: Address) -> str | None:
    live = context.matched.live.get(address)
    return live.id if live else None


def too_much(context: GuardContext) -> Iterator[Violation]:
    """Refuse daily costs above `safety.max_daily_cost`, unless the plan reduces them."""
    most, costs = context.inputs.max_daily_cost, context.costs
    before, after = costs.per_day
    if most is None or after <= max(most, before):
        return
    yield Violation(
        address=f"project/{context.inputs.identity.project}",
        action="update",
        cause=Cause("daily-cost", {"dollars": after, "before": before, "allowed": most}),
        remedies=(Remedy("raise-daily-cost", {"dollars": ceil(after)}),),
        facts={"allowed": most, "dollars": ceil(after), "growth": [list(pair) for pair in costs.growth]},
    )
