"""Rules for ownership and protection: another OpenAI project, another owner, duplicates, `lifecycle.protect`."""

from collections.abc import Collection, Iterator
from itertools import chain

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import announced, applied_protection
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address


def another_project(case: GuardContext) -> Iterator[Violation]:
    answered, applied = case.inputs.openai_project, case.inputs.applied_project
    if answered and applied and answered != applied:
        cause = Cause("other-project", {"answered": answered, "applied": applied})
        yield _wrong_project(case, cause, facts=[answered, applied])


def nothing_found(case: GuardContext) -> Iterator[Violation]:
    """Refuse a plan if no object of the state is live and the API does not return the name of the project."""
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
    """Refuse changes of objects in the state that carry the label of another owner."""
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
    """Refuse changes of an address with several live objects and no entry in the state."""
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
    """Refuse to create an object that a manifest was imported from and that is still live."""
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
    """Refuse to delete a duplicate that another object uses."""
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
    """Return one user of each of `ids` that is used."""
    everybody = chain(inputs.live, inputs.elsewhere) if ids else ()
    return {id_: f"{live.type} {live.id}" for live in everybody for id_ in live.refers_to if id_ in ids}


def protected_duplicate(case: GuardContext) -> Iterator[Violation]:
    """Refuse to delete a duplicate of a protected object that was not made by an unfinished create."""
    for address, duplicates in sorted(case.matched.duplicates.items()):
        for duplicate in duplicates:
            labelled = duplicate.labels is not None and duplicate.labels.protected
            if labelled and case.inputs.in_scope(address) and not announced(case.inputs, address, [duplicate]):
                yield Violation(
                    address=str(address),
                    action="delete",
                    cause=Cause("duplicate-protected", {"address": str(address), "id": duplicate.id}),
                    remedies=(Remedy("delete-or-unlabel-one", {"id": duplicate.id}),),
                    facts=[duplicate.id],
                )


def protected(case: GuardContext) -> Iterator[Violation]:
    """Refuse to remove or replace an object that the state or its label protects, whatever its manifest sets now."""
    replaced = {Address.parse(change.address): change for change in case.work if change.action == "replace"}
    for address, change in {**case.removals, **replaced}.items():
        if applied_protection(case.inputs.applied.get(address), case.matched.live.get(address)):
            yield Violation(
                address=str(address),
                action=change.action,
                cause=Cause("protected", {"address": str(address)}),
                remedies=(Remedy("unprotect"),),
                facts=[change.id],
            )
