"""More deletes than a change usually means."""

from collections.abc import Iterator
from math import floor
from typing import Final

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.uploads import is_leftover
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT

LEAST_ALLOWED: Final = 3
ALLOWED_SHARE: Final = 0.3


def too_many(case: GuardContext) -> Iterator[Violation]:
    """Deletes and detached files; `safety.max_deletes` says how many are allowed. What releases made is archived, and
    does not count.
    """
    deletes = [(change.address, change.id) for change in case.work if change.action == "delete"]
    detached = _detached(case) - {address for address, _ in deletes}
    meant = [[address, id_] for address, id_ in deletes if not is_leftover(Address.parse(address), id_)]
    number = len(meant) + len(detached)
    live = len({found.id for found in case.matched.live.values()})
    allowed = _allowed(case, live)
    if number > allowed:
        yield Violation(
            address=f"project/{case.inputs.identity.project}",
            action="delete",
            cause=Cause(
                "too-many-deletes", {"number": number, "detached": bool(detached), "allowed": allowed, "live": live}
            ),
            remedies=(Remedy("raise-deletes", {"number": number}),),
            facts={"deletes": sorted(meant), "detached": sorted(detached)},
        )


def _allowed(case: GuardContext, live: int) -> int:
    most = case.inputs.max_deletes
    return max(LEAST_ALLOWED, floor(ALLOWED_SHARE * live)) if most is None else most


def _detached(case: GuardContext) -> set[str]:
    """Members that leave what holds them, such as files of a store, by address."""
    found: set[str] = set()
    for change in case.work:
        live = case.matched.live.get(Address.parse(change.address)) if change.action == "update" else None
        members = case.inputs.members(live.type) if live else None
        if members:
            gone = (item.keys for item in change.fields if item.desired is ABSENT and len(item.keys) == 2)
            found.update(f"{members.kind}/{path}" for name, path in gone if name == members.field)
    return found
