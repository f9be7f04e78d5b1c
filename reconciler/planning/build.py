"""The seal stage, and the complete plan from its inputs: resolve, diff, guard, seal."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.planning.codec import seal_plan
from reconciler.planning.difference import Difference, diff
from reconciler.planning.graph import Graph, references
from reconciler.planning.guard import RULES, Check, GuardResult, guard
from reconciler.planning.inputs import Link, PlanInputs
from reconciler.planning.keep_on_delete import given_up
from reconciler.planning.match import Matched
from reconciler.planning.model import Plan
from reconciler.planning.requests import requests
from reconciler.planning.resolution import resolve
from reconciler.planning.risks import with_risks
from reconciler.planning.schedules import with_runs
from reconciler.planning.version_changes import version_changes
from reconciler.resources.address import Address
from reconciler.resources.values import references_in


@dataclass(frozen=True)
class Planned:
    """A plan with the values that it was made from, which apply and the drift report require."""

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
    """Plan without bundles. Equal inputs give an equal plan with an equal digest.

    `rules` are the rules of the guard; tests leave some out.
    """
    difference = diff(resolve(inputs))
    return seal(difference, guard(difference, rules), commit=commit, created_at=created_at)


def seal(difference: Difference, guarded: GuardResult, *, commit: str | None, created_at: str) -> Planned:
    """Add refusals, risks, costs, request counts and the digest to the plan of a difference. The next times at which
    objects act are those after `created_at`.
    """
    inputs, matched, found = difference.resolution.inputs, difference.resolution.matched, difference.plan
    refusals = guarded.lifted.refusals
    touched = (item.address for group in (found.changes, found.drift, refusals) for item in group)
    if created_at:
        found = with_runs(inputs, matched, found, datetime.fromisoformat(created_at))
    complete = replace(
        with_risks(found, guarded.context, guarded.lifted.permitted),
        refusals=refusals,
        warnings=(*found.warnings, *guarded.lifted.warnings),
        requests=requests(inputs, matched, found.work),
        costs=guarded.context.costs,
        versions=tuple(version_changes(inputs, matched, found.work)),
        references=references(touched, difference.before, difference.after),
        commit=commit,
        created_at=created_at,
        destroys=inputs.destroys is not None,
    )
    return Planned(seal_plan(complete), inputs, matched, difference.before, difference.after)


def unresolved(planned: Planned) -> Iterator[tuple[Address, Link]]:
    """Yield the references of manifests to addresses that are in no manifest, not in the state and not live."""
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


def planned_deletions(planned: Planned) -> Mapping[str, frozenset[str]]:
    """Return the ids of the live objects that the plan deletes, by type, with those that are deleted with a parent."""
    found: dict[str, set[str]] = defaultdict(set)
    for change in planned.plan.work:
        live = planned.matched.live.get(Address.parse(change.address))
        if change.ends_id and live and change.id and live.type not in planned.inputs.outlet_types:
            found[live.type].add(change.id)
    for live, _ in planned.inputs.children({id_ for ids in found.values() for id_ in ids} if found else ()):
        found[live.type].add(live.id)
    return {type_: frozenset(ids) for type_, ids in found.items()}
