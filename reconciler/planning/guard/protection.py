"""What `lifecycle: {protect: true}` keeps from being removed or replaced."""

from collections.abc import Iterator

from reconciler.planning.guard.context import Case, Objection
from reconciler.planning.match import announced, applied_protection
from reconciler.resources.address import Address


def protected_twin(case: Case) -> Iterator[Objection]:
    """A second object with the label of a protected one, and no unfinished create of ours that made it."""
    for address, twins in sorted(case.matched.twins.items()):
        for twin in twins:
            labelled = twin.labels is not None and twin.labels.protected
            if labelled and case.world.in_scope(address) and not announced(case.world, address, [twin]):
                yield Objection(
                    address=str(address),
                    action="delete",
                    message=f"{twin.id} carries the label of {address}, which is protected",
                    remedy=f"Remove the `reconciler-` keys from {twin.id}, or delete it by hand.",
                    facts=[twin.id],
                )


def protected(case: Case) -> Iterator[Objection]:
    """State or label protects it, whatever its manifest says by now."""
    replaced = {Address.parse(change.address): change for change in case.work if change.action == "replace"}
    for address, change in {**case.removals, **replaced}.items():
        if applied_protection(case.world.applied.get(address), case.matched.live.get(address)):
            yield Objection(
                address=str(address),
                action=change.action,
                message=f"{address} is protected, on the live object or in state",
                remedy="Set `lifecycle: {protect: false}` in its manifest and apply that first.",
                facts=[change.id],
            )
