"""Whose the objects are: another OpenAI project, another owner, two objects for one address."""

from collections.abc import Collection, Iterator
from itertools import chain

from reconciler.planning.guard.context import Case, Objection
from reconciler.planning.inputs import World
from reconciler.resources.address import FILE, Address


def another_project(case: Case) -> Iterator[Objection]:
    answered, applied = case.world.openai_project, case.world.applied_project
    if answered and applied and answered != applied:
        message = f"the key is of OpenAI project {answered}; state was applied to {applied}"
        yield _wrong_project(case, message, facts=[answered, applied])


def nothing_found(case: Case) -> Iterator[Objection]:
    """State knows objects and none of them is live, where the API does not say which project has answered."""
    world = case.world
    known = sorted(applied.id for applied in world.applied.values() if applied.type not in world.outlet_types)
    if (world.applied_project and world.openai_project) or not known:
        return
    live = {live.id for live in world.live}
    if live.isdisjoint(known):
        message = f"none of the {len(known)} objects that state knows is live"
        yield _wrong_project(case, f"{message}: the key may be of another OpenAI project", facts=known)


def _wrong_project(case: Case, message: str, facts: list[str]) -> Objection:
    return Objection(
        address=f"project/{case.world.identity.project}",
        action="update",
        message=message,
        remedy="Use a key of that project, or choose the environment that this key belongs to.",
        facts=facts,
    )


def foreign(case: Case) -> Iterator[Objection]:
    """Objects that state knows and somebody else has labelled."""
    for address, live in sorted(case.matched.taken.items()):
        if case.world.in_scope(address):
            owner = live.labels.identity if live.labels else ""
            yield Objection(
                address=str(address),
                action="update",
                message=f"{live.id} is in our state, but its label says that {owner} owns it",
                remedy=f"If {owner} shall keep it, remove {address} from this project and from its state.",
                facts=[live.id, owner],
            )


def contested(case: Case) -> Iterator[Objection]:
    """Several objects with one address, and no state to tell which is meant."""
    for address, objects in sorted(case.matched.contested.items()):
        if case.world.in_scope(address):
            ids = sorted(live.id for live in objects)
            yield Objection(
                address=str(address),
                action="update",
                message=f"{len(ids)} live objects carry the label {address}: {', '.join(ids)}",
                remedy="Delete the wrong ones at OpenAI, or remove the `reconciler-` keys from their metadata.",
                facts=ids,
            )


def unadopted(case: Case) -> Iterator[Objection]:
    """What was imported is live already: making it would make it twice."""
    nobodys = {live.id for live in case.matched.strangers if live.labels is None} if case.world.imported else set()
    for change in case.work:
        id_ = case.world.imported.get(Address.parse(change.address))
        if change.action == "create" and id_ in nobodys:
            yield Objection(
                address=change.address,
                action=change.action,
                message=f"it was imported from {id_}, which is live and nobody's: a second one would be made",
                remedy="Run `reconciler adopt` first, which takes it over as it is.",
                facts=[id_],
            )


def used_twin(case: Case) -> Iterator[Objection]:
    """The second object under an address is removed as nobody's. One that somebody uses is not."""
    twins = [(address, twin) for address, group in case.matched.twins.items() for twin in group if twin.type != FILE]
    users = _users(case.world, {twin.id for _, twin in twins})
    for address, twin in sorted(twins, key=lambda pair: (pair[0], pair[1].id)):
        if twin.id in users and case.world.in_scope(address):
            yield Objection(
                address=str(address),
                action="delete",
                message=f"{twin.id} is a second {address}, and {users[twin.id]} uses it",
                remedy=f"Point {users[twin.id]} at something else, or remove the `reconciler-` keys from {twin.id}.",
                facts=[twin.id, users[twin.id]],
            )


def _users(world: World, ids: Collection[str]) -> dict[str, str]:
    """For each of `ids` that is used, somebody who does."""
    everybody = chain(world.live, world.elsewhere) if ids else ()
    return {id_: f"{live.type} {live.id}" for live in everybody for id_ in live.refers_to if id_ in ids}
