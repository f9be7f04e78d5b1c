"""The rule `referenced`: the referrers of an object that the plan removes, and the section that lists each of them.

For an assistant, the referrers of the assistant and of every frozen copy of it are listed:

| section                       | referrers, each once                                             |
|-------------------------------|------------------------------------------------------------------|
| Chatbots                      | chatbots and releases that reference it directly                 |
| Pipelines                     | working pipelines with a node for it, with or without a chatbot  |
| Chatbots Referencing Pipeline | releases whose frozen pipeline has a node for it                 |
| Other references              | automations, sessions in progress, unmanaged objects, objects of |
|                               | other owners, documents of peers in their outlets                |

For any other object, all referrers are listed under Other references. An object of a release is listed as the release.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from reconciler.planning.graph import INSIDE, Edge
from reconciler.planning.guard.context import GuardContext, Usage, Violation
from reconciler.planning.holders import direct, ignored_fields
from reconciler.planning.model import SECTIONS, Change, Section
from reconciler.planning.published import BUNDLE
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.referrers import Foreign, Node, Referrer, ReleaseState, subject_text
from reconciler.resources.address import RELEASE, Address

ASSISTANT: Final = "assistant"
OTHER: Final[Section] = "Other references"
WORKING: Final[Mapping[str, Section]] = {"chatbot": "Chatbots", "pipeline": "Pipelines"}
FROZEN: Final[Mapping[str, Section]] = {RELEASE: "Chatbots", "pipeline": "Chatbots Referencing Pipeline"}


def still_used(context: GuardContext) -> Iterator[Violation]:
    """Refuse to delete or replace objects that others still reference, by address or by id."""
    families = _families(context)
    for address, change in context.removals.items():
        if address.kind != RELEASE and not _goes_with_its_head(context, address):
            members = {*families[address], *context.families[address]} if _is_head(address) else {address}
            edges = [edge for member in sorted(members) for edge in _referring(context, member)]
            yield from _violation(context, address, change, edges, edges)
    for address, change in _replacements(context):
        held = context.holders.get(change.id or "", ())
        yield from _violation(context, address, change, direct(context.matched, held), held)


def _referring(context: GuardContext, removed: Address) -> list[Edge]:
    """Return the references to a removed object, or to a copy of one, by its address and by its id."""
    change = context.removals.get(removed)
    held = context.holders.get(change.id or "", ()) if change else ()
    dependents = _dependents(context, removed) if held else ()
    return direct(context.matched, [*context.after.referrers.get(removed, ()), *held], dependents)


def _dependents(context: GuardContext, address: Address) -> set[Node]:
    """Return everything that references an object after the plan, itself or through others."""
    waiting, found = [address], set[Node]()
    while waiting:
        sources = {edge.source for edge in context.after.referrers.get(waiting.pop(), ())} - found
        found |= sources
        waiting += [source for source in sources if isinstance(source, Address)]
    return found


def _families(context: GuardContext) -> Mapping[Address, list[Address]]:
    """Return the referenced assistants and frozen copies by working assistant."""
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in sorted(context.after.referrers):
        if address.kind == ASSISTANT:
            found[context.matched.family(address)].append(address)
    return found


def _is_head(address: Address) -> bool:
    return address.kind == ASSISTANT and not address.is_frozen


def _goes_with_its_head(context: GuardContext, address: Address) -> bool:
    """Return True if the refusal of the working assistant covers this copy."""
    return address.kind == ASSISTANT and address.is_frozen and context.matched.family(address) in context.removals


def _replacements(context: GuardContext) -> Iterator[tuple[Address, Change]]:
    """Yield replaced objects that others may reference by id. Expired objects are not among them, and neither are
    objects that stay live while they are in use.
    """
    for change in context.work:
        if change.action == "replace":
            address = Address.parse(change.address)
            live = context.matched.live[address]
            stays = context.inputs.is_upload(live.type) or context.inputs.resource_types[live.type].outlives
            if not stays and live.detail.get("status") != "expired":
                yield address, change


def _violation(
    context: GuardContext, address: Address, change: Change, edges: Sequence[Edge], holding: Sequence[Edge]
) -> Iterator[Violation]:
    """Yield the violation if there are `edges`, which are listed; all that are `holding` the id need a remedy."""
    if not edges:
        return
    usage = usage_of(context, address, edges)
    yield Violation(
        address=str(address),
        action=change.action,
        cause=Cause("referenced", {"address": str(address)}),
        remedies=tuple(_remedies(context, address, change, holding, usage.sections)),
        facts={"ids": _ids(context, address, change), "sections": _subject(usage.sections)},
        usage=usage,
        is_contradiction=any(edge.is_written and edge.target in context.removals for edge in edges),
    )


def _ids(context: GuardContext, address: Address, change: Change) -> dict[str, str | None]:
    """Return the ids of the removed object and, for an assistant, of the copies that are removed with it."""
    copies = context.families.get(address, ()) if _is_head(address) else ()
    return {**{str(copy): context.removals[copy].id for copy in copies}, str(address): change.id}


def _subject(sections: Mapping[Section, Sequence[Referrer]]) -> dict[Section, list[str]]:
    """Return the referrers as the subject of a refusal has them: consents are bound to this form."""
    return {name: [subject_text(referrer) for referrer in sections[name]] for name in SECTIONS}


def usage_of(context: GuardContext, address: Address, edges: Sequence[Edge]) -> Usage:
    """Return the referrers of `address`, or of a copy of it, by these edges."""
    places: dict[tuple[Node, Node], str] = {
        (edge.source, edge.target): "live" if edge.seen == INSIDE else edge.seen for edge in edges
    }
    places.update(context.after.places)
    found: dict[Section, dict[str, Referrer]] = {name: {} for name in SECTIONS}
    for edge in edges:
        section, state, node = _listed(context, address, edge)
        referrer = Referrer(node, state, places[edge.source, edge.target])
        found[section].setdefault(subject_text(referrer), referrer)
    sections = {name: tuple(found[name][text] for text in sorted(found[name])) for name in SECTIONS}
    ways = {(*context.after.chain_to(edge.source), edge.target) for edge in edges}
    chains = tuple(_chain(way, places) for way in sorted(ways, key=lambda way: list(map(str, way))))
    return Usage(sections, chains)


def _chain(way: Sequence[Node], places: Mapping[tuple[Node, Node], str]) -> tuple[Referrer, ...]:
    links = (Referrer(link[0], place=places[link]) for link in pairwise(way))
    return (*links, Referrer(way[-1]))


def _listed(context: GuardContext, address: Address, edge: Edge) -> tuple[Section, ReleaseState | None, Node]:
    """Return the section of a referrer, its state, and what is listed: of what a release made, the release."""
    referrer = edge.source
    if not isinstance(referrer, Address):
        return OTHER, None, referrer
    release = referrer.release
    by_kind = FROZEN if release else WORKING
    section = by_kind.get(referrer.kind, OTHER) if address.kind == ASSISTANT else OTHER
    if release:
        return section, "published" if release in context.published else "released", release
    return section, "unreleased" if section == "Chatbots" else None, referrer


def _remedies(
    context: GuardContext,
    address: Address,
    change: Change,
    edges: Sequence[Edge],
    sections: Mapping[Section, Sequence[Referrer]],
) -> Iterator[Remedy]:
    """Yield the remedies: a wider scope, changes of the referrers, or of `address` itself."""
    unscoped = {_named(edge.source) for edge in edges if _is_out_of_scope(context, edge)}
    unscoped -= {_named(edge.source) for edge in edges if edge.is_written}  # a wider scope would not help
    if unscoped:
        yield Remedy("widen-target", {"targets": sorted(unscoped)})
    ignoring = {_named(edge.source): list(ignored_fields(context.inputs, context.matched, edge)) for edge in edges}
    ignoring = {source: fields for source, fields in sorted(ignoring.items()) if fields and source not in unscoped}
    for source, fields in ignoring.items():
        yield Remedy("stop-ignoring", {"address": source, "fields": fields})
    foreign = (edge.source for edge in edges if isinstance(edge.source, Foreign))
    left = {str(source): source.id for source in foreign if source.type == BUNDLE}  # in an outlet that is removed
    if left:
        yield Remedy("apply-outlets", {"outlets": sorted(set(left.values()))})
    done = unscoped | ignoring.keys() | left.keys()
    referrers = {(subject_text(one), one.state): str(one.node) for section in SECTIONS for one in sections[section]}
    by_state: dict[str | None, list[str]] = defaultdict(list)
    for (_, state), name in sorted(referrers.items(), key=lambda item: item[0][0]):
        if name not in done:
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
        yield Remedy("undo-edit" if change.action == "replace" else "restore-manifest", {"address": str(address)})


def _named(node: Node) -> str:
    """Return the name of a referrer: of an object of a release, the release."""
    return str(node.release or node) if isinstance(node, Address) else str(node)


def _is_out_of_scope(context: GuardContext, edge: Edge) -> bool:
    """Return True for a referrer that `--target` leaves out, and whose manifest may have another reference by now."""
    source = edge.source
    return isinstance(source, Address) and not context.inputs.in_scope(source) and not edge.is_written
