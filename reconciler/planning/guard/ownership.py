"""Whose the objects are: another OpenAI project, another owner, two objects for one address."""

from collections.abc import Collection, Iterator
from itertools import chain

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address


def another_project(case: GuardContext) -> Iterator[Violation]:
    answered, applied = case.inputs.openai_project, case.inputs.applied_project
    if answered and applied and answered != applied:
        cause = Cause("other-project", {"answered": answered, "applied": applied})
        yield _wrong_project(case, cause, facts=[answered, applied])


def nothing_found(case: GuardContext) -> Iterator[Violation]:
    """State knows objects and none of them is live, where the API does not say which project has answered."""
    inputs = case.inputs
    known = sorted(applied.id for applied in inputs.applied.values() if applied.type not in inputs.outlet_types)
    if (inputs.applied_project and inputs.openai_project) or not known:
        return
    live = {live.id for live in inputs.live}
    if live.isdisjoint(known):
        yield _wrong_project(case, Cause("nothing-live", {"objects": len(known)}), facts=known)


def _wrong_project(case: GuardContext, cause: Cause, facts: list[str]) -> Violation:
    return Violation(
        address=f"project/{case.inputs.identity.project}",
        action="update",
        cause=cause,
        remedies=(Remedy("use-other-key"),),
        facts=facts,
    )


def foreign(case: GuardContext) -> Iterator[Violation]:
    """Objects that state knows and somebody else has labelled."""
    for address, live in sorted(case.matched.taken.items()):
        if case.inputs.in_scope(address):
            owner = live.labels.identity if live.labels else ""
            yield Violation(
                address=str(address),
                action="update",
                cause=Cause("foreign-owner", {"id": live.id, "owner": owner}),
                remedies=(Remedy("leave-to-owner", {"owner": owner, "address": str(address)}),),
                facts=[live.id, owner],
            )


def ambiguous(case: GuardContext) -> Iterator[Violation]:
    """Several objects with one address, and no state to tell which is meant."""
    for address, objects in sorted(case.matched.ambiguous.items()):
        if case.inputs.in_scope(address):
            ids = sorted(live.id for live in objects)
            yield Violation(
                address=str(address),
                action="update",
                cause=Cause("same-label", {"address": str(address), "ids": ids}),
                remedies=(Remedy("delete-or-unlabel"),),
                facts=ids,
            )


def unadopted(case: GuardContext) -> Iterator[Violation]:
    """What was imported is live already: making it would make it twice."""
    nobodys = {live.id for live in case.matched.unmanaged if live.labels is None} if case.inputs.imported else set()
    for change in case.work:
        id_ = case.inputs.imported.get(Address.parse(change.address))
        if change.action == "create" and id_ in nobodys:
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("imported-unmanaged", {"id": id_}),
                remedies=(Remedy("adopt-first"),),
                facts=[id_],
            )


def used_duplicate(case: GuardContext) -> Iterator[Violation]:
    """The second object under an address is removed as nobody's. One that somebody uses is not."""
    duplicates = [(address, duplicate) for address, group in case.matched.duplicates.items() for duplicate in group]
    users = _users(case.inputs, {duplicate.id for _, duplicate in duplicates})
    for address, duplicate in sorted(duplicates, key=lambda pair: (pair[0], pair[1].id)):
        if duplicate.id in users and case.inputs.in_scope(address):
            about = {"id": duplicate.id, "user": users[duplicate.id]}
            yield Violation(
                address=str(address),
                action="delete",
                cause=Cause("duplicate-used", {"address": str(address), **about}),
                remedies=(Remedy("repoint-user", about),),
                facts=[duplicate.id, users[duplicate.id]],
            )


def _users(inputs: PlanInputs, ids: Collection[str]) -> dict[str, str]:
    """For each of `ids` that is used, somebody who does."""
    everybody = chain(inputs.live, inputs.elsewhere) if ids else ()
    return {id_: f"{live.type} {live.id}" for live in everybody for id_ in live.refers_to if id_ in ids}
