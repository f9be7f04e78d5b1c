"""Rules for ownership and protection: another OpenAI project, another owner, duplicates, `lifecycle.protect`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from reconciler.planning.announced import accounts_for
from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import applied_protection
from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Live
from reconciler.resources.values import JSON, strings_in


def another_project(context: GuardContext) -> Iterator[Violation]:
    """Refuse a key of another OpenAI project than that of project.yaml, that of the state, or the recorded one."""
    answered, recorded = context.inputs.openai_project, context.inputs.recorded
    pinned = context.inputs.pinned_project
    applied = (context.inputs.applied_project, recorded.openai_project if recorded else None)
    other = next((one for one in applied if one and one != answered), None)
    if answered and pinned and answered != pinned:
        where = context.inputs.identity.environment
        about: dict[str, JSON] = {"answered": answered, "pinned": pinned, **({"environment": where} if where else {})}
        yield _wrong_project(context, Cause("unpinned-project", about), facts=[answered, pinned])
    elif answered and other:
        cause = Cause("other-project", {"answered": answered, "applied": other})
        yield _wrong_project(context, cause, facts=[answered, other])


def nothing_found(context: GuardContext) -> Iterator[Violation]:
    """Refuse a plan if no object of the state is live and the API does not return the name of the project."""
    inputs = context.inputs
    known = sorted(applied.id for applied in inputs.applied.values() if applied.type not in inputs.outlet_types)
    if ((inputs.applied_project or inputs.pinned_project) and inputs.openai_project) or not known:
        return
    live = {live.id for live in inputs.live}
    if live.isdisjoint(known):
        yield _wrong_project(context, Cause("nothing-live", {"objects": len(known)}), facts=known)


def _wrong_project(context: GuardContext, cause: Cause, facts: list[str]) -> Violation:
    return Violation(
        address=f"project/{context.inputs.identity.project}",
        action="update",
        cause=cause,
        remedies=(Remedy("use-other-key"),),
        facts=facts,
    )


def foreign(context: GuardContext) -> Iterator[Violation]:
    """Refuse changes of objects in the state that carry the label of another identity."""
    for address, live in sorted(context.matched.foreign_owned.items()):
        owner = live.labels.identity if live.labels else ""
        if context.inputs.in_scope(address) and owner != str(context.inputs.identity):
            yield Violation(
                address=str(address),
                action="update",
                cause=Cause("foreign-owner", {"id": live.id, "owner": owner}),
                remedies=(Remedy("leave-to-owner", {"owner": owner, "address": str(address)}),),
                facts=[live.id, owner],
            )


def same_label(context: GuardContext) -> Iterator[Violation]:
    """Refuse changes of an address that several live objects have on their labels, unless unfinished creates account
    for all but one: a label can be copied. An adoption, which deletes nothing, may select one of them.
    """
    matched = context.matched
    for address in sorted({*matched.ambiguous, *matched.clones}) if not context.inputs.adopt else ():
        now = matched.now(address)
        if context.inputs.in_scope(now):
            known = matched.live.get(now) if address in matched.clones else None
            unproven = (*matched.ambiguous.get(address, ()), *matched.clones.get(address, ()))
            yield _same_label(context, now, known, sorted(unproven, key=lambda live: live.id))


def _same_label(context: GuardContext, address: Address, known: Live | None, unproven: Sequence[Live]) -> Violation:
    recorded, env = context.inputs.applied.get(address), context.of_environment
    objects = [known, *unproven] if known else unproven
    listed: list[JSON] = [
        {"id": live.id, "name": live.name, "in_state": recorded is not None and recorded.id == live.id}
        for live in objects
    ]
    ids, first = sorted(live.id for live in objects), unproven[0].id
    if known:
        clones = [live.id for live in unproven]
        ways = (
            Remedy("delete-or-unlabel", {"ids": clones}),
            Remedy("adopt-clone", {"kind": address.kind, "id": first, **env}),
        )
    else:
        ways = (Remedy("delete-or-unlabel"), Remedy("adopt-one", {"address": str(address), "id": first, **env}))
    return Violation(
        address=str(address),
        action="update",
        cause=Cause("same-label", {"address": str(address), "ids": ids, "objects": listed}),
        remedies=ways,
        facts=ids,
    )


def unadopted(context: GuardContext) -> Iterator[Violation]:
    """Refuse to create an object that a manifest was imported from and that is still live, unmanaged or managed by
    another project.
    """
    imported = context.inputs.imported
    unmanaged = {live.id: live for live in context.matched.unmanaged} if imported else {}
    for change in context.work:
        live = unmanaged.get(imported.get(Address.parse(change.address), ""))
        if change.action != "create" or live is None:
            continue
        if live.labels is None or context.inputs.is_mislabelled(live):
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("imported-unmanaged", {"id": live.id}),
                remedies=(Remedy("adopt-first", context.of_environment),),
                facts=[live.id],
            )
        elif context.inputs.is_of_another_project(live):
            owner = live.labels.identity
            yield Violation(
                address=change.address,
                action=change.action,
                cause=Cause("imported-foreign", {"id": live.id, "owner": owner}),
                remedies=(
                    Remedy("release-and-adopt", {"owner": owner, **context.of_environment}),
                    Remedy("forget-import", {"address": change.address}),
                ),
                facts=[live.id, owner],
            )


def undivided(context: GuardContext) -> Iterator[Violation]:
    """Refuse to create objects for an environment that the project manages since before it had environments."""
    inputs = context.inputs
    found = _created_again(context, inputs.of_undivided)
    if found:
        where = inputs.identity.environment
        yield Violation(
            address=f"project/{inputs.identity.project}",
            action="create",
            cause=Cause("undivided", {"identity": inputs.identity.project, "objects": _listed(found)}),
            remedies=(Remedy("divide", {"environment": where, "environments": list(inputs.environments) or [where]}),),
            facts=sorted(live.id for live in found.values()),
        )


def environments_removed(context: GuardContext) -> Iterator[Violation]:
    """Refuse to create objects that an environment manages which project.yaml does not have any longer: it lost all
    environments, or one was renamed.
    """
    inputs = context.inputs
    found = _created_again(context, inputs.of_removed_environments)
    if found:
        owners = {live.labels.identity for live in found.values() if live.labels}
        about: dict[str, JSON] = {"environments": sorted(Identity.parse(one).environment or "" for one in owners)}
        yield Violation(
            address=f"project/{inputs.identity.project}",
            action="create",
            cause=Cause("environments-removed", {**about, "objects": _listed(found)}),
            remedies=(Remedy("settle-environments", {**about, **context.of_environment}),),
            facts=sorted(live.id for live in found.values()),
        )


def _created_again(context: GuardContext, twins: Mapping[str, Live]) -> Mapping[str, Live]:
    """Return the objects of `twins`, by address, that the plan creates a second time, also under another name."""
    found: dict[str, Live] = {}
    for change in context.work if twins else ():
        if change.action == "create":
            desired = context.inputs.desired.get(Address.parse(change.address))
            former = desired.lifecycle.moved_from if desired else ()
            names = (change.address, *(str(Address(desired.address.kind, name)) for name in former if desired))
            found.update((change.address, twins[name]) for name in names if name in twins)
    return found


def _listed(found: Mapping[str, Live]) -> list[JSON]:
    return [{"address": address, "id": live.id, "name": live.name} for address, live in sorted(found.items())]


def label_only(context: GuardContext) -> Iterator[Violation]:
    """Refuse to manage an object that only its label assigns to an address, if the state has another object there that
    is not live any more: it may be a clone, made before the other one was deleted.
    """
    inputs, ends = context.inputs, {change.address: change for change in context.work if change.ends_id}
    for address, known in sorted(inputs.applied.items(), key=lambda item: item[0]):
        live = context.matched.live.get(address)
        if live is None or not inputs.is_labelled(live.type) or address in inputs.adopt:
            continue
        if not inputs.in_scope(address) or live.labels is None:
            continue
        if known.id != live.id and known.type == live.type and not accounts_for(inputs, address, None, live):
            about: dict[str, JSON] = {"id": live.id, "name": live.name, "known": known.id}
            yield Violation(
                address=str(address),
                action=ends[str(address)].action if str(address) in ends else "update",
                cause=Cause("label-only", {"address": str(address), **about}),
                remedies=(Remedy("delete-or-unlabel", {"ids": [live.id]}),),
                facts=[live.id, known.id],
            )


def used_duplicate(context: GuardContext) -> Iterator[Violation]:
    """Refuse to delete a duplicate that another object, a manifest or a published bundle uses."""
    duplicates = [(address, duplicate) for address, group in context.matched.duplicates.items() for duplicate in group]
    users = _users(context.inputs, {duplicate.id for _, duplicate in duplicates})
    for address, duplicate in sorted(duplicates, key=lambda pair: (pair[0], pair[1].id)):
        if duplicate.id in users and context.inputs.in_scope(address):
            about = {"id": duplicate.id, "user": users[duplicate.id]}
            yield Violation(
                address=str(address),
                action="delete",
                cause=Cause("duplicate-used", {"address": str(address), "name": duplicate.name, **about}),
                remedies=(Remedy("repoint-user", about),),
                facts=[duplicate.id, users[duplicate.id]],
            )


def _users(inputs: PlanInputs, ids: Collection[str]) -> dict[str, str]:
    """Return one user of each of `ids` that is used."""
    if not ids:
        return {}
    live = ((f"{one.type} {one.id}", one.refers_to) for one in chain(inputs.live, inputs.elsewhere))
    written = ((str(one.address), strings_in(dict(one.fields))) for one in inputs.desired.values())
    pointers = [*inputs.pointers.items(), *inputs.published.items()]
    published = ((str(address), one.ids.values()) for address, one in pointers)
    altered = ((address, copy) for address, one in pointers for copy in one.copies if copy.state == "tampered")
    copies = ((str(address), copy.ids) for address, copy in altered)
    strays = ((str(one.address), one.copy.ids) for one in inputs.strays)
    return {id_: user for user, held in chain(published, copies, strays, written, live) for id_ in held if id_ in ids}


def protected(context: GuardContext) -> Iterator[Violation]:
    """Refuse to remove or replace an object that the state or its label protects, whatever its manifest sets now."""
    replaced = {Address.parse(change.address): change for change in context.work if change.action == "replace"}
    for address, change in {**context.removals, **replaced}.items():
        if applied_protection(context.inputs.applied.get(address), context.matched.live.get(address)):
            yield Violation(
                address=str(address),
                action=change.action,
                cause=Cause("protected", {"address": str(address)}),
                remedies=(Remedy("unprotect", dict(context.of_removed_environment)),),
                facts=[change.id],
            )
