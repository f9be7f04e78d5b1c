"""Rules that return the risks of one change."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from reconciler.planning.before_after import before_after, resource_type_of
from reconciler.planning.changes import ADDRESS, KEEP, PROTECT
from reconciler.planning.guard.context import GuardContext
from reconciler.planning.guard.retired import brought, concerned
from reconciler.planning.model import CREATES, DESTROYS, Change
from reconciler.planning.publications import address_of
from reconciler.planning.release_retention import chatbot_of
from reconciler.planning.settings import is_settings_change, weaker_settings
from reconciler.planning.version_changes import moved_pointers
from reconciler.resources.address import RELEASE, Address, parsed, release_number
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import Hazard
from reconciler.resources.values import Fields

SOON: Final = timedelta(days=90)
"""Time before a shutdown in which it is a risk. OpenAI announces a shutdown six months before for a model, and three
months for a variant.
"""
OFTEN: Final = 15
"""Minutes between two runs of a schedule, on average, below which they are a risk."""
_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A day on which to look at schedules: how often they run is the same on others."""
_PASSING: Final = ("-preview", "-latest")


def fields(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the risks that the resource type finds in changed fields. A new object has no users yet."""
    resource_type = resource_type_of(context.inputs, context.matched, change)
    if resource_type is None or change.action not in {"update", "replace"}:
        return
    users = context.served.get(Address.parse(change.address))
    unchanged = _unchanged(context, change)
    before, after = before_after(context.inputs, context.matched, change)
    for hazard in of_fields(resource_type, {**unchanged, **before}, {**unchanged, **after}):
        yield replace(hazard, used_by=str(users)) if users else hazard


def _unchanged(context: GuardContext, change: Change) -> Fields:
    """Return the fields that an update leaves as they are. What a changed field means may depend on them."""
    live = context.matched.live.get(Address.parse(change.address))
    if live is None or change.action != "update":
        return {}
    changed = {item.keys[0] for item in change.fields}
    return {name: value for name, value in live.fields.items() if name not in changed}


def of_fields(resource_type: ResourceType, before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield the risks of a change from `before` to `after`."""
    yield from resource_type.risks(before, after)
    was, is_ = set(resource_type.models(before)), set(resource_type.models(after))
    if was - is_ and is_ - was:
        yield Hazard("model-changed", {"before": sorted(was - is_), "after": sorted(is_ - was)})


def retiring(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Models that it brings to users, or leaves with them, and that are shut down soon."""
    inputs = context.inputs
    for model in sorted(brought(context, change) & inputs.shutdowns.keys()):
        end = inputs.shutdowns[model]
        if inputs.today < end <= inputs.today + SOON:
            yield Hazard("model-retiring", {"model": model, "on": str(end), "days": (end - inputs.today).days})


def unpinned(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Models that it chooses, and that OpenAI exchanges for others without notice."""
    passing = {model for model in brought(context, change) if model.endswith(_PASSING)}
    resource_type = resource_type_of(context.inputs, context.matched, change)
    if passing and resource_type and change.action == "update":
        before, after = before_after(context.inputs, context.matched, change)
        passing &= set(resource_type.models(after)) - set(resource_type.models(before))
    if passing:
        yield Hazard("model-unpinned", {"models": sorted(passing)})


def refused(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the parameters that it brings to users and that their model refuses."""
    inputs = context.inputs
    for part in sorted(set(concerned(context, change))):
        desired = inputs.desired.get(part)
        if desired is not None:
            sent = {**desired.fields, **desired.unreadable}
            known = inputs.resource_types[desired.type].refused(sent, inputs.refused_parameters)
            for hazard in known:
                yield hazard if str(part) == change.address else replace(hazard, part=str(part))


def lifecycle(_context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the protections of the object that the change removes."""
    for item in change.fields:
        if item.keys == PROTECT and item.live and not item.desired:
            yield Hazard("protection-removed")
        if item.keys == KEEP and item.live and not item.desired:
            yield Hazard("kept-no-longer")


def names(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Names and ids under which applications know the object."""
    for item in change.fields:
        former = parsed(str(item.live)) if item.keys == ADDRESS else None
        if former in context.inputs.pointers and not _is_published(context, change):
            yield Hazard("name-lost", {"before": item.live, "after": item.desired})
    live = context.matched.live.get(Address.parse(change.address))
    shared = live is not None and context.inputs.is_upload(live.type)
    if change.action == "replace" and change.ends_id and not shared and change.id and "/" not in change.id:
        yield Hazard("id-changed", {"id": change.id})


def _is_published(context: GuardContext, change: Change) -> bool:
    found = (context.withdrawn.get((change.address, action), ()) for action in {change.action, "publish"})
    return any(one.release is not None for one in chain.from_iterable(found))


def publication(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the risks of publishing another release of a chatbot."""
    return published(context, change, of_fields)


def withdrawal(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the published names that the change withdraws. An assistant under a new name is a lost name."""
    found = context.withdrawn.get((change.address, change.action), ())
    for one in found:
        if not (one.outlet or one.identity) and (one.release is not None or one.now is None):
            release = {"release": str(one.release)} if one.release else {}
            now = {"now": str(one.now)} if one.now else {}
            yield Hazard("publication-withdrawn", {"name": str(one.name), **release, **now})
    names = [str(one.name) for one in found if one.outlet or one.identity]
    if names:
        where = {"outlet": found[0].outlet} if found[0].outlet else {"identity": str(found[0].identity)}
        yield Hazard("publication-withdrawn", {**where, "names": names})


def settings(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the settings of the project by which the guard refuses less after the plan."""
    if is_settings_change(change):
        weaker = weaker_settings(change, len({live.id for live in context.matched.live.values()}))
        if weaker:
            yield Hazard("guard-weakened", {"settings": weaker})


def environment(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield an environment that the project no longer has, and that publishes no names, which are other risks."""
    for identity, names in context.inputs.removed_identities.items():
        if not names and change.action == "forget" and change.address == str(address_of(context.inputs, identity)):
            yield Hazard("guard-weakened", {"settings": [f"environments.{identity.environment}"]})


def secrets(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield the delete of an object that has secrets, or with which objects that have some are deleted."""
    resource_type = resource_type_of(context.inputs, context.matched, change)
    if resource_type is not None and change.action == "delete" and change.id:
        inside = (live for live, _ in context.inputs.children({change.id}))
        if resource_type.secret or any(context.inputs.resource_types[live.type].secret for live in inside):
            yield Hazard("secret-deleted")


def retention(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield a release that is archived for another reason than the number that its chatbot keeps."""
    address, codes = Address.parse(change.address), {reason.code for reason in change.reasons}
    if address.kind == RELEASE and change.action in DESTROYS and "release-limit" not in codes:
        inputs = context.inputs
        chatbot = chatbot_of(inputs, address)
        destroyed = {"destroyed": True} if inputs.destroys is not None else {}
        yield Hazard("rollback-lost", {"publisher": str(chatbot), "number": release_number(address), **destroyed})


def schedule(context: GuardContext, change: Change) -> Iterator[Hazard]:
    """Yield a schedule that is new or changed, and whose runs are only minutes apart."""
    resource_type = resource_type_of(context.inputs, context.matched, change)
    if resource_type is None or not (change.action in CREATES or change.action == "update"):
        return
    unchanged = _unchanged(context, change)
    sides = before_after(context.inputs, context.matched, change)
    before, after = (resource_type.runs({**unchanged, **fields}, _ANY_DAY) for fields in sides)
    if len(after) > 1 and (change.action in CREATES or before != after):
        first, *_, last = map(datetime.fromisoformat, after)
        minutes = (last - first) / timedelta(minutes=1) / (len(after) - 1)
        if minutes < OFTEN:
            yield Hazard("runs-often", {"minutes": max(1, round(minutes))})


RULES: Final[tuple[Callable[[GuardContext, Change], Iterator[Hazard]], ...]] = (
    fields,
    retiring,
    unpinned,
    refused,
    publication,
    withdrawal,
    lifecycle,
    names,
    settings,
    environment,
    secrets,
    retention,
    schedule,
)


Compare = Callable[[ResourceType, Fields, Fields], Iterator[Hazard]]


def published(context: GuardContext, change: Change, compare: Compare) -> Iterator[Hazard]:
    """Yield the risks of publishing another release: the differences of its parts. A first release has none."""
    for before, after in moved_pointers(context.inputs, change):
        numbers = {"before": release_number(before), "after": release_number(after)}
        yield Hazard("published-version-changed", numbers)
        if _was_rolled_back(context, change, after):
            yield Hazard("rolled-back-release", numbers)
        yield from _parts(context, before, after, compare)


def _was_rolled_back(context: GuardContext, change: Change, release: Address) -> bool:
    """Return True if an older release replaced this one, and it was not published since. Releases of a renamed chatbot
    may have another name in the state.
    """
    applied = context.inputs.applied.get(Address.parse(change.address))
    former = map(Address.parse, applied.rolled_back if applied else ())
    return release_number(release) in map(release_number, former)


def _parts(context: GuardContext, before: Address, after: Address, compare: Compare) -> Iterator[Hazard]:
    """Copy by copy, those that were made of one working object, whatever it was called then."""
    old, new = _by_family(context, before), _by_family(context, after)
    for family in sorted(old.keys() & new.keys() - {before.family}):
        desired = context.inputs.desired.get(new[family])
        was, becomes = _fields(context, old[family]), _fields(context, new[family])
        if desired is not None and was is not None and becomes is not None and old[family] != new[family]:
            for hazard in compare(context.inputs.resource_types[desired.type], was, becomes):
                yield replace(hazard, part=str(family))


def _by_family(context: GuardContext, release: Address) -> dict[Address, Address]:
    known = context.inputs.releases.get(release)
    return {context.matched.family(part): part for part in sorted(known.parts)} if known else {}


def _fields(context: GuardContext, address: Address) -> Fields | None:
    """Return the fields of a copy, with references under their present names."""
    desired, applied = context.matched.sides(context.inputs, address)
    known = desired or applied
    if known is None or not context.matched.former:
        return known.fields if known else None
    return context.inputs.resource_types[known.type].rename(known.fields, context.matched.copy_now)
