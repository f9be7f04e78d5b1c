"""Whose the objects are: another OpenAI project, another owner, two objects for one address."""

from collections.abc import Collection, Iterator
from itertools import chain

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.inputs import PlanInputs
from reconciler.resources.address import Address


def another_project(case: GuardContext) -> Iterator[Violation]:
    answered, applied = case.inputs.openai_project, case.inputs.applied_project
    if answered and applied and answered != applied:
        message = f"the key is of OpenAI project {answered}; state was applied to {applied}"
        yield _wrong_project(case, message, facts=[answered, applied])


def nothing_found(case: GuardContext) -> Iterator[Violation]:
    """State knows objects and none of them is live, where the API does not say which project has answered."""
    inputs = case.inputs
    known = sorted(applied.id for applied in inputs.applied.values() if applied.type not in inputs.outlet_types)
    if (inputs.applied_project and inputs.openai_project) or not known:
        return
    live = {live.id for live in inputs.live}
    if live.isdisjoint(known):
        message = f"none of the {len(known)} objects that state knows is live"
        yield _wrong_project(case, f"{message}: the key may be of another OpenAI project", facts=known)


def _wrong_project(case: GuardContext, message: str, facts: list[str]) -> Violation:
    return Violation(
        address=f"project/{case.inputs.identity.project}",
        action="update",
        message=message,
        remedy="Use a key of that project, or choose the environment that this key belongs to.",
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
                message=f"{live.id} is in our state, but its label says that {owner} owns it",
                remedy=f"If {owner} shall keep it, remove {address} from this project and from its state.",
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
                message=f"{len(ids)} live objects carry the label {address}: {', '.join(ids)}",
                remedy="Delete the wrong ones at OpenAI, or remove the `reconciler-` keys from their metadata.",
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
                message=f"it was imported from {id_}, which is live and nobody's: a second one would be made",
                remedy="Run `reconciler adopt` first, which takes it over as it is.",
                facts=[id_],
            )


def used_duplicate(case: GuardContext) -> Iterator[Violation]:
    """The second object under an address is removed as nobody's. One that somebody uses is not."""
    duplicates = [(address, duplicate) for address, group in case.matched.duplicates.items() for duplicate in group]
    users = _users(case.inputs, {duplicate.id for _, duplicate in duplicates})
    for address, duplicate in sorted(duplicates, key=lambda pair: (pair[0], pair[1].id)):
        if duplicate.id in users and case.inputs.in_scope(address):
            yield Violation(
                address=str(address),
                action="delete",
                message=f"{duplicate.id} is a second {address}, and {users[duplicate.id]} uses it",
                remedy=f"Point {users[duplicate.id]} at something else, "
                f"or remove the `reconciler-` keys from {duplicate.id}.",
                facts=[duplicate.id, users[duplicate.id]],
            )


def _users(inputs: PlanInputs, ids: Collection[str]) -> dict[str, str]:
    """For each of `ids` that is used, somebody who does."""
    everybody = chain(inputs.live, inputs.elsewhere) if ids else ()
    return {id_: f"{live.type} {live.id}" for live in everybody for id_ in live.refers_to if id_ in ids}
