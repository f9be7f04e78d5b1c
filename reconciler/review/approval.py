"""The split of a plan into reviewed changes and changes that are held back."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reconciler.applying.steps import lower
from reconciler.planning.build import Planned
from reconciler.planning.codec import from_json, seal_change, seal_plan
from reconciler.planning.model import Change, Plan, is_repaired
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import same

BUNDLE: Final = frozenset({"bundle", "ids"})
"""Fields of a publication that follow from the published objects."""


@dataclass(frozen=True)
class Held:
    """A change that is held back."""

    change: Change
    because_of: str | None
    """The address of a held back change that it depends on; None if the change itself was not reviewed."""


@dataclass(frozen=True)
class Approval:
    """A plan, split by review."""

    plan: Plan
    """The reviewed changes as a plan."""
    held: tuple[Held, ...]


def approval(planned: Planned, reviewed: Collection[str]) -> Approval:
    """Split a plan without refusals by the digests of the reviewed changes.

    Dependents of a change that is held back are also held back. The publication of a bundle requires no review of its
    own if it only follows from changes of its objects: two pull requests, each with its own plan, can result in a
    bundle that neither of the plans contains. Nor does an object that only follows the published release of its
    chatbot, or a repair that restores what was applied.
    """
    work = planned.plan.work
    needs, grouped = _needs(planned), written_together(planned)
    edited = {change.address for change in planned.plan.changes}
    restoring = (change for change in work if change.address not in edited and _restores(planned, change))
    following = (change for change in work if _follows_release(planned, change, needs))
    known = {*reviewed, *(change.digest for change in (*restoring, *following))}
    held = {change.digest: Held(change, None) for change in work if not _seen(change, known, needs)}
    while further := {found.change.digest: found for found in _waiting(work, needs, grouped, held)}:
        held |= further
    if not held:
        return Approval(planned.plan, ())
    return Approval(without(planned.plan, held), tuple(held[change.digest] for change in work if change.digest in held))


def written_together(planned: Planned) -> Mapping[str, set[str]]:
    """Return, by the digest of each change, the digests of all changes that are written together with it.

    These are the changes of the same step, and for a document in the outlets, which is written as a whole, the changes
    of the documents that it contains.
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
    """Return `plan` without the changes with these digests."""
    changes = tuple(change for change in plan.changes if change.digest not in held)
    drift = tuple(
        seal_change(plan.identity, replace(change, decision="keep")) if change.digest in held else change
        for change in plan.drift
    )
    return seal_plan(replace(plan, changes=changes, drift=drift, requests={}))


def digests(plans: Iterable[bytes], identity: str) -> Iterator[str]:
    """Return the digests of the changes in plan files for `identity`; raises ReconcilerError for an invalid file."""
    for data in plans:
        try:
            plan = from_json(json.loads(data))
        except (ValueError, RecursionError) as error:
            message = f"the plan file of a pull request is not JSON: {error}"
            raise ReconcilerError(Problem("plan-file", message)) from error
        if plan.identity == identity:
            yield from (change.digest for change in plan.work)


def contents(planned: Planned, address: str) -> set[str]:
    """Return the addresses of all objects in a bundle after the plan."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        needed = _parts(planned, waiting.pop()) - found
        found |= needed
        waiting.extend(needed)
    return found


def _parts(planned: Planned, address: str) -> set[str]:
    """Return the parts of the object at `address`; for a draft without the release published under the same name."""
    release = release_of(planned.inputs, Address.parse(address))
    return {str(one) for one in planned.after.needs.get(Address.parse(address), ()) if one != release}


def _is_document(planned: Planned, change: Change) -> bool:
    """Return True if the change writes the document at its address; the choice of a release is another document."""
    return not _chooses_release(change) and _in_outlets(planned, change.address)


def _in_outlets(planned: Planned, address: str) -> bool:
    desired = planned.inputs.desired.get(Address.parse(address))
    return desired is not None and desired.type in planned.inputs.outlet_types


def _documents_in(planned: Planned, address: str) -> set[str]:
    """Return the documents inside the document at `address`, at any depth."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        needed = _parts(planned, waiting.pop()) - found
        inside = {one for one in needed if _in_outlets(planned, one)}
        found |= inside
        waiting.extend(inside)
    return found


def _needs(planned: Planned) -> dict[str, set[str]]:
    """Return the changed addresses that each change depends on, by its digest."""
    work = planned.plan.work
    needs: dict[str, set[str]] = {change.digest: set() for change in work}
    for step, before in lower(planned).items():
        for change in step.changes if step.verb != "record" else ():  # it is last, and depends on no other change
            needs[change.digest] |= {str(other.address) for other in before}
    for change in work:
        if _only_follows(change):
            needs[change.digest] |= contents(planned, change.address)
    addresses = {change.address for change in work}
    return {change.digest: needs[change.digest] & addresses - {change.address} for change in work}


def _seen(change: Change, reviewed: Collection[str], needs: dict[str, set[str]]) -> bool:
    return change.digest in reviewed or (_only_follows(change) and bool(needs[change.digest]))


def _follows_release(planned: Planned, change: Change, needs: Mapping[str, set[str]]) -> bool:
    """Return True if a change only gives an object the agent of the release that the same plan publishes, or suspends
    or resumes it.
    """
    address = Address.parse(change.address)
    runner = planned.inputs.runners.get(address)
    if runner is None or change.action != "update" or str(runner.chatbot) not in needs[change.digest]:
        return False
    suspended = planned.inputs.resource_types[planned.inputs.desired[address].type].suspended
    return all(item.keys == runner.keys or item.keys[0] in suspended for item in change.fields)


def _restores(planned: Planned, change: Change) -> bool:
    """Return True if a change repairs a loss and writes nothing but what was applied before. The caller excludes
    objects that have further changes.
    """
    address = Address.parse(change.address)
    desired, applied = planned.inputs.desired.get(address), planned.inputs.applied.get(address)
    if not is_repaired(change) or desired is None or applied is None or desired.type != applied.type:
        return False
    return same(dict(desired.fields), dict(applied.fields))


def _only_follows(change: Change) -> bool:
    """Return True if a publication only follows from changes of its objects; never for the choice of a release."""
    follows = change.action in {"publish", "update"} and all(f.keys[0] in BUNDLE for f in change.fields)
    return follows and not _chooses_release(change)


def _chooses_release(change: Change) -> bool:
    """Return True if the change selects the release that applications load."""
    named = change.action == "publish" and Address.parse(change.address).kind == "chatbot"
    return named and not change.is_consequence


def _waiting(
    work: Iterable[Change], needs: dict[str, set[str]], grouped: Mapping[str, set[str]], held: dict[str, Held]
) -> Iterator[Held]:
    """Return further changes that depend on a change that is held back, or are written together with one."""
    addresses = {one.change.address for one in held.values()}
    for change in work:
        with_it = {held[digest].change.address for digest in grouped[change.digest] & held.keys()}
        blocking = sorted(needs[change.digest] & addresses | with_it)
        if change.digest not in held and blocking:
            yield Held(change, blocking[0])
