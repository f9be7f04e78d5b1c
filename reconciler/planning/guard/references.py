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
from reconciler.planning.guard.remedies import ways_out
from reconciler.planning.model import SECTIONS, Change, Section
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
        message=f"{address} is still used",
        remedy=ways_out(address, usage.sections),
        facts={"ids": _ids(case, address, change), "sections": {name: list(usage.sections[name]) for name in SECTIONS}},
        usage=usage,
        is_contradiction=any(edge.is_written and edge.target in case.removals for edge in edges),
    )


def _ids(case: GuardContext, address: Address, change: Change) -> dict[str, str | None]:
    """What would go: the object, and of an assistant the copies that go with it."""
    copies = case.families.get(address, ()) if _is_head(address) else ()
    return {**{str(copy): case.removals[copy].id for copy in copies}, str(address): change.id}


def usage_of(case: GuardContext, address: Address, edges: Sequence[Edge]) -> Usage:
    """Who refers to `address`, or to a copy of it, by these edges."""
    listed = [(*_listed(case, address, edge), edge) for edge in edges]
    sections = {name: tuple(sorted({who for section, who, _ in listed if section == name})) for name in SECTIONS}
    chains = tuple(sorted({(*case.after.chain_to(edge.source), str(edge.target)) for edge in edges}))
    seen = case.after.places
    entries = {who: seen[edge.source, str(edge.target)] for _, who, edge in reversed(listed)}
    links = {link[0]: seen[link] for chain in reversed(chains) for link in pairwise(chain)}
    return Usage(sections, chains, dict(sorted((links | entries).items())))


def _listed(case: GuardContext, address: Address, edge: Edge) -> tuple[Section, str]:
    """The section that a referrer stands in, and what it is called there."""
    referrer = edge.referrer
    if referrer is None:
        return OTHER, edge.source
    by_kind = FROZEN if referrer.release else WORKING
    section = by_kind.get(referrer.kind, OTHER) if address.kind == ASSISTANT else OTHER
    if referrer.release:
        state = "published" if referrer.release in case.published else "released"
        return section, f"{referrer.release} [{state}]"
    working = f"{referrer} [unreleased]" if section == "Chatbots" else str(referrer)
    return section, working
