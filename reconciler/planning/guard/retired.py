"""The rule for models that OpenAI has shut down. Objects that use one are not refused while they are unchanged."""

from collections.abc import Iterator

from reconciler.planning.changes import NOT_FIELDS
from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.model import CREATES, Change
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.release_retention import release_of
from reconciler.planning.renewals import is_renewal
from reconciler.resources.address import Address


def models(context: GuardContext) -> Iterator[Violation]:
    """Refuse changes that write, release or publish a model on or after its shutdown date."""
    gone = {model: on for model, on in context.inputs.shutdowns.items() if on <= context.inputs.today}
    if not gone:
        return
    for change in context.work:
        ended = {model: str(gone[model]) for model in sorted(brought(context, change) & gone.keys())}
        if ended:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("models-shut-down", {"models": ended}),
                remedies=(Remedy("choose-model"),),
                facts=[change.id, ended],
            )


def brought(context: GuardContext, change: Change) -> set[str]:
    """Return the models that a change brings to users. The models of a copy count for the release that makes it."""
    return {model for part in concerned(context, change) for model in _models(context, part)}


def concerned(context: GuardContext, change: Change) -> Iterator[Address]:
    """Yield the objects that a change brings to users: all of a release, or else the object itself. A copy counts for
    the release that makes it.
    """
    address = Address.parse(change.address)
    if address.release != address and address.release in context.released:
        return
    if change.action == "release":
        yield from _whole(context, address)
    elif change.action == "publish":
        yield from _newly_published(context, address, change)
    elif change.action in CREATES or _writes_fields(change):
        yield address


def _newly_published(context: GuardContext, chatbot: Address, change: Change) -> Iterator[Address]:
    """Yield the objects of the release that a chatbot publishes next. A bundle that is published again has none."""
    release = release_of(context.inputs, chatbot)
    pointers = context.inputs.resource_types[context.inputs.desired[chatbot].type].pointers if release else frozenset()
    if release and any(item.keys[0] in pointers for item in change.fields):
        yield from _whole(context, release)


def _writes_fields(change: Change) -> bool:
    written = (item for item in change.fields if not is_renewal(change, item))
    return change.action == "update" and any(item.keys[0] not in NOT_FIELDS for item in written)


def _whole(context: GuardContext, release: Address) -> Iterator[Address]:
    """Yield the release and all objects that it uses, including copies made by other releases."""
    waiting, found = [release], {release}
    while waiting:
        address = waiting.pop()
        yield address
        needed = set(context.after.needs.get(address, ())) - found
        found |= needed
        waiting.extend(needed)


def _models(context: GuardContext, address: Address) -> Iterator[str]:
    desired = context.inputs.desired.get(address)
    if desired is not None:
        yield from context.inputs.resource_types[desired.type].models(desired.fields)
