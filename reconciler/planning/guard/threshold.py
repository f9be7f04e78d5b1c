"""More deletes than a change usually means."""

from collections.abc import Iterable, Iterator
from math import floor
from typing import Final

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.model import Change
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
    detached = _detached(case.work) - {address for address, _ in deletes}
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


def _detached(work: Iterable[Change]) -> set[str]:
    """Files that leave a store, by address."""
    fields = (item for change in work if change.action == "update" for item in change.fields)
    gone = (item.keys for item in fields if item.desired is ABSENT and len(item.keys) == 2)
    return {f"file/{path}" for name, path in gone if name == "files"}
