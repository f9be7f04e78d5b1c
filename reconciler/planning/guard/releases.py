"""Rules for releases: a published release is kept, a release is immutable, and drift is not released."""

from collections.abc import Iterator

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.guard.drift import what_changed
from reconciler.planning.guard.references import ASSISTANT, usage_of
from reconciler.planning.model import Change
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.release_retention import chatbot_of
from reconciler.planning.withdrawals import names_before
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.values import JSON


def published(context: GuardContext) -> Iterator[Violation]:
    """Refuse to archive a release that a chatbot publishes, by its manifest or by an unchanged pointer."""
    for address, change in context.removals.items():
        edges = context.after.referrers.get(address, ()) if address.kind == RELEASE else ()
        chatbots = sorted({str(edge.source) for edge in edges})
        if chatbots:
            yield Violation(
                address=str(address),
                action=change.action,
                cause=Cause("published", {"chatbots": chatbots}),
                remedies=(Remedy("publish-or-remove", _instead(context, address, chatbots)),),
                facts=[change.id, chatbots],
                usage=usage_of(context, address, edges),
            )


def destroyed(context: GuardContext) -> Iterator[Violation]:
    """Refuse to destroy an environment while a chatbot publishes a release in it, live and by its manifest."""
    manifests, removals = context.inputs.destroys, context.removals
    if manifests is None:
        return
    for chatbot, release in sorted(names_before(context.inputs, context.matched).items()):
        if release is not None and chatbot in removals and manifests.publishes(chatbot):
            yield Violation(
                address=str(release),
                action="archive",
                cause=Cause("published", {"chatbots": [str(chatbot)]}),
                remedies=(Remedy("unpublish", _unpublished(context, chatbot)),),
                facts=[str(release), str(chatbot)],
            )


def _unpublished(context: GuardContext, chatbot: Address) -> dict[str, JSON]:
    """Return the name of a chatbot, and its environment, with `removed` if project.yaml does not have it any longer."""
    return {"name": chatbot.name, **(context.of_removed_environment or context.of_environment)}


def _instead(context: GuardContext, archived: Address, chatbots: list[str]) -> dict[str, JSON]:
    """Return the chatbots that publish a release, and the number of the latest other release of the first; None if it
    has no other.
    """
    inputs, first = context.inputs, Address.parse(chatbots[0])
    others = (one for one in inputs.releases if one != archived and chatbot_of(inputs, one) == first)
    number = max(map(release_number, others), default=None)
    return {"chatbots": chatbots, "number": number, **context.of_environment}


def edited(context: GuardContext) -> Iterator[Violation]:
    """Refuse a manifest whose content differs from the release with its number."""
    for address, desired in sorted(context.inputs.desired.items()):
        if address.kind == RELEASE and context.inputs.in_scope(address):
            was, now = _released(context, address), desired.fields.get("digest")
            if was is not None and was != now:
                yield Violation(
                    address=str(address),
                    action="update",
                    cause=Cause("release-edited", {"released": was, "manifest": now}),
                    remedies=(Remedy("restore-and-release"),),
                    facts=[was, now],
                )


def _released(context: GuardContext, address: Address) -> JSON:
    """Return the released digest: from the state, or else from the live object; None for a new release."""
    applied, live = context.inputs.applied.get(address), context.matched.live.get(address)
    known = applied or live
    return known.fields.get("digest") if known else None


def drifted(context: GuardContext) -> Iterator[Violation]:
    """Refuse to release assistants with drift: the tested assistant is not the one that would be released."""
    drift = {change.address: change for change in context.optional_drift if change.action != "publish"}
    releases = (pair.ours for pair in context.by_origin if pair.ours and pair.ours.action == "release")
    for change in releases:
        found = [drift[name] for name in _frozen_assistants(context, change) if name in drift]
        if found:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("assistants-drifted", {"addresses": [one.address for one in found]}),
                remedies=(Remedy("revert-or-pull", {"address": found[0].address, **context.of_environment}),),
                facts={one.address: what_changed(one) for one in found},
            )


def _frozen_assistants(context: GuardContext, change: Change) -> list[str]:
    """Return the working assistants that the release copies."""
    release = context.inputs.releases.get(Address.parse(change.address))
    parts = release.parts if release else ()
    return sorted({str(context.matched.family(part)) for part in parts if part.kind == ASSISTANT})
