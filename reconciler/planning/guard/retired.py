"""Models that OpenAI has shut down. What already runs on one is left in peace as long as nobody touches it."""

from collections.abc import Iterator

from reconciler.planning.changes import NOT_FIELDS
from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.model import CREATES, Change
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address


def models(case: GuardContext) -> Iterator[Violation]:
    """Changes that write, release or publish a model whose shutdown date has come. On that day it is gone already."""
    gone = {model: on for model, on in case.inputs.shutdowns.items() if on <= case.inputs.today}
    if not gone:
        return
    for change in case.work:
        ended = {model: str(gone[model]) for model in sorted(brought(case, change) & gone.keys())}
        if ended:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("models-shut-down", {"models": ended}),
                remedies=(Remedy("choose-model"),),
                facts=[change.id, ended],
            )


def brought(case: GuardContext, change: Change) -> set[str]:
    """The models that a change brings to users; those of a copy are told of by the release that makes it."""
    address = Address.parse(change.address)
    if address.release != address and address.release in case.released:
        return set()
    return {model for part in _concerned(case, address, change) for model in _models(case, part)}


def _concerned(case: GuardContext, address: Address, change: Change) -> Iterator[Address]:
    """The objects that a change brings to users: all of a release that is made or published; else the object itself."""
    if change.action == "release":
        yield from _whole(case, address)
    elif change.action == "publish":
        yield from _newly_published(case, address, change)
    elif change.action in CREATES or _writes_fields(change):
        yield address


def _newly_published(case: GuardContext, chatbot: Address, change: Change) -> Iterator[Address]:
    """The release that a chatbot's name moves to. A bundle that is written again is not news to its users."""
    release = release_of(case.inputs, chatbot)
    pointers = case.inputs.resource_types[case.inputs.desired[chatbot].type].pointers if release else frozenset()
    if release and any(item.keys[0] in pointers for item in change.fields):
        yield from _whole(case, release)


def _writes_fields(change: Change) -> bool:
    return change.action == "update" and any(item.keys[0] not in NOT_FIELDS for item in change.fields)


def _whole(case: GuardContext, release: Address) -> Iterator[Address]:
    """The release and all that answers with it, copies that other releases have made among it."""
    waiting, found = [release], {release}
    while waiting:
        address = waiting.pop()
        yield address
        needed = set(case.after.needs.get(address, ())) - found
        found |= needed
        waiting.extend(needed)


def _models(case: GuardContext, address: Address) -> Iterator[str]:
    desired = case.inputs.desired.get(address)
    if desired is not None:
        yield from case.inputs.resource_types[desired.type].models(desired.fields)
