"""Changes by hand that `--on-drift` cannot decide about."""

from collections.abc import Iterator

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.inputs import Bundle, PlanInputs
from reconciler.planning.model import CREATES, DESTROYS, Change
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT, JSON


def what_changed(change: Change) -> JSON:
    """What somebody changed by hand, as facts."""
    values = {item.path: None if item.live is ABSENT else [item.live] for item in change.fields}
    return {"action": change.action, "id": change.id, "fields": values}


def both_changed(case: GuardContext) -> Iterator[Violation]:
    """With `--on-drift keep`, a value that both sides changed cannot be decided by a machine."""
    if case.inputs.on_drift != "keep":
        return
    written = {change.address for change in case.work}
    for change in case.by_hand:
        desired = case.inputs.desired.get(Address.parse(change.address))
        whole = desired is not None and desired.type in case.inputs.outlet_types and change.address in written
        both = [item.path for item in change.fields if whole or item.origin == "both"]
        if both:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("written-whole" if whole else "changed-twice", {"fields": both}),
                remedies=(Remedy("pull-or-revert"),),
                facts=what_changed(change),
            )


def kept_missing(case: GuardContext) -> Iterator[Violation]:
    """What stays deleted, as `--on-drift keep` says, cannot be pointed at by something new."""
    missing = {change.address for change in case.by_hand if change.action in CREATES}
    if case.inputs.on_drift != "keep" or not missing:
        return
    for change in case.work:
        bundle = _published(case.inputs, change)
        used = map(case.matched.now, bundle.refers_to if bundle else ())
        needs = {*case.after.needs.get(Address.parse(change.address), ()), *used}
        needed = sorted(missing.intersection(map(str, needs)))
        if needed and change.action not in DESTROYS:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("needs-missing", {"addresses": needed}),
                remedies=(Remedy("revert-missing"),),
                facts=needed,
            )


def _published(inputs: PlanInputs, change: Change) -> Bundle | None:
    """What applications get by the change: of a chatbot whose pointer moves, the bundle of the release."""
    address = Address.parse(change.address)
    release = release_of(inputs, address) if change.action == "publish" else None
    return inputs.bundles.get(release or address)


def any_drift(case: GuardContext) -> Iterator[Violation]:
    if case.inputs.on_drift != "refuse":
        return
    for change in case.by_hand:
        yield Violation(
            address=change.address,
            action=change.action,
            cause=Cause("drift-refused"),
            remedies=(Remedy("decide-drift"),),
            facts=what_changed(change),
        )
