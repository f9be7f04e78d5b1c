"""Which changes of a plan were reviewed, and what is held back because nobody has seen it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reconciler.applying.steps import lower
from reconciler.planning.build import Planned
from reconciler.planning.codec import from_json, seal, seal_plan
from reconciler.planning.model import Change, Plan
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError

BUNDLE: Final = frozenset({"bundle", "ids"})
"""Fields of a publication that follow from what is published."""


@dataclass(frozen=True)
class Held:
    """A change that is not applied."""

    change: Change
    because_of: str | None
    """The address that it waits for and that is held back; None where the change itself was not reviewed."""


@dataclass(frozen=True)
class Approval:
    """A plan, parted."""

    plan: Plan
    """What was reviewed, as a plan of its own."""
    held: tuple[Held, ...]


def approval(planned: Planned, reviewed: Collection[str]) -> Approval:
    """Part a plan that refuses nothing by the digests of the changes that were reviewed.

    What waits for a change that is held back is held back with it. A bundle that only follows from changes of what is
    in it needs no review of its own: two pull requests that were each shown alone make a bundle that neither has shown.
    """
    work = planned.plan.work
    needs, grouped = _needs(planned), written_together(planned)
    held = {change.digest: Held(change, None) for change in work if not _seen(change, reviewed, needs)}
    while further := {found.change.digest: found for found in _waiting(work, needs, grouped, held)}:
        held |= further
    if not held:
        return Approval(planned.plan, ())
    return Approval(without(planned.plan, held), tuple(held[change.digest] for change in work if change.digest in held))


def written_together(planned: Planned) -> Mapping[str, set[str]]:
    """By the digest of each change, those of all that is written with it: what one step does, and of a document in the
    outlets, which is written whole, what changes of the documents in it.
    """
    grouped: dict[str, set[str]] = {change.digest: {change.digest} for change in planned.plan.work}
    at: dict[str, set[str]] = defaultdict(set)
    for change in planned.plan.work:
        at[change.address].add(change.digest)
    for step in lower(planned):
        digests = {change.digest for change in step.changes}
        for change in step.changes:
            grouped[change.digest] |= digests
            if _is_document(planned, change):
                grouped[change.digest].update(*(at[inside] for inside in _documents_in(planned, change.address)))
    return grouped


def without(plan: Plan, held: Collection[str]) -> Plan:
    """`plan` without the changes that have these digests."""
    changes = tuple(change for change in plan.changes if change.digest not in held)
    drift = tuple(_kept(plan, change) if change.digest in held else change for change in plan.drift)
    return seal_plan(replace(plan, changes=changes, drift=drift, requests={}))


def digests(plans: Iterable[bytes], identity: str) -> Iterator[str]:
    """Of the changes in the plan files that are for `identity`; ReconcilerError for a file that is no plan."""
    for data in plans:
        try:
            plan = from_json(json.loads(data))
        except (ValueError, RecursionError) as error:
            message = f"the plan of a pull request is not JSON: {error}"
            raise ReconcilerError(Problem("plan-file", message)) from error
        if plan.identity == identity:
            yield from (change.digest for change in plan.work)


def contents(planned: Planned, address: str) -> set[str]:
    """The addresses of all that is in a bundle, after the plan."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        needed = _parts(planned, waiting.pop()) - found
        found |= needed
        waiting.extend(needed)
    return found


def _parts(planned: Planned, address: str) -> set[str]:
    """What the object at `address` has in it: a draft not the release that is published under the same name."""
    release = release_of(planned.inputs, Address.parse(address))
    return {str(one) for one in planned.after.needs.get(Address.parse(address), ()) if one != release}


def _is_document(planned: Planned, change: Change) -> bool:
    """Whether it writes what is at its address: not the choice of a release, which is a document of its own."""
    return not _chooses(change) and _in_outlets(planned, change.address)


def _in_outlets(planned: Planned, address: str) -> bool:
    desired = planned.inputs.desired.get(Address.parse(address))
    return desired is not None and desired.type in planned.inputs.outlet_types


def _documents_in(planned: Planned, address: str) -> set[str]:
    """The documents that the one at `address` has in it, and those in them."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        needed = _parts(planned, waiting.pop()) - found
        inside = {one for one in needed if _in_outlets(planned, one)}
        found |= inside
        waiting.extend(inside)
    return found


def _needs(planned: Planned) -> dict[str, set[str]]:
    """What each change waits for, by its digest: other addresses that the plan changes."""
    work = planned.plan.work
    needs: dict[str, set[str]] = {change.digest: set() for change in work}
    for step, before in lower(planned).items():
        for change in step.changes:
            needs[change.digest] |= {str(other.address) for other in before}
    for change in work:
        if _says_nothing(change):
            needs[change.digest] |= contents(planned, change.address)
    addresses = {change.address for change in work}
    return {change.digest: needs[change.digest] & addresses - {change.address} for change in work}


def _seen(change: Change, reviewed: Collection[str], needs: dict[str, set[str]]) -> bool:
    return change.digest in reviewed or (_says_nothing(change) and bool(needs[change.digest]))


def _says_nothing(change: Change) -> bool:
    """Whether a publication only follows from what is in it. Which release applications get never does."""
    follows = change.action in {"publish", "update"} and all(f.keys[0] in BUNDLE for f in change.fields)
    return follows and not _chooses(change)


def _chooses(change: Change) -> bool:
    """Whether it says which release applications get."""
    return change.action == "publish" and Address.parse(change.address).kind == "chatbot"


def _kept(plan: Plan, change: Change) -> Change:
    return seal(plan.identity, replace(change, decision="keep"))


def _waiting(
    work: Iterable[Change], needs: dict[str, set[str]], grouped: Mapping[str, set[str]], held: dict[str, Held]
) -> Iterator[Held]:
    """Changes that are not held back yet, and wait for one that is or would write it too."""
    addresses = {one.change.address for one in held.values()}
    for change in work:
        with_it = {held[digest].change.address for digest in grouped[change.digest] & held.keys()}
        blocking = sorted(needs[change.digest] & addresses | with_it)
        if change.digest not in held and blocking:
            yield Held(change, blocking[0])
