"""What releases promise: what is published stays, what was released is never another, nothing untested is frozen."""

from collections.abc import Iterator

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.guard.drift import what_changed
from reconciler.planning.guard.references import ASSISTANT, usage_of
from reconciler.planning.model import Change
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.values import JSON


def published(case: GuardContext) -> Iterator[Violation]:
    """Archiving what a chatbot has published, by its manifest or because its pointer stays where it is."""
    for address, change in case.removals.items():
        edges = case.after.referrers.get(address, ()) if address.kind == RELEASE else ()
        chatbots = sorted({str(edge.source) for edge in edges})
        if chatbots:
            yield Violation(
                address=str(address),
                action=change.action,
                cause=Cause("published", {"chatbots": chatbots}),
                remedies=(Remedy("publish-or-remove", {"chatbots": chatbots}),),
                facts=[change.id, chatbots],
                usage=usage_of(case, address, edges),
            )


def edited(case: GuardContext) -> Iterator[Violation]:
    """A manifest whose content is not what was released under its number."""
    for address, desired in sorted(case.inputs.desired.items()):
        if address.kind == RELEASE and case.inputs.in_scope(address):
            was, now = _released(case, address), desired.fields.get("digest")
            if was is not None and was != now:
                yield Violation(
                    address=str(address),
                    action="update",
                    cause=Cause("release-edited", {"released": was, "manifest": now}),
                    remedies=(Remedy("restore-and-release"),),
                    facts=[was, now],
                )


def _released(case: GuardContext, address: Address) -> JSON:
    """The digest of what was released: as state has it, or else what is live; None where it is new."""
    applied, live = case.inputs.applied.get(address), case.matched.live.get(address)
    known = applied or live
    return known.fields.get("digest") if known else None


def drifted(case: GuardContext) -> Iterator[Violation]:
    """A release of assistants that somebody has changed by hand: what was tried out is not what would be released."""
    by_hand = {change.address: change for change in case.by_hand if change.action != "publish"}
    releases = (pair.ours for pair in case.by_origin if pair.ours and pair.ours.action == "release")
    for change in releases:
        found = [by_hand[name] for name in _frozen_assistants(case, change) if name in by_hand]
        if found:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("assistants-drifted", {"addresses": [one.address for one in found]}),
                remedies=(Remedy("revert-or-pull", {"address": found[0].address}),),
                facts={one.address: what_changed(one) for one in found},
            )


def _frozen_assistants(case: GuardContext, change: Change) -> list[str]:
    """The working assistants of which the release makes copies."""
    release = case.inputs.releases.get(Address.parse(change.address))
    parts = release.parts if release else ()
    return sorted({str(case.matched.family(part)) for part in parts if part.kind == ASSISTANT})
