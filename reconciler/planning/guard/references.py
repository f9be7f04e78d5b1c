"""The rule `referenced`: who still needs what the plan takes away, and where each of them is listed.

For an assistant it is about the assistant and every frozen copy of it:

| section                       | who is listed, each once                                         |
|-------------------------------|------------------------------------------------------------------|
| Chatbots                      | chatbots, and releases, that point straight at it                |
| Pipelines                     | working pipelines with a node on it, with or without a chatbot   |
| Chatbots Referencing Pipeline | releases whose frozen pipeline has a node on it                  |
| Other references              | automations, sessions in progress, foreign and unmanaged objects |
|                               | at OpenAI, what peers have in their outlets                      |

For anything else, all of them stand under Other references. What a release has made is listed as the release.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from reconciler.planning.graph import Edge, by_id
from reconciler.planning.guard.context import GuardContext, Usage, Violation
from reconciler.planning.model import SECTIONS, Change, Section
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.referrers import Node, Referrer, ReleaseState, subject_text
from reconciler.resources.address import RELEASE, Address

ASSISTANT: Final = "assistant"
OTHER: Final[Section] = "Other references"
WORKING: Final[Mapping[str, Section]] = {"chatbot": "Chatbots", "pipeline": "Pipelines"}
FROZEN: Final[Mapping[str, Section]] = {RELEASE: "Chatbots", "pipeline": "Chatbots Referencing Pipeline"}


def still_used(case: GuardContext) -> Iterator[Violation]:
    """Removals of what survivors need, and replacements of what somebody knows by its id."""
    families = _families(case)
    for address, change in case.removals.items():
        if address.kind != RELEASE and not _goes_with_its_head(case, address):
            members = families[address] if _is_head(address) else [address]
            edges = [edge for member in members for edge in case.after.referrers.get(member, ())]
            yield from _objection(case, address, change, edges)
    replaced = list(_replacements(case))
    known = by_id(case.inputs, case.matched).referrers if replaced else {}
    for address, change in replaced:
        yield from _objection(case, address, change, known.get(address, ()))


def _families(case: GuardContext) -> Mapping[Address, list[Address]]:
    """Assistants and frozen copies that something refers to, by the working assistant."""
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in sorted(case.after.referrers):
        if address.kind == ASSISTANT:
            found[case.matched.family(address)].append(address)
    return found


def _is_head(address: Address) -> bool:
    return address.kind == ASSISTANT and not address.is_frozen


def _goes_with_its_head(case: GuardContext, address: Address) -> bool:
    """Whether the refusal of the working assistant tells of this copy too."""
    return address.kind == ASSISTANT and address.is_frozen and case.matched.family(address) in case.removals


def _replacements(case: GuardContext) -> Iterator[tuple[Address, Change]]:
    """Objects that give way to another id, by which others may know them. What has expired helps nobody any more,
    and an upload that a stranger holds is not deleted.
    """
    for change in case.work:
        if change.action == "replace":
            address = Address.parse(change.address)
            live = case.matched.live[address]
            if not case.inputs.is_upload(live.type) and live.detail.get("status") != "expired":
                yield address, change


def _objection(case: GuardContext, address: Address, change: Change, edges: Sequence[Edge]) -> Iterator[Violation]:
    if not edges:
        return
    usage = usage_of(case, address, edges)
    yield Violation(
        address=str(address),
        action=change.action,
        cause=Cause("referenced", {"address": str(address)}),
        remedies=tuple(_ways_out(address, usage.sections)),
        facts={"ids": _ids(case, address, change), "sections": _subject(usage.sections)},
        usage=usage,
        is_contradiction=any(edge.is_written and edge.target in case.removals for edge in edges),
    )


def _ids(case: GuardContext, address: Address, change: Change) -> dict[str, str | None]:
    """What would go: the object, and of an assistant the copies that go with it."""
    copies = case.families.get(address, ()) if _is_head(address) else ()
    return {**{str(copy): case.removals[copy].id for copy in copies}, str(address): change.id}


def _subject(sections: Mapping[Section, Sequence[Referrer]]) -> dict[Section, list[str]]:
    """Return the referrers as the subject of a refusal has them: consents are bound to this form."""
    return {name: [subject_text(referrer) for referrer in sections[name]] for name in SECTIONS}


def usage_of(case: GuardContext, address: Address, edges: Sequence[Edge]) -> Usage:
    """Return the referrers of `address`, or of a copy of it, by these edges."""
    places = case.after.places
    found: dict[Section, dict[str, Referrer]] = {name: {} for name in SECTIONS}
    for edge in edges:
        section, state, node = _listed(case, address, edge)
        referrer = Referrer(node, state, places[edge.source, edge.target])
        found[section].setdefault(subject_text(referrer), referrer)
    sections = {name: tuple(found[name][text] for text in sorted(found[name])) for name in SECTIONS}
    ways = {(*case.after.chain_to(edge.source), edge.target) for edge in edges}
    chains = tuple(_chain(way, places) for way in sorted(ways, key=lambda way: list(map(str, way))))
    return Usage(sections, chains)


def _chain(way: Sequence[Node], places: Mapping[tuple[Node, Node], str]) -> tuple[Referrer, ...]:
    links = (Referrer(link[0], place=places[link]) for link in pairwise(way))
    return (*links, Referrer(way[-1]))


def _listed(case: GuardContext, address: Address, edge: Edge) -> tuple[Section, ReleaseState | None, Node]:
    """Return the section of a referrer, its state, and what is listed: of what a release made, the release."""
    referrer = edge.source
    if not isinstance(referrer, Address):
        return OTHER, None, referrer
    release = referrer.release
    by_kind = FROZEN if release else WORKING
    section = by_kind.get(referrer.kind, OTHER) if address.kind == ASSISTANT else OTHER
    if release:
        return section, "published" if release in case.published else "released", release
    return section, "unreleased" if section == "Chatbots" else None, referrer


def _ways_out(address: Address, sections: Mapping[Section, Sequence[Referrer]]) -> Iterator[Remedy]:
    """What has to happen before `address` may go: to the referrers, or to `address` itself."""
    referrers = {(subject_text(one), one.state): str(one.node) for section in SECTIONS for one in sections[section]}
    by_state: dict[str | None, list[str]] = defaultdict(list)
    for (_, state), name in sorted(referrers.items(), key=lambda item: item[0][0]):
        by_state[state if state in {"published", "released"} else None].append(name)
    if by_state[None]:
        yield Remedy("repoint-referrers", {"names": sorted(by_state[None])})
    if by_state["published"]:
        yield Remedy("publish-other-release", {"releases": by_state["published"]})
    if by_state["released"]:
        yield Remedy("archive-releases", {"releases": by_state["released"]})
    if address.is_frozen:
        yield Remedy("keep-release", {"address": str(address.release or address)})
    else:
        yield Remedy("restore-manifest", {"address": str(address)})
