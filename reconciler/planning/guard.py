"""What a plan must not do. Every rule gives refusals; one refusal stops the whole apply.

The rule this tool exists for: nothing is deleted while something that survives the plan still points at it, whoever
that is. Referrers that the same plan removes do not count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import Final

from reconciler.planning.changes import Sorted
from reconciler.planning.graph import Edge, Graph
from reconciler.planning.match import Matched, applied_protection
from reconciler.planning.model import SECTIONS, Change, Refusal, Section
from reconciler.planning.world import World
from reconciler.resources.address import Address

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
    removed = {address for address, _ in removals}
    for address, change in removals:
        family = [address, *(other for other in removed if other != address and other.family == address)]
        edges = [edge for member in family for edge in case.after.referrers.get(member, ())]
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
    names = sorted({entry.partition(" ")[0] for entries in sections.values() for entry in entries})
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Point {listed} at something else, or remove it in the same change; or put the manifest of {address} back."


def _protected(case: Case) -> Iterator[Refusal]:
    replaced = ((Address.parse(change.address), change) for change in case.work if change.action == "replace")
    for address, change in (*_removals(case), *replaced):
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
    for pair in case.sorted:
        both = [item.path for item in (pair.by_hand.fields if pair.by_hand else ()) if item.origin == "both"]
        if pair.by_hand is not None and both:
            yield Refusal(
                address=pair.by_hand.address,
                action=pair.by_hand.action,
                rule="conflict",
                message=f"{', '.join(both)} changed in the manifest and by hand",
                remedy="Take over what was changed by hand into the manifest, or apply with `--on-drift revert`.",
            )


def _kept_missing(case: Case) -> Iterator[Refusal]:
    """What stays deleted, as `--on-drift keep` says, cannot be pointed at by something new."""
    missing = {
        pair.by_hand.address for pair in case.sorted if pair.by_hand and pair.by_hand.action in {"create", "replace"}
    }
    if case.world.on_drift != "keep" or not missing:
        return
    for change in case.work:
        needed = sorted(str(target) for target in case.after.needs.get(change.address, ()) if str(target) in missing)
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
    for pair in case.sorted:
        if pair.by_hand is not None:
            yield Refusal(
                address=pair.by_hand.address,
                action=pair.by_hand.action,
                rule="drift",
                message="it was changed by hand, and `--on-drift refuse` asks for a person",
                remedy="Take over or undo the change, or choose `--on-drift revert` or `--on-drift keep`.",
            )


def _duplicate(case: Case) -> Iterator[Refusal]:
    for address, objects in sorted(case.matched.contested.items()):
        ids = ", ".join(sorted(live.id for live in objects))
        yield Refusal(
            address=str(address),
            action="update",
            rule="duplicate",
            message=f"{len(objects)} live objects carry the label {address}: {ids}",
            remedy="Delete the wrong ones at OpenAI, or remove the `reconciler-` keys from their metadata.",
        )


def _foreign_owner(case: Case) -> Iterator[Refusal]:
    for address, live in sorted(case.matched.taken.items()):
        owner = live.labels.identity if live.labels else ""
        yield Refusal(
            address=str(address),
            action="update",
            rule="foreign-owner",
            message=f"{live.id} is in our state, but its label says that {owner} owns it",
            remedy=f"If {owner} shall keep it, remove {address} from this project and from its state.",
        )


def _wrong_project(case: Case) -> Iterator[Refusal]:
    world = case.world
    if not world.applied_project or not world.openai_project or world.applied_project == world.openai_project:
        return
    yield Refusal(
        address=f"project/{world.identity.project}",
        action="update",
        rule="wrong-project",
        message=f"the key is of OpenAI project {world.openai_project}; state was applied to {world.applied_project}",
        remedy="Use a key of that project, or choose the environment that this key belongs to.",
    )


def _threshold(case: Case) -> Iterator[Refusal]:
    """More deletes at once than a change usually means: `safety.max_deletes` says how many are allowed."""
    deletes = [change.address for change in case.work if change.action == "delete"]
    allowed = case.world.max_deletes
    if allowed is None:
        allowed = max(LEAST_ALLOWED_DELETES, floor(ALLOWED_SHARE * len(case.matched.live)))
    if len(deletes) <= allowed:
        return
    yield Refusal(
        address=f"project/{case.world.identity.project}",
        action="delete",
        rule="threshold",
        message=f"{len(deletes)} deletes at once; {allowed} are allowed ({len(case.matched.live)} objects are live)",
        remedy=f"If all of them are meant, set `spec.safety.max_deletes: {len(deletes)}` in project.yaml.",
    )


RULES: Final = (
    _wrong_project,
    _foreign_owner,
    _duplicate,
    _referenced,
    _protected,
    _conflict,
    _kept_missing,
    _drift,
    _threshold,
)
