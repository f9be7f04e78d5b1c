"""What a plan must not do. Every rule gives refusals; one refusal stops the whole apply.

The rule this tool exists for: nothing is deleted while something that survives the plan still points at it, whoever
that is. Referrers that the same plan removes do not count.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import Final

from reconciler.planning.changes import Sorted
from reconciler.planning.graph import Edge, Graph, strangers
from reconciler.planning.match import Matched, applied_protection
from reconciler.planning.model import SECTIONS, Change, Refusal, Section
from reconciler.planning.uploads import is_leftover
from reconciler.planning.world import World
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT

LEAST_ALLOWED_DELETES: Final = 3
ALLOWED_SHARE: Final = 0.3
ASSISTANT: Final = "assistant"


@dataclass(frozen=True)
class Case:
    """A plan before the guard has spoken."""

    world: World
    matched: Matched
    sorted: tuple[Sorted, ...]
    work: tuple[Change, ...]
    after: Graph


def refusals(case: Case) -> Iterator[Refusal]:
    """Every refusal, rule by rule, each rule in order of address."""
    for rule in RULES:
        yield from rule(case)


def _removals(case: Case) -> Iterator[tuple[Address, Change]]:
    """Deletes of addresses, but not of a second object that wrongly carries one."""
    for change in case.work:
        address = Address.parse(change.address)
        live = case.matched.live.get(address)
        if change.action == "delete" and live is not None and live.id == change.id:
            yield address, change


def _referenced(case: Case) -> Iterator[Refusal]:
    removals = list(_removals(case))
    families = _families(address for address, _ in removals)
    foreign = strangers(case.matched)
    for address, change in (*removals, *_replacements(case)):
        graph = case.after if change.action == "delete" else foreign
        edges = [edge for member in families.get(address, [address]) for edge in graph.referrers.get(member, ())]
        if not edges:
            continue
        sections = _sections(address, edges)
        yield Refusal(
            address=str(address),
            action=change.action,
            rule="referenced",
            message=f"{address} is still used",
            sections=sections,
            chains=tuple(sorted({_chain(case.after, edge) for edge in edges})),
            places={_entry(address, edge): edge.seen for edge in edges},
            remedy=_remedy(address, sections),
        )


def _families(removed: Iterable[Address]) -> Mapping[Address, list[Address]]:
    """An assistant and the frozen copies of it that are removed with it; anything else stands for itself."""
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in sorted(removed):
        found[address].append(address)
        if address.kind == ASSISTANT and address.family != address:
            found[address.family].append(address)
    return found


def _replacements(case: Case) -> Iterator[tuple[Address, Change]]:
    """Objects that give way to another id, by which strangers may know them. What has expired helps nobody any more,
    and an upload that a stranger holds is not deleted.
    """
    for change in case.work:
        if change.action == "replace":
            address = Address.parse(change.address)
            live = case.matched.live[address]
            if live.type != "file" and live.detail.get("status") != "expired":
                yield address, change


def _sections(address: Address, edges: Iterable[Edge]) -> Mapping[Section, tuple[str, ...]]:
    """Who is listed where: design of the refusal, each referrer once."""
    found: dict[Section, dict[str, None]] = {section: {} for section in SECTIONS}
    for edge in edges:
        found[_section(address, edge)].setdefault(_entry(address, edge))
    return {section: tuple(sorted(entries)) for section, entries in found.items()}


def _section(address: Address, edge: Edge) -> Section:
    if address.kind != ASSISTANT:
        return "Other references"
    by_kind: Mapping[str, Section] = {
        "chatbot": "Chatbots",
        "pipeline": "Pipelines",
        "release": "Chatbots Referencing Pipeline",
    }
    return by_kind.get(edge.source.partition("/")[0], "Other references")


def _entry(address: Address, edge: Edge) -> str:
    return f"{edge.source} [unreleased]" if _section(address, edge) == "Chatbots" else edge.source


def _chain(graph: Graph, edge: Edge) -> tuple[str, ...]:
    """From whoever stands above the referrer, over it, to what would be deleted."""
    above = graph.chain_to(Address.parse(edge.source)) if edge.seen != "live" else (edge.source,)
    return (*above, str(edge.target))


def _remedy(address: Address, sections: Mapping[Section, tuple[str, ...]]) -> str:
    names = sorted({entry.partition(" [")[0] for entries in sections.values() for entry in entries})
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Point {listed} at something else, or remove it in the same change; or put the manifest of {address} back."


def _protected(case: Case) -> Iterator[Refusal]:
    replaced = {Address.parse(change.address): change for change in case.work if change.action == "replace"}
    for address, change in (*_removals(case), *replaced.items()):
        if applied_protection(case.world.applied.get(address), case.matched.live.get(address)):
            yield Refusal(
                address=str(address),
                action=change.action,
                rule="protected",
                message=f"{address} is protected, on the live object or in state",
                remedy="Set `lifecycle: {protect: false}` in its manifest and apply that first.",
            )


def _conflict(case: Case) -> Iterator[Refusal]:
    """With `--on-drift keep`, a value that both sides changed cannot be decided by a machine."""
    if case.world.on_drift != "keep":
        return
    written = {change.address for change in case.work}
    for change in _by_hand(case):
        desired = case.world.desired.get(Address.parse(change.address))
        whole = desired is not None and desired.type in case.world.outlet_types and change.address in written
        both = [item.path for item in change.fields if whole or item.origin == "both"]
        if both:
            yield Refusal(
                address=change.address,
                action=change.action,
                rule="conflict",
                message=f"{', '.join(both)} changed by hand, and the manifest "
                + ("changes what is published with it" if whole else "changes the same"),
                remedy="Take over what was changed by hand into the manifest, or apply with `--on-drift revert`.",
            )


def _by_hand(case: Case) -> Iterator[Change]:
    return (pair.by_hand for pair in case.sorted if pair.by_hand)


def _kept_missing(case: Case) -> Iterator[Refusal]:
    """What stays deleted, as `--on-drift keep` says, cannot be pointed at by something new."""
    missing = {change.address for change in _by_hand(case) if change.action in {"create", "replace"}}
    if case.world.on_drift != "keep" or not missing:
        return
    for change in case.work:
        bundle = case.world.bundles.get(Address.parse(change.address))
        needs = {*case.after.needs.get(change.address, ()), *(bundle.refers_to if bundle else ())}
        needed = sorted(missing.intersection(map(str, needs)))
        if needed and change.action != "delete":
            yield Refusal(
                address=change.address,
                action=change.action,
                rule="conflict",
                message=f"it needs {', '.join(needed)}, which is not live any more",
                remedy="Apply with `--on-drift revert`, which makes it again.",
            )


def _drift(case: Case) -> Iterator[Refusal]:
    if case.world.on_drift != "refuse":
        return
    for change in _by_hand(case):
        yield Refusal(
            address=change.address,
            action=change.action,
            rule="drift",
            message="it was changed by hand, and `--on-drift refuse` asks for a person",
            remedy="Take over or undo the change, or choose `--on-drift revert` or `--on-drift keep`.",
        )


def _duplicate(case: Case) -> Iterator[Refusal]:
    for address, objects in sorted(case.matched.contested.items()):
        if not case.world.in_scope(address):
            continue
        ids = ", ".join(sorted(live.id for live in objects))
        yield Refusal(
            address=str(address),
            action="update",
            rule="duplicate",
            message=f"{len(objects)} live objects carry the label {address}: {ids}",
            remedy="Delete the wrong ones at OpenAI, or remove the `reconciler-` keys from their metadata.",
        )


def _unadopted(case: Case) -> Iterator[Refusal]:
    """What was imported is live already: making it would make it twice."""
    nobodys = {live.id for live in case.matched.strangers if live.labels is None} if case.world.imported else set()
    for change in case.work:
        id_ = case.world.imported.get(Address.parse(change.address))
        if change.action == "create" and id_ in nobodys:
            yield Refusal(
                address=change.address,
                action=change.action,
                rule="duplicate",
                message=f"it was imported from {id_}, which is live and nobody's: a second one would be made",
                remedy="Run `reconciler adopt` first, which takes it over as it is.",
            )


def _used_twin(case: Case) -> Iterator[Refusal]:
    """The second object under an address is removed as nobody's. One that somebody uses is not."""
    twins = [(address, twin) for address, group in case.matched.twins.items() for twin in group if twin.type != "file"]
    users = _users(case.world, {twin.id for _, twin in twins})
    for address, twin in sorted(twins, key=lambda pair: (pair[0], pair[1].id)):
        if twin.id in users and case.world.in_scope(address):
            yield Refusal(
                address=str(address),
                action="delete",
                rule="duplicate",
                message=f"{twin.id} is a second {address}, and {users[twin.id]} uses it",
                remedy=f"Point {users[twin.id]} at something else, or remove the `reconciler-` keys from {twin.id}.",
            )


def _users(world: World, ids: Collection[str]) -> dict[str, str]:
    """For each of `ids` that is used, somebody who does."""
    return {id_: f"{live.type} {live.id}" for live in world.live if ids for id_ in live.refers_to if id_ in ids}


def _foreign_owner(case: Case) -> Iterator[Refusal]:
    for address, live in sorted(case.matched.taken.items()):
        if not case.world.in_scope(address):
            continue
        owner = live.labels.identity if live.labels else ""
        yield Refusal(
            address=str(address),
            action="update",
            rule="foreign-owner",
            message=f"{live.id} is in our state, but its label says that {owner} owns it",
            remedy=f"If {owner} shall keep it, remove {address} from this project and from its state.",
        )


def _wrong_project(case: Case) -> Iterator[Refusal]:
    message = _of_another_project(case.world)
    if message:
        yield Refusal(
            address=f"project/{case.world.identity.project}",
            action="update",
            rule="wrong-project",
            message=message,
            remedy="Use a key of that project, or choose the environment that this key belongs to.",
        )


def _of_another_project(world: World) -> str:
    """Why the key seems to be of another OpenAI project; empty if it does not."""
    if world.applied_project and world.openai_project:
        differ = world.applied_project != world.openai_project
        message = f"the key is of OpenAI project {world.openai_project}; state was applied to {world.applied_project}"
        return message if differ else ""
    known = {applied.id for applied in world.applied.values() if applied.type not in world.outlet_types}
    if not known or any(live.id in known for live in world.live):
        return ""
    return f"none of the {len(known)} objects that state knows is live: the key may be of another OpenAI project"


def _threshold(case: Case) -> Iterator[Refusal]:
    """More deletes and detached files than a change usually means: `safety.max_deletes` says how many are allowed."""
    deletes = [change.address for change in case.work if change.action == "delete" and not _was_replaced(change)]
    deleted = {change.address for change in case.work if change.action == "delete"}
    detached = _detached(case.work) - deleted
    number, what = len(deletes) + len(detached), "deletes and detached files" if detached else "deletes"
    allowed = case.world.max_deletes
    if allowed is None:
        allowed = max(LEAST_ALLOWED_DELETES, floor(ALLOWED_SHARE * len(case.matched.live)))
    if number <= allowed:
        return
    yield Refusal(
        address=f"project/{case.world.identity.project}",
        action="delete",
        rule="threshold",
        message=f"{number} {what} at once; {allowed} are allowed ({len(case.matched.live)} objects are live)",
        remedy=f"If all of them are meant, set `spec.safety.max_deletes: {number}` in project.yaml.",
    )


def _was_replaced(change: Change) -> bool:
    return is_leftover(Address.parse(change.address), change.id)


def _detached(work: Iterable[Change]) -> set[str]:
    """Files that leave a store, by address."""
    fields = (item for change in work if change.action == "update" for item in change.fields)
    gone = (item.keys for item in fields if item.after is ABSENT and len(item.keys) == 2)
    return {f"file/{path}" for name, path in gone if name == "files"}


RULES: Final = (
    _wrong_project,
    _foreign_owner,
    _duplicate,
    _unadopted,
    _used_twin,
    _referenced,
    _protected,
    _conflict,
    _kept_missing,
    _drift,
    _threshold,
)
