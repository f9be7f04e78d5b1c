"""The rules: each says of one change what it risks, and looks no further than the change and what it reaches."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from reconciler.planning.before_after import before_after, resource_type_of
from reconciler.planning.changes import ADDRESS, KEEP, PROTECT
from reconciler.planning.guard.context import GuardContext
from reconciler.planning.guard.retired import brought
from reconciler.planning.model import Change
from reconciler.planning.risks.publishing import published
from reconciler.resources.address import Address
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import Hazard
from reconciler.resources.values import Fields

SOON: Final = timedelta(days=90)
"""Of a shutdown: OpenAI gives six months' notice of a model, and three of a variant."""
_PASSING: Final = ("-preview", "-latest")


def fields(case: GuardContext, change: Change) -> Iterator[Hazard]:
    """What the kind of the object says of its fields; of a new object, nobody has anything to lose."""
    resource_type = resource_type_of(case.inputs, case.matched, change)
    if resource_type is None or change.action not in {"update", "replace"}:
        return
    users = case.served.get(Address.parse(change.address))
    for hazard in of_fields(resource_type, *before_after(case.inputs, case.matched, change)):
        yield replace(hazard, used_by=str(users)) if users else hazard


def of_fields(resource_type: ResourceType, before: Fields, after: Fields) -> Iterator[Hazard]:
    """What it risks to make the one of the other."""
    yield from resource_type.risks(before, after)
    was, is_ = set(resource_type.models(before)), set(resource_type.models(after))
    if was - is_ and is_ - was:
        yield Hazard("model-changed", {"before": sorted(was - is_), "after": sorted(is_ - was)})


def retiring(case: GuardContext, change: Change) -> Iterator[Hazard]:
    """Models that it brings to users, or leaves with them, and that are shut down soon."""
    inputs = case.inputs
    for model in sorted(brought(case, change) & inputs.shutdowns.keys()):
        end = inputs.shutdowns[model]
        if inputs.today < end <= inputs.today + SOON:
            yield Hazard("model-retiring", {"model": model, "on": str(end), "days": (end - inputs.today).days})


def unpinned(case: GuardContext, change: Change) -> Iterator[Hazard]:
    """Models that it chooses, and that OpenAI exchanges for others without notice."""
    passing = {model for model in brought(case, change) if model.endswith(_PASSING)}
    resource_type = resource_type_of(case.inputs, case.matched, change)
    if passing and resource_type and change.action == "update":
        before, after = before_after(case.inputs, case.matched, change)
        passing &= set(resource_type.models(after)) - set(resource_type.models(before))
    if passing:
        yield Hazard("model-unpinned", {"models": sorted(passing)})


def lifecycle(_case: GuardContext, change: Change) -> Iterator[Hazard]:
    """What kept the object from going, and does no more."""
    for item in change.fields:
        if item.keys == PROTECT and item.live and not item.desired:
            yield Hazard("protection-removed")
        if item.keys == KEEP and item.live and not item.desired:
            yield Hazard("kept-no-longer")


def names(case: GuardContext, change: Change) -> Iterator[Hazard]:
    """Names and ids under which applications know the object."""
    for item in change.fields:
        former = Address.parse(str(item.live)) if item.keys == ADDRESS else None
        if former in case.inputs.pointers or former in case.inputs.published:
            yield Hazard("name-lost", {"before": item.live, "after": item.desired})
    live = case.matched.live.get(Address.parse(change.address))
    shared = live is not None and case.inputs.is_upload(live.type)
    if change.action == "replace" and not shared and change.id and "/" not in change.id:
        yield Hazard("id-changed", {"id": change.id})


def publication(case: GuardContext, change: Change) -> Iterator[Hazard]:
    """What the users of a chatbot get instead of what they have."""
    return published(case, change, of_fields)


RULES: Final[tuple[Callable[[GuardContext, Change], Iterator[Hazard]], ...]] = (
    fields,
    retiring,
    unpinned,
    publication,
    lifecycle,
    names,
)
