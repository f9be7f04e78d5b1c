"""What `lifecycle: {protect: true}` keeps from being removed or replaced."""

from collections.abc import Iterator

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.match import announced, applied_protection
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address


def protected_duplicate(case: GuardContext) -> Iterator[Violation]:
    """A second object with the label of a protected one, and no unfinished create of ours that made it."""
    for address, duplicates in sorted(case.matched.duplicates.items()):
        for duplicate in duplicates:
            labelled = duplicate.labels is not None and duplicate.labels.protected
            if labelled and case.inputs.in_scope(address) and not announced(case.inputs, address, [duplicate]):
                yield Violation(
                    address=str(address),
                    action="delete",
                    cause=Cause("duplicate-protected", {"address": str(address), "id": duplicate.id}),
                    remedies=(Remedy("delete-or-unlabel-one", {"id": duplicate.id}),),
                    facts=[duplicate.id],
                )


def protected(case: GuardContext) -> Iterator[Violation]:
    """State or label protects it, whatever its manifest says by now."""
    replaced = {Address.parse(change.address): change for change in case.work if change.action == "replace"}
    for address, change in {**case.removals, **replaced}.items():
        if applied_protection(case.inputs.applied.get(address), case.matched.live.get(address)):
            yield Violation(
                address=str(address),
                action=change.action,
                cause=Cause("protected", {"address": str(address)}),
                remedies=(Remedy("unprotect"),),
                facts=[change.id],
            )
