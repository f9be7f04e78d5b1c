"""`plan`: from all that was read to the one frozen value that everything else reads. Resolve, diff, guard, seal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from reconciler.planning import guard
from reconciler.planning.adoption import uploads_alike
from reconciler.planning.changes import ByOrigin, changes, is_labelled, not_named
from reconciler.planning.codec import seal, seal_plan
from reconciler.planning.consents import lift
from reconciler.planning.graph import Graph, after, before, group_of
from reconciler.planning.guard import RULES, Check, GuardContext
from reconciler.planning.impact import references
from reconciler.planning.inputs import Link, PlanInputs
from reconciler.planning.keep_on_delete import given_up, stays_published
from reconciler.planning.match import Matched
from reconciler.planning.model import (
    INVALIDATES_ID,
    RELEASES_OWNERSHIP,
    Change,
    Decision,
    Plan,
    Refusal,
    Unmanaged,
)
from reconciler.planning.publications import publications
from reconciler.planning.reasons import Notice
from reconciler.planning.referrers import Node
from reconciler.planning.requests import requests
from reconciler.planning.resolution import Resolution, resolve
from reconciler.planning.risks import with_risks
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.metadata import has_room
from reconciler.resources.values import references_in


@dataclass(frozen=True)
class Planned:
    """A plan together with what it was made from, which applying it needs."""

    plan: Plan
    inputs: PlanInputs
    matched: Matched
    before: Graph
    after: Graph


def plan(
    inputs: PlanInputs,
    *,
    commit: str | None = None,
    created_at: str = "",
    rules: Mapping[str, tuple[Check, ...]] = RULES,
) -> Planned:
    """Compare what is wanted, last applied and live. Pure: the same inputs give the same plan and digest.

    `rules` are those of the guard; only tests leave some out.
    """
    found = difference(resolve(inputs))
    return sealed(found, guarded(found, rules), commit, created_at)


@dataclass(frozen=True)
class Difference:
    """What differs, in the order of the plan, before anything is said about it."""

    resolution: Resolution
    by_origin: tuple[ByOrigin, ...]
    plan: Plan
    """Changes and drift; nothing of it is refused yet."""
    before: Graph
    after: Graph


def difference(resolution: Resolution) -> Difference:
    """Return what applying has to do, told apart by who made the difference."""
    inputs, matched, retired = resolution.inputs, resolution.matched, resolution.retired
    pairs = tuple(changes(inputs, matched, retired.reasons))
    pairs += tuple(publications(inputs, matched, pairs))
    ours = [pair.ours for pair in pairs if pair.ours]
    by_hand = [_decided(inputs, pair.by_hand) for pair in pairs if pair.by_hand]
    work = [*ours, *(change for change in by_hand if change.decision == "revert")]
    left = [change for change in by_hand if change.decision != "revert"]
    graphs = before(inputs, matched), after(inputs, matched, work, left)
    arranged = _Arrangement(inputs, *graphs)
    made = Plan(
        identity=str(inputs.identity),
        changes=arranged.of(ours),
        drift=arranged.of(by_hand),
        unmanaged=tuple(_strangers(matched)),
        warnings=(*_warnings(inputs, matched), *map(_unmarked, retired.unmarked)),
        unchanged=_unchanged(inputs, matched, [*ours, *by_hand]),
    )
    return Difference(resolution, pairs, made, *graphs)


def guarded(found: Difference, rules: Mapping[str, tuple[Check, ...]] = RULES) -> Plan:
    """Return the plan with what the guard refuses, what it risks, and what it costs."""
    inputs, matched = found.resolution.inputs, found.resolution.matched
    case = GuardContext(inputs, matched, found.by_origin, found.plan.work, found.after)
    lifted = lift(inputs, tuple(guard.refusals(case, rules)))
    return replace(
        with_risks(found.plan, case, lifted.permitted),
        refusals=lifted.refusals,
        warnings=(*found.plan.warnings, *lifted.warnings),
        requests=requests(inputs, matched, found.plan.work),
        costs=case.costs,
        references=references(_touched(found.plan, lifted.refusals), found.before, found.after),
    )


def sealed(found: Difference, made: Plan, commit: str | None = None, created_at: str = "") -> Planned:
    """Return the plan with its digest, together with what it was made from."""
    plan = seal_plan(replace(made, commit=commit, created_at=created_at))
    return Planned(plan, found.resolution.inputs, found.resolution.matched, found.before, found.after)


def _touched(made: Plan, refusals: Iterable[Refusal]) -> Iterator[str]:
    """Every address that the plan is about; a refusal of the whole plan is about none."""
    for change in (*made.changes, *made.drift):
        yield change.address
    for refusal in refusals:
        yield refusal.address


def unresolved(planned: Planned) -> Iterator[tuple[Address, Link]]:
    """References of manifests to what neither a manifest, nor state, nor a live object of ours knows."""
    known = {*planned.inputs.desired, *planned.inputs.applied, *planned.matched.live}
    known -= given_up(planned.inputs, planned.matched).keys()
    now = planned.matched.now
    for address, links in sorted(planned.inputs.links.items()):
        yield from ((address, link) for link in links if now(link.target) not in known)
    for address, desired in sorted(planned.inputs.desired.items()):
        if desired.whole:
            place = f"{desired.place.file}:{desired.place.line}" if desired.place else ""
            named = dict.fromkeys(map(Address.parse, references_in(dict(desired.fields))))
            yield from ((address, Link(target, place)) for target in named if now(target) not in known)


def _decided(inputs: PlanInputs, change: Change) -> Change:
    decision: Decision | None = None if inputs.on_drift == "refuse" else inputs.on_drift
    return replace(change, decision=decision)


@dataclass(frozen=True)
class _Arrangement:
    """Puts changes into the order in which they are shown: what others need first, removals last and in reverse."""

    inputs: PlanInputs
    before: Graph
    after: Graph

    def of(self, found: Iterable[Change]) -> tuple[Change, ...]:
        sealed = [seal(str(self.inputs.identity), self._with_referrers(change)) for change in found]
        staying = sorted((change for change in sealed if change.action not in RELEASES_OWNERSHIP), key=self._by_depth)
        gone = sorted((change for change in sealed if change.action in RELEASES_OWNERSHIP), key=self._by_rank)
        return (*staying, *gone)

    def _by_depth(self, change: Change) -> tuple[int, str, str, str]:
        return self._made.get(Address.parse(change.address), 0), change.address, change.action, change.id or ""

    def _by_rank(self, change: Change) -> tuple[int, int, str, str, str]:
        """By group: releases, what they have frozen of pipelines, then of assistants, assistants, stores, files."""
        address = Address.parse(change.address)
        rank, removed = self._ranks.get(group_of(address), 0), self._removed.get(address, 0)
        return -rank, -removed, change.address, change.action, change.id or ""

    @cached_property
    def _made(self) -> Mapping[Node, int]:
        return self.after.depths()

    @cached_property
    def _removed(self) -> Mapping[Node, int]:
        return self.before.depths()

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return self.before.ranks()

    def _with_referrers(self, change: Change) -> Change:
        """Removing something is right only as long as nobody new points at it."""
        if change.action not in INVALIDATES_ID:
            return change
        edges = self.before.referrers.get(Address.parse(change.address), ())
        return replace(change, preconditions={"referrers": sorted({str(edge.source) for edge in edges})})


def _strangers(matched: Matched) -> Iterator[Unmanaged]:
    for live in sorted(matched.unmanaged, key=lambda live: (live.type, live.name, live.id)):
        owner = live.labels.identity if live.labels else None
        yield Unmanaged(live.type, live.id, live.name, owner)


def _warnings(inputs: PlanInputs, matched: Matched) -> Iterator[Notice]:
    """What is live, not ours to change, and good to know."""
    for address, live in sorted(matched.live.items()):
        if not inputs.in_scope(address):
            continue
        if address in inputs.adopt:
            yield from uploads_alike(inputs, matched, address)
            continue
        if stays_published(inputs, address):
            yield Notice("stays-published", address=str(address))
        if is_labelled(inputs, live.type) and live.labels is None and not has_room(live.fields.get("metadata")):
            yield Notice("no-label-room", address=str(address))
        for name in _too_late(inputs, address, live):
            yield Notice("set-at-creation", {"field": name}, str(address))
        desired = inputs.desired.get(address)
        members = inputs.members(live.type)
        if members and desired is not None and not desired.prunes:
            extra = not_named(members, desired, inputs.applied.get(address), live)
            if extra:
                yield Notice("files-not-in-manifest", {"files": sorted(extra)}, str(address))
        failed = members.failed(live.detail) if members else ()
        if failed:
            yield Notice("files-not-indexed", {"files": sorted(failed)}, str(address))


def _unmarked(release: Address) -> Notice:
    return Notice("already-archived", address=str(release))


def _too_late(inputs: PlanInputs, address: Address, live: Live) -> Iterator[str]:
    """Fields whose new value waits for the next object."""
    desired, applied = inputs.desired.get(address), inputs.applied.get(address)
    if desired and applied:
        for name in sorted(inputs.resource_types[live.type].creation_only):
            if desired.write_only.get(name) != applied.write_only.get(name):
                yield name


def _unchanged(inputs: PlanInputs, matched: Matched, found: Iterable[Change]) -> int:
    changed = {Address.parse(change.address) for change in found} | matched.ambiguous.keys() | matched.taken.keys()
    return sum(1 for address in inputs.desired if inputs.in_scope(address) and address not in changed)
