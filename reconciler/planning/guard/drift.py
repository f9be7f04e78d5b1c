"""Rules for drift that `--on-drift` cannot decide about."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import CREATES, DESTROYS, Change, has_values
from reconciler.planning.published import OUTLETS, Bundle
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT, JSON


def what_changed(change: Change) -> JSON:
    """Return a change made outside Reconciler as facts."""
    values = {item.path: None if item.live is ABSENT else [item.live] for item in change.fields}
    return {"action": change.action, "id": change.id, "fields": values}


def both_changed(context: GuardContext) -> Iterator[Violation]:
    """Refuse `--on-drift keep` for values that were changed both in the manifest and live."""
    if context.inputs.on_drift != "keep":
        return
    written = _by_address(context.work)
    for change in context.optional_drift:
        desired = context.inputs.desired.get(Address.parse(change.address))
        document = desired is not None and desired.type in context.inputs.outlet_types
        whole = (
            document and not all(map(_is_apart, (change, *written[change.address]))) and bool(written[change.address])
        )
        both = [item.path for item in change.fields if whole or item.origin == "both"]
        about = {"address": change.address, **context.of_environment}
        edited = [item for item in change.fields if item.origin == "both"]
        if both:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("written-whole" if whole else "changed-twice", {"fields": both}),
                remedies=(Remedy("pull-or-revert", {**about, "force": not whole or bool(edited)}),),
                facts=what_changed(change),
            )


def _by_address(work: Iterable[Change]) -> Mapping[str, Sequence[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in work:
        found[change.address].append(change)
    return found


def _is_apart(change: Change) -> bool:
    """Return True if only copies in some of the outlets are written, so that the others are left as they are."""
    return bool(change.fields) and all(item.keys[0] == OUTLETS for item in change.fields)


def kept_missing(context: GuardContext) -> Iterator[Violation]:
    """Refuse references to objects that were deleted outside Reconciler and that `--on-drift keep` leaves deleted."""
    missing = {change.address for change in context.optional_drift if change.action in CREATES}
    if context.inputs.on_drift != "keep" or not missing:
        return
    for change in context.work:
        bundle = _published(context.inputs, change)
        used = map(context.matched.now, bundle.refers_to if bundle else ())
        needs = {*context.after.needs.get(Address.parse(change.address), ()), *used}
        needed = sorted(missing.intersection(map(str, needs)))
        if needed and change.action not in DESTROYS:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("needs-missing", {"addresses": needed}),
                remedies=(Remedy("revert-missing", context.of_environment),),
                facts=needed,
            )


def kept_incomplete(context: GuardContext) -> Iterator[Violation]:
    """Refuse to publish another release while `--on-drift keep` leaves files out of the stores that it uses."""
    if context.inputs.on_drift != "keep":
        return
    incomplete = {change.address for change in context.drift if _lacks_parts(context.inputs, change)}
    for change in context.work if incomplete else ():
        moves = change.action == "publish" and any(item.keys != ("bundle",) for item in change.fields)
        bundle = _published(context.inputs, change) if moves else None
        needed = sorted(incomplete.intersection(map(str, map(context.matched.now, bundle.refers_to if bundle else ()))))
        if needed and release_of(context.inputs, Address.parse(change.address)):
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("needs-files", {"addresses": needed}),
                remedies=(Remedy("revert-incomplete"),),
                facts=needed,
            )


def _lacks_parts(inputs: PlanInputs, change: Change) -> bool:
    """Return True if parts that the manifest names are missing from a live object."""
    desired = inputs.desired.get(Address.parse(change.address))
    members = inputs.members(desired.type) if desired else None
    parts = [item for item in change.fields if members and item.keys[0] == members.field]
    return change.action == "update" and any(item.live is ABSENT and len(item.keys) <= 2 for item in parts)


def _published(inputs: PlanInputs, change: Change) -> Bundle | None:
    """Return the bundle that the change publishes: for a chatbot, the bundle of the release."""
    address = Address.parse(change.address)
    release = release_of(inputs, address) if change.action == "publish" else None
    return inputs.bundles.get(release or address)


def any_drift(context: GuardContext) -> Iterator[Violation]:
    if context.inputs.on_drift != "refuse":
        return
    for change in context.optional_drift:
        about = {"address": change.address, "pullable": has_values(change), **context.of_environment}
        yield Violation(
            address=change.address,
            action=change.action,
            cause=Cause("drift-refused"),
            remedies=(Remedy("decide-drift", about),),
            facts=what_changed(change),
        )
