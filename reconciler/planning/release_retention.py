"""Releases that the plan archives although their manifests exist.

A release is archived if an assistant that it uses has no manifest, or if the chatbot keeps fewer releases; never while
it is published, and not because of the number while a suspended object has its agent (`planning.runners`). An archived
release is not restored. A renamed assistant still has a manifest.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.reasons import Reason
from reconciler.planning.renames import declared
from reconciler.planning.uploads import is_leftover
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.base import Desired, Live
from reconciler.resources.values import references_in

ASSISTANT: Final = "assistant"
CHATBOT: Final = "chatbot"


@dataclass(frozen=True)
class Retired:
    """Releases that the plan archives."""

    reasons: Mapping[Address, Reason]
    """The reason to archive each release."""
    unmarked: tuple[Address, ...]
    """Releases that were archived before and whose manifests do not set `archived`, within the number that the chatbot
    keeps; without those that another environment publishes, which it could not archive.
    """


def apply_retention(inputs: PlanInputs) -> tuple[PlanInputs, Retired]:
    """Return `inputs` without the objects of archived releases that no other release needs; linear in their parts."""
    archived = inputs.releases.keys() & inputs.tombstones
    reasons = dict(_leaving(inputs, inputs.releases.keys() - inputs.tombstones))
    gone = {*archived, *reasons}
    if not gone:
        return inputs, Retired({}, ())
    staying = {address: release for address, release in inputs.releases.items() if address not in gone}
    needed = {part for release in staying.values() for part in release.parts}
    unwanted = {part for address in gone for part in inputs.releases[address].parts} - needed | gone
    desired = {address: wanted for address, wanted in inputs.desired.items() if address not in unwanted}
    links = {address: found for address, found in inputs.links.items() if address not in unwanted}
    elsewhere = {text for wanted in inputs.desired.values() for text in wanted.options.get("published_elsewhere", ())}
    newest = _newest(inputs, set(inputs.releases))
    unmarked = tuple(sorted(one for one in archived & newest if str(one) not in elsewhere))
    return replace(inputs, desired=desired, releases=staying, links=links), Retired(reasons, unmarked)


def _leaving(inputs: PlanInputs, candidates: set[Address]) -> Iterator[tuple[Address, Reason]]:
    published = set(published_releases(inputs).values())
    free = sorted(address for address in candidates - published if inputs.in_scope(address))
    newest, kept = _newest(inputs, candidates), set(_suspended_on(inputs))
    wanted = inputs.desired.keys() | declared(inputs.desired).keys()
    known = _known(inputs) if free else set[Address]()
    for address in free:
        lost = None if inputs.strict else _lost(inputs, address, wanted, known)
        if lost is not None:
            yield address, Reason("assistant-removed", {"assistant": str(lost)})
        elif address not in newest and address not in kept:
            chatbot = chatbot_of(inputs, address)
            keep = inputs.desired[chatbot].options["keep"]
            yield address, Reason("release-limit", {"chatbot": str(chatbot), "keep": keep})


def _suspended_on(inputs: PlanInputs) -> Iterator[Address]:
    """Yield the releases whose agents suspended objects keep until their chatbots publish again: see `runners`."""
    suspending = {name for name, one in inputs.resource_types.items() if one.suspended}
    known = {address: applied for address, applied in inputs.applied.items() if applied.type in suspending}
    now = declared(inputs.desired) if known else {}
    for address, applied in known.items():
        wanted = inputs.desired.get(address) or inputs.desired.get(now.get(address, address))
        if wanted is not None and _waits(inputs, wanted):
            found = {Address.parse(text).release for text in references_in(dict(applied.fields))}
            for release in filter(None, found):
                if release in inputs.releases and release_of(inputs, chatbot_of(inputs, release)) is None:
                    yield release


def _waits(inputs: PlanInputs, wanted: Desired) -> bool:
    """Return True if an object runs what a chatbot publishes, and the chatbot publishes nothing."""
    named = [inputs.desired.get(Address.parse(text)) for text in references_in(dict(wanted.fields))]
    chatbots = [one.address for one in named if one and inputs.resource_types[one.type].pointers]
    return any(release_of(inputs, chatbot) is None for chatbot in chatbots)


def published_releases(inputs: PlanInputs) -> dict[Address, Address]:
    """Return the release that each chatbot publishes after the plan."""
    publishing = {type_ for type_, one in inputs.resource_types.items() if one.pointers}
    chatbots = (address for address, wanted in inputs.desired.items() if wanted.type in publishing)
    found = ((chatbot, release_of(inputs, chatbot)) for chatbot in chatbots)
    return {chatbot: release for chatbot, release in found if release is not None}


def release_of(inputs: PlanInputs, address: Address) -> Address | None:
    """Return the release that is published under the name of an object; None if there is none."""
    wanted = inputs.desired.get(address)
    pointers = inputs.resource_types[wanted.type].pointers if wanted else frozenset()
    found = (text for name in pointers for text in references_in(wanted.fields.get(name) if wanted else None))
    return next(map(Address.parse, found), None)


def _lost(
    inputs: PlanInputs, release: Address, wanted: AbstractSet[Address], known: AbstractSet[Address]
) -> Address | None:
    """Return an assistant that the release uses, itself or as a copy, and that has no manifest.

    A renamed assistant is found by the names that the state records. For a live release, only assistants that this plan
    removes count: a release stays live if the assistant did not exist before the plan.
    """
    families = {address.family for address in uses(inputs, release) if address.kind == ASSISTANT}
    held = {address: inputs.held_addresses.get((release, address)) for address in families}
    known_as = inputs.recorded_names
    lost = {now or (name if name in wanted else known_as.get(name, name)) for name, now in held.items()} - wanted
    return min(lost & known if release in known else lost, default=None)


def _known(inputs: PlanInputs) -> set[Address]:
    """Return all addresses of this identity and lineage in the state, on labels and in outlets."""
    owner = str(inputs.identity), inputs.lineage
    labels = (inputs.labelled_address(live) for live in inputs.live if live.labels and live.labels.is_of(*owner))
    labelled = (address for address in labels if address)
    documents = (Address.parse(live.id) for live in inputs.live if live.type in inputs.outlet_types)
    return {*inputs.applied, *labelled, *documents}


def without_assistant(inputs: PlanInputs, releases: Iterable[Address]) -> dict[Address, Address]:
    """Return those of these releases that use an assistant without a manifest, each with the assistant: they are
    archived as soon as they are not published.
    """
    if inputs.strict:
        return {}
    wanted, known = inputs.desired.keys() | declared(inputs.desired).keys(), _known(inputs)
    found = {release: _lost(inputs, release, wanted, known) for release in releases if release in inputs.releases}
    return {release: lost for release, lost in found.items() if lost is not None}


def uses(inputs: PlanInputs, release: Address) -> set[Address]:
    """Return all addresses that a release references: its parts, and the references of the parts."""
    found = set(inputs.releases[release].parts)
    for address in (release, *inputs.releases[release].parts):
        if address in inputs.desired:
            found.update(map(Address.parse, references_in(dict(inputs.desired[address].fields))))
    return found


def _newest(inputs: PlanInputs, candidates: set[Address]) -> set[Address]:
    """Return the newest releases of each chatbot, up to the number that it keeps; all if it sets none."""
    by_chatbot: dict[Address, list[Address]] = defaultdict(list)
    for address in candidates:
        by_chatbot[chatbot_of(inputs, address)].append(address)
    found: set[Address] = set()
    for chatbot, releases in by_chatbot.items():
        most = inputs.desired[chatbot].options.get("keep") if chatbot in inputs.desired else None
        latest = sorted(releases, key=release_number, reverse=True)
        found.update(latest[:most])
    return found


def chatbot_of(inputs: PlanInputs, release: Address) -> Address:
    """Return the chatbot that a release is of, also an archived one, under its present name."""
    made_for = inputs.releases[release].chatbot if release in inputs.releases else Address(CHATBOT, release.family.name)
    if made_for in inputs.desired:
        return made_for
    return declared(inputs.desired).get(made_for) or inputs.recorded_names.get(made_for, made_for)


def _exists(inputs: PlanInputs, release: Address, archived: Mapping[Address, Reason]) -> bool:
    """Return True if there is or was such a release: `state mv` moves entries to any address."""
    known: tuple[Container[Address], ...] = (inputs.releases, inputs.applied, inputs.tombstones, inputs.archived)
    return release in archived or any(release in one for one in known)


def why_leaving(inputs: PlanInputs, address: Address, live: Live, archived: Mapping[Address, Reason]) -> Reason:
    """Return the reason to remove a live object; `archived` has the reasons for releases that still have a manifest."""
    if address.kind == RELEASE:
        marked = address in inputs.archived
        return archived.get(address) or _gone(inputs, Reason("archived-in-manifest" if marked else "manifest-removed"))
    if address.release is not None and _exists(inputs, address.release, archived):
        return Reason("release-leaves", {"release": str(address.release)})
    if is_leftover(address, live.id):
        return Reason("upload-superseded", {} if inputs.is_upload(live.type) else {"type": live.type})
    if address.is_frozen:
        return Reason("no-release-left")
    return _gone(inputs, Reason("unused" if inputs.is_upload(live.type) else "manifest-removed"))


def _gone(inputs: PlanInputs, reason: Reason) -> Reason:
    """Return the reason, or the one of a plan that removes everything, whatever the manifests say."""
    return reason if inputs.destroys is None else Reason("environment-destroyed")
